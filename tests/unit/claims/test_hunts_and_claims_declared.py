"""`[[hunts]]` and `[[claims]]` in a thresholds file: read, or refused with the line and the remedy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from robustness.claims.declare import DeclaredClaim
from robustness.errors import RobustnessError
from robustness.hunts.declare import Hunt
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.noise import KINDS, PRESETS, Clean, Gaussian, Periodic, SaltAndPepper

HEAD = """\
schema = 1

[run]
data = "signs"

[models.one]
load = "baseline-cnn"
weights = "signs"

[models.two]
load = "small-resnet"
weights = "signs"

[[limits]]
models = ["one"]
noise = "clean"
accuracy = 0.9

"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "thresholds.toml").write_text(HEAD + text)
        return read_thresholds(tmp_path / "thresholds.toml")

    return read


def refusal(read, text):
    with pytest.raises(RobustnessError) as caught:
        read(text)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def hunt(**changed):
    keys = {"models": '["one"]', "safe": "{ gaussian = 3 }", "budget": "0.05"} | changed
    return "[[hunts]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)


def claim(**changed):
    keys = {"says": '"breaks"', "models": '["one"]', "expected": '"supported"', "noise": '"gaussian"', "sigma": "[5, 50]"}
    keys |= {"of_clean": "0.9"} | changed
    return "[[claims]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)


def patterns(**changed):
    keys = {"says": '"patterns-differ"', "noise": None, "sigma": None, "of_clean": None}
    return claim(**(keys | {"noises": '["gaussian", "salt-and-pepper"]', "psnr": "20"} | changed))


def outperforms(**changed):
    more = "".join(f'[models.{name}]\nload = "baseline-cnn"\nweights = "signs"\n' for name in ("three", "four"))
    keys = {"says": '"outperforms"', "noise": None, "sigma": None, "of_clean": None, "noises": '["clean", "paper"]'}
    return claim(**(keys | {"models": '["one", "two"]', "over": '["three", "four"]'} | changed)) + more


def test_a_hunt_is_one_for_each_model_with_its_noises_at_their_highest(read):
    one, two = read(hunt(models='["one", "two"]', safe="{ gaussian = 3, periodic = 0.01 }", images="100")).of(Hunt)
    assert (one.model, two.model) == ("one", "two")
    assert one.safe == (Gaussian(3), Periodic(0.01))
    assert (one.budget, one.images, one.place) == (Decimal("0.05"), 100, "thresholds.toml:19")
    assert str(one) == "one-gaussian+periodic"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"models": '["on"]'}, "hunts[0].models[0]: unknown model 'on': did you mean 'one'?"),
        ({"safe": "{ gausian = 3 }"}, "safe.gausian: no built-in noise that grows from nothing: did you mean 'gaussian'?"),
        ({"safe": "{ clean = 3 }"}, "safe.clean: no built-in noise that grows from nothing"),
        ({"safe": "{ gaussian = 0 }"}, "gaussian(sigma=0) changes not one pixel in a million: nothing would be hunted"),
        ({"safe": "{ gaussian = -3 }"}, "gaussian: sigma lies between 0 and 2550, not -3"),
        ({"safe": "{ resolution = 1 }"}, "resolution(factor=1) changes not one pixel in a million"),
        ({"safe": "{}"}, "safe: empty"),
        ({"safe": None}, "hunts[0].safe: missing"),
        ({"budget": "1.5"}, "hunts[0].budget: input should be less than or equal to 1, not 1.5"),
        (
            {"safe": "{ gaussian = 1e-300 }"},
            "gaussian(sigma=1e-300) changes not one pixel in a million: nothing would be hunted",
        ),
        ({"safe": "{ gaussian = 0.11 }"}, "gaussian(sigma=0.11) changes not one pixel in a million"),
        ({"safe": "{ speckle = 0.0004 }"}, "speckle(sigma=0.0004) changes not one pixel in a million"),
        ({"safe": "{ shot = 1e-6 }"}, "shot(gain=1e-06) changes not one pixel in a million"),
        ({"safe": "{ salt-and-pepper = 1e-7 }"}, "salt-and-pepper(amount=1e-07) changes not one pixel in a million"),
        ({"safe": "{ periodic = 0.001 }"}, "periodic(amplitude=0.001) changes not one pixel in a million"),
        ({"safe": "{ offset = 0.49 }"}, "offset(levels=0.49) changes not one pixel in a million"),
        ({"safe": "{ resolution = 1.0001 }"}, "resolution(factor=1.0001) changes not one pixel in a million"),
        ({"budget": "1"}, "hunts[0].budget: 1 allows every prediction to change, so no hunt could find anything"),
        ({"budget": None}, "hunts[0].budget: missing"),
        ({"images": "0"}, "hunts[0].images: input should be greater than or equal to 1, not 0"),
        ({"budgt": "0.1"}, "hunts[0].budgt: unknown key: did you mean 'budget'?"),
    ],
)
def test_a_hunt_that_cannot_be_run_is_refused_with_its_line(read, changed, said):
    (problem,) = refusal(read, hunt(**changed))
    assert said in problem
    assert problem.startswith("thresholds.toml:")


