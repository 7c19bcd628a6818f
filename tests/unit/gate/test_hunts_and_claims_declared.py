"""`[[hunts]]` and `[[claims]]` in a thresholds file: read, or refused with the line and the remedy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from robustness.errors import RobustnessError
from robustness.gate.thresholds import read_thresholds
from robustness.noise import Gaussian, Periodic, SaltAndPepper

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


def test_a_hunt_is_one_for_each_model_with_its_noises_at_their_highest(read):
    one, two = read(hunt(models='["one", "two"]', safe="{ gaussian = 3, periodic = 0.01 }", images="100")).hunts
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
        ({"safe": "{ gaussian = 0 }"}, "gaussian(sigma=0) is no noise at all: nothing would be hunted"),
        ({"safe": "{ gaussian = -3 }"}, "gaussian: sigma lies between 0 and 2550, not -3"),
        ({"safe": "{ resolution = 1 }"}, "is no noise at all"),
        ({"safe": "{}"}, "safe: empty"),
        ({"safe": None}, "hunts[0].safe: missing"),
        ({"budget": "1.5"}, "hunts[0].budget: input should be less than or equal to 1, not 1.5"),
        ({"budget": None}, "hunts[0].budget: missing"),
        ({"images": "0"}, "hunts[0].images: input should be greater than or equal to 1, not 0"),
        ({"budgt": "0.1"}, "hunts[0].budgt: unknown key: did you mean 'budget'?"),
    ],
)
def test_a_hunt_that_cannot_be_run_is_refused_with_its_line(read, changed, said):
    (problem,) = refusal(read, hunt(**changed))
    assert said in problem
    assert problem.startswith("thresholds.toml:")


def test_one_hunt_twice_is_a_slip(read):
    (problem,) = refusal(read, hunt() + hunt(budget="0.1"))
    assert problem == "thresholds.toml:23: hunts[1]: one-gaussian is hunted twice, first at thresholds.toml:19"


def test_a_claim_about_one_model_is_one_for_each(read):
    one, two = read(claim(models='["one", "two"]', of_clean="0.90")).claims
    assert (one.models, two.models) == (("one",), ("two",))
    assert one.noises == (Gaussian(5), Gaussian(50))
    assert (one.of_clean, one.expected, one.negligible) == (Decimal("0.9"), "supported", Decimal("0.01"))
    assert str(one) == "one-breaks-gaussian"


def test_patterns_stand_at_the_highest_magnitude_that_is_tried(read):
    (one,) = read(patterns(noises='["periodic(frequency=0.05)", "salt-and-pepper"]')).claims
    assert one.noises == (Periodic(2, frequency=0.05), SaltAndPepper(1))
    assert (one.metric, one.target) == ("psnr", 20)
    assert str(one) == "one-patterns-differ-psnr=20"


def test_an_order_is_of_several_models_at_once(read):
    (both,) = read(patterns(says='"order-differs"', models='["one", "two"]', psnr=None, ssim="0.8")).claims
    assert (both.models, both.metric) == (("one", "two"), "ssim")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (claim(says='"brakes"'), "'brakes' is not 'breaks', 'patterns-differ', 'order-differs' or 'more-noise-never-helps'"),
        (claim(expected='"true"'), "'true' is not 'supported', 'refuted' or 'undecided'"),
        (claim(expected=None), "claims[0].expected: missing"),
        (claim(models='["three"]'), "unknown model 'three'"),
        (claim(of_clean=None), "breaks needs of_clean"),
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
        (patterns(noises='["gaussian"]'), "claims[0].noises"),
        (patterns(noises='["gaussian", "gaussian"]'), "noises holds one twice"),
        (patterns(noises='["gaussian(sigma=5)", "periodic"]'), "leave sigma out, it is what the distortion decides"),
        (patterns(noises='["gaussian", "fog"]'), "fog is not one built-in noise"),
        (patterns(sigma="3"), "unknown key 'sigma'"),
        (patterns(says='"order-differs"'), "order-differs speaks of two models or more"),
        (claim() + claim(expected='"refuted"'), "one-breaks-gaussian is claimed twice, first at thresholds.toml:19"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused_with_its_line(read, text, said):
    (problem,) = refusal(read, text)
    assert said in problem
    assert problem.startswith("thresholds.toml:")


def test_with_claims_the_images_dependence_may_be_declared_without_a_claim_about_the_population(read, tmp_path):
    with_effect = HEAD.replace('data = "signs"', 'data = "signs"\ndesign_effect = 9')
    (tmp_path / "thresholds.toml").write_text(with_effect + claim())
    assert read_thresholds(tmp_path / "thresholds.toml").claim.design_effect == 9
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