def test_a_little_noise_that_changes_something_may_be_declared_safe(read):
    least = "gaussian = 0.12, speckle = 0.0005, shot = 0.002, impulse = 1e-6, periodic = 0.0015, offset = -0.51"
    assert len(read(hunt(safe=f"{{ {least}, resolution = 1.01 }}")).of(Hunt)[0].safe) == 7


def test_one_hunt_twice_is_a_slip(read):
    (problem,) = refusal(read, hunt() + hunt(budget="0.1"))
    assert problem == "thresholds.toml:23: hunts[1]: one-gaussian is hunted twice, first at thresholds.toml:19"


def test_a_claim_about_one_model_is_one_for_each(read):
    one, two = read(claim(models='["one", "two"]', of_clean="0.90")).of(DeclaredClaim)
    assert (one.models, two.models) == (("one",), ("two",))
    assert one.noises == (Gaussian(5), Gaussian(50))
    assert (one.of_clean, one.expected, one.negligible) == (Decimal("0.9"), "supported", Decimal("0.01"))
    assert str(one) == "one-breaks-gaussian"


def test_patterns_stand_at_the_highest_magnitude_that_is_tried(read):
    (one,) = read(patterns(noises='["periodic(frequency=0.05)", "salt-and-pepper"]')).of(DeclaredClaim)
    assert one.noises == (Periodic(2, frequency=0.05), SaltAndPepper(1))
    assert (one.metric, one.target) == ("psnr", 20)
    assert str(one) == "one-patterns-differ-psnr=20"


def test_an_order_is_of_several_models_at_once(read):
    (both,) = read(patterns(says='"order-differs"', models='["one", "two"]', psnr=None, ssim="0.8")).of(DeclaredClaim)
    assert (both.models, both.metric) == (("one", "two"), "ssim")


def test_trainings_are_held_against_others_under_all_noises_of_a_preset(read):
    (claimed,) = read(outperforms()).of(DeclaredClaim)
    assert (claimed.models, claimed.over) == (("one", "two"), ("three", "four"))
    assert claimed.named == ("one", "two", "three", "four")
    assert claimed.noises == (Clean(), *PRESETS["paper"])
    assert str(claimed) == "one+two-outperforms-three+four"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            claim(says='"brakes"'),
            "'brakes' is not 'breaks', 'patterns-differ', 'order-differs', 'more-noise-never-helps' or 'outperforms'",
        ),
        (claim(expected='"true"'), "'true' is not 'supported', 'refuted' or 'undecided'"),
        (claim(expected=None), "claims[0].expected: missing"),
        (claim(models='["three"]'), "unknown model 'three'"),
        (claim(of_clean=None), "breaks needs of_clean"),
        (claim(of_clean="0"), "claims[0].of_clean: input should be greater than 0, not 0"),
        (claim(negligible="0.1"), "breaks has no use for negligible"),
        (
            patterns(says='"order-differs"', models='["one", "two"]', negligible="0.1"),
            "order-differs has no use for negligible",
        ),
        (claim(noise=None), "breaks needs noise"),
        (claim(sigma=None), "breaks needs exactly two values of sigma, from weak to strong, in a list"),
        (claim(sigma="[5, 25, 50]"), "breaks needs exactly two values"),
        (claim(sigma="50"), "breaks needs exactly two values"),
        (claim(sigma="[50, 5]"), "sigma goes from weak to strong, not [50, 5]"),
        (claim(psnr="20"), "breaks has no use for psnr and ssim"),
        (claim(noises='["gaussian", "periodic"]'), "breaks has no use for noises"),
        (claim(amplitude="[1, 2]"), "claims[0].amplitude: unknown key"),
        (claim(noise='"clean"', sigma=None), "clean is not one built-in noise that grows from nothing"),
        (claim(noise='"paper"', sigma=None), "paper is not one built-in noise"),
        (claim(noise='"gausian"'), "unknown noise 'gausian'"),
        (claim(says='"more-noise-never-helps"'), "more-noise-never-helps has no use for of_clean"),
        (claim(says='"more-noise-never-helps"', of_clean=None, sigma="[5]"), "needs at least two values of sigma"),
        (patterns(psnr=None), "needs psnr in dB, or else ssim"),
        (patterns(ssim="0.8"), "needs psnr in dB, or else ssim"),
        (patterns(noises='["gaussian"]'), "patterns-differ compares noises, so it needs two or more of them"),
        (patterns(noises="[]"), "claims[0].noises: empty: nothing would be measured"),
        (outperforms(models='["one"]'), "it needs two models or more on either side"),
        (outperforms(over='["three"]'), "claims[0].over"),
        (outperforms(over='["three", "two"]'), "two is held against itself"),
        (outperforms(over='["three", "fuor"]'), "claims[0].over[1]: unknown model 'fuor'"),
        (outperforms(over=None), "outperforms needs over"),
        (outperforms(noises=None), "outperforms needs noises"),
        (outperforms(noises='["paper", "gaussian(sigma=25)"]'), "noises holds one twice"),
        (outperforms(noises='["papper"]'), "unknown noise 'papper'"),
        (outperforms(psnr="20"), "outperforms has no use for psnr and ssim"),
        (outperforms(of_clean="0.5"), "outperforms has no use for of_clean"),
        (outperforms(sigma="5"), "unknown key 'sigma'"),
        (claim(over='["one", "two"]'), "breaks has no use for over"),
        (patterns(noises='["gaussian", "gaussian"]'), "noises holds one twice"),
        (patterns(noises='["gaussian(sigma=5)", "periodic"]'), "leave sigma out, it is what the distortion decides"),
        (patterns(noises='["gaussian", "mist"]'), "mist is not one built-in noise"),
        (patterns(sigma="3"), "unknown key 'sigma'"),
        (patterns(says='"order-differs"'), "order-differs speaks of two models or more"),
        (claim() + claim(expected='"refuted"'), "one-breaks-gaussian is claimed twice, first at thresholds.toml:19"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused_with_its_line(read, text, said):
    (problem,) = refusal(read, text)
    assert said in problem
    assert problem.startswith("thresholds.toml:")


def test_with_claims_or_flips_the_images_dependence_may_be_declared_without_a_claim_about_the_population(read, tmp_path):
    with_effect = HEAD.replace('data = "signs"', 'data = "signs"\ndesign_effect = 9')
    (tmp_path / "thresholds.toml").write_text(with_effect + claim())
    assert read_thresholds(tmp_path / "thresholds.toml").scope.design_effect == 9
    (tmp_path / "thresholds.toml").write_text(with_effect + LIMIT + 'noise = "gaussian"\nsigma = 3\nmax_flips = 0.1')
    assert read_thresholds(tmp_path / "thresholds.toml").scope.design_effect == 9
    (tmp_path / "thresholds.toml").write_text(with_effect + hunt())
    with pytest.raises(RobustnessError, match="has no meaning for the test set itself"):
        read_thresholds(tmp_path / "thresholds.toml")


LIMIT = '[[limits]]\nmodels = ["one"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('noise = "clean"\nmax_flips = 0.1', "clean is not one built-in noise that grows from nothing"),
        ('noise = "paper"\nmax_flips = 0.1', "paper is not one built-in noise"),
        ('noise = "gaussian"\nsigma = 3\nmax_flips = 2', "lies outside 0..1"),
        (
            'noise = "gaussian"\nsigma = [3, 0]\nmax_flips = 0.1',
            "gaussian(sigma=0) changes not one pixel in a million: nothing could flip",
        ),
        (
            'noise = "offset"\nlevels = 0.3\nmax_flips = 0.1',
            "offset(levels=0.3) changes not one pixel in a million: nothing could flip",
        ),
        (
            'noise = "gaussian"\nbreak_point = 0\nof_clean = 0.5',
            "gaussian(sigma=0) changes not one pixel in a million: nothing could break",
        ),
        ('noise = "gaussian"\nbreak_point = 5\nof_clean = 0', "limits[1].of_clean: input should be greater than 0, not 0"),
        ('noise = "gaussian"\nsigma = 3\nworst_band = 0.5', 'speaks of waves: it goes with noise = "periodic"'),
        ('noise = "periodic"\namplitude = [0.1, 9]\nworst_band = 0.5', "worst_band goes with an amplitude above 0 and up to 2"),
        ('noise = "periodic"\namplitude = 0\nworst_band = 0.5', "worst_band goes with an amplitude above 0 and up to 2"),
        (
            'noise = "periodic"\namplitude = 0.1\nphase = 30\nworst_band = 0.5',
            "worst_band goes through all of them: leave it out",
        ),
    ],
)
def test_limits_on_flips_and_bands_that_mean_nothing_are_refused(read, text, said):
    (problem,) = refusal(read, LIMIT + text)
    assert said in problem


def names(promises):
    return [str(promise) for promise in promises]


def test_hunts_of_the_same_kinds_are_told_apart_by_what_differs(read):
    wide = hunt(safe="{ gaussian = 5, periodic = 0.01 }")
    near = hunt(safe="{ gaussian = 0.5, periodic = 0.01 }", images="100", budget="0.01")
    other = hunt(models='["two"]')
    assert names(read(wide + near + other).of(Hunt)) == [
        "one-gaussian+periodic-gaussian=5-images=256",
        "one-gaussian+periodic-gaussian=0.5-images=100",
        "two-gaussian",
    ]


BREAKS, NEVER_HELPS = {"noise": '"gaussian"'}, {"says": '"more-noise-never-helps"', "of_clean": None}


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (claim(), claim(of_clean="0.5"), ["one-breaks-gaussian-of_clean=0.9", "one-breaks-gaussian-of_clean=0.5"]),
        (
            claim(),
            claim(sigma="[50, 51.5]", expected='"refuted"'),
            ["one-breaks-gaussian-sigma=5,50", "one-breaks-gaussian-sigma=50,51.5"],
        ),
        (
            claim(**NEVER_HELPS),
            claim(**NEVER_HELPS, sigma="[5, 6, 7]", negligible="0.1"),
            [
                "one-more-noise-never-helps-gaussian-sigma=5,50-negligible=0.01",
                "one-more-noise-never-helps-gaussian-sigma=5,6,7-negligible=0.1",
            ],
        ),
        (
            patterns(),
            patterns(noises='["periodic(frequency=0.05)", "gaussian"]'),
            [
                "one-patterns-differ-psnr=20-noises=gaussian,salt-and-pepper",
                "one-patterns-differ-psnr=20-noises=gaussian,periodic(frequency=0.05)",
            ],
        ),
        (patterns(), patterns(psnr="20.0000001"), ["one-patterns-differ-psnr=20", "one-patterns-differ-psnr=20.0000001"]),
        (claim(), claim(noise='"speckle"', sigma="[1, 2]"), ["one-breaks-gaussian", "one-breaks-speckle"]),
    ],
)
def test_claims_of_the_same_kind_are_told_apart_by_what_differs(read, first, second, wanted):
    assert names(read(first + second).of(DeclaredClaim)) == wanted


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (hunt(), hunt(budget="0.1"), "one-gaussian is hunted twice"),
        (claim(), claim(of_clean="0.90"), "one-breaks-gaussian is claimed twice"),
        (
            claim() + claim(of_clean="0.5"),
            claim(expected='"refuted"'),
            "one-breaks-gaussian-of_clean=0.9 is claimed twice, first at thresholds.toml:19",
        ),
        (patterns(), patterns(noises='["salt-and-pepper", "gaussian"]'), "one-patterns-differ-psnr=20 is claimed twice"),
    ],
)
def test_what_says_the_same_is_still_a_slip(read, first, second, said):
    (problem,) = refusal(read, first + second)
    assert said in problem


def test_limits_of_the_same_levels_ends_are_told_apart_by_what_differs(read):
    table = LIMIT + 'noise = "gaussian"\n'
    breaks = [table + f"break_point = 20\nof_clean = {share}\n" for share in (0.9, 0.5)]
    rises = [table + f"sigma = {levels}\nmonotone = 0\n" for levels in ([5, 25, 50], [5, 50])]
    errors = [table + f'sigma = 5\nmean_error = 1.5\nreference = "{name}"\n' for name in ("one", "two")]
    assert names(read("".join(breaks + rises + errors)).of(Limit)[1:]) == [
        "one-gaussian(sigma=2) to gaussian(sigma=20)-break_point-of_clean=0.9",
        "one-gaussian(sigma=2) to gaussian(sigma=20)-break_point-of_clean=0.5",
        "one-gaussian(sigma=5) to gaussian(sigma=50)-monotone-levels=5,25,50",
        "one-gaussian(sigma=5) to gaussian(sigma=50)-monotone-levels=5,50",
        "one-gaussian(sigma=5) to gaussian(sigma=5)-mean_error-reference=one",
        "one-gaussian(sigma=5) to gaussian(sigma=5)-mean_error-reference=two",
    ]


def test_a_distortion_of_every_kind_that_grows_is_looked_for_within_its_range():
    for kind in (kind for kind in KINDS.values() if kind.magnitude and kind.identity is not None):
        assert kind.identity < kind.highest <= kind.ranges[str(kind.magnitude)][1]
