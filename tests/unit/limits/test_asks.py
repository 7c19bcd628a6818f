"""What `[[limits]]` may ask beside accuracy, as thresholds.toml spells it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.noise import Clean

HEAD = """schema = 1
[run]
data = "signs"
{run}
[models.net]
load = "baseline-cnn"
weights = "signs"
[models.old]
load = "small-resnet"
weights = "signs"
[[limits]]
models = ["net"]
"""


def read(tmp_path, table, run=""):
    file = tmp_path / "thresholds.toml"
    file.write_text(HEAD.format(run=run) + table)
    return read_thresholds(file)


def beside_accuracy(tmp_path, table):
    """The limits of a table that a dead network may keep, beside one that it breaks."""
    alive = '\n[[limits]]\nmodels = ["net"]\nnoise = "impulse"\namount = 0.01\naccuracy = 0.5\n'
    return [limit for limit in read(tmp_path, table + alive).of(Limit) if limit.noise.kind != "impulse"]


def subjects(tmp_path, table, run=""):
    return [limit.subject for limit in read(tmp_path, table, run).of(Limit)]


def test_things_asked_of_a_level_stand_side_by_side(tmp_path):
    found = subjects(tmp_path, 'noise = "gaussian"\nsigma = [5, 10]\naccuracy = 0.5\nrelative = [0.9, 0.8]\nworst_class = 0.1')
    assert found == [f"gaussian(sigma={s}){asks}" for s in (5, 10) for asks in ("", "-relative", "-worst_class")]


def test_seeds_and_classes_make_limits_of_their_own(tmp_path):
    limits = beside_accuracy(tmp_path, 'noise = "clean"\naccuracy = 0.5\nseeds = [3, 4]\nclasses = ["Stop", "No entry"]')
    assert [(limit.seed, limit.classes, limit.is_plain) for limit in limits] == [
        (3, ("Stop", "No entry"), False),
        (4, ("Stop", "No entry"), False),
    ]
    assert [limit.subject for limit in limits] == ["clean-stop_no_entry-seed3", "clean-stop_no_entry-seed4"]


def test_monotone_speaks_of_levels_from_weak_to_strong(tmp_path):
    (limit,) = beside_accuracy(tmp_path, 'noise = "offset"\nlevels = [-90, 30, -60]\nmonotone = 0.01')
    assert [noise.level for noise in limit.levels] == [30, -60, -90]


def test_a_break_point_is_measured_on_the_way_to_it(tmp_path):
    (limit,) = beside_accuracy(tmp_path, 'noise = "resolution"\nbreak_point = 3\nof_clean = 0.9')
    assert [noise.level for noise in limit.levels] == [1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4, 2.6, 2.8, 3]
    assert (limit.required, limit.of_clean, limit.subject) == (
        Decimal(3),
        Decimal("0.9"),
        "resolution(factor=1.2) to resolution(factor=3)-break_point",
    )


def test_levels_tell_limits_apart_that_begin_and_end_alike(tmp_path):
    table = 'noise = "gaussian"\nsigma = [5, 10]\nmonotone = 0\n'
    more = f'[[limits]]\nmodels = ["net"]\n{table.replace("5, 10", "5, 7.5, 10")}'
    whole = "gaussian(sigma=5) to gaussian(sigma=10)-monotone"
    assert [limit.subject for limit in beside_accuracy(tmp_path, table)] == [whole]
    both = [limit.subject for limit in beside_accuracy(tmp_path, table + more)]
    assert both == [f"{whole}-levels=5,10", f"{whole}-levels=5,7.5,10"]


def test_mean_error_takes_a_preset_and_a_reference(tmp_path):
    (limit,) = beside_accuracy(tmp_path, 'noise = "cifar-c"\nmean_error = 1.1\nreference = "old"')
    assert (len(limit.levels), limit.reference, limit.subject) == (20, "old", "20 noises-mean_error")


def test_mean_error_may_be_asked_without_noise(tmp_path):
    (limit,) = beside_accuracy(tmp_path, 'noise = "clean"\nmean_error = 1.1\nreference = "old"')
    assert (limit.levels, str(limit)) == ((Clean(),), "net-clean to clean-mean_error")


def test_a_model_is_to_say_what_its_source_says_and_may_differ_nowhere_where_no_share_is_given(tmp_path):
    first, second = beside_accuracy(tmp_path, 'noise = "gaussian"\nsigma = [0, 25]\nsame_as = "old"')
    assert (first.asks, first.required, first.reference) == ("max_differences", Decimal(0), "old")
    assert (second.subject, second.place) == ("gaussian(sigma=25)-max_differences", "thresholds.toml:14")
    shares = 'noise = "gaussian"\nsigma = [0, 25]\nsame_as = "old"\nmax_differences = [0, 0.001]'
    assert [limit.required for limit in beside_accuracy(tmp_path, shares)] == [Decimal("0"), Decimal("0.001")]


CLAIMS = 'claim = "population"\nconfidence = 0.99\ndesign_effect = 4.0\nmode = "early"\ninconclusive = "warn"'


def test_two_names_of_one_network_are_not_compared(tmp_path):
    alike = '[models.copy]\nload = "baseline-cnn"\nweights = "signs"\n'
    with pytest.raises(RobustnessError, match=r"toml:14: limits\[0\].same_as: copy and net are declared alike"):
        read(tmp_path, f'noise = "clean"\nsame_as = "copy"\n{alike}')


def test_the_run_says_what_limits_claim(tmp_path):
    thresholds = read(tmp_path, 'noise = "clean"\naccuracy = 0.5', CLAIMS)
    claim = thresholds.scope
    assert (claim.about, claim.confidence, claim.design_effect, claim.early) == ("population", 0.99, 4.0, True)
    assert thresholds.warn


@pytest.mark.parametrize(
    ("run", "table", "message"),
    [
        ("", 'noise = "clean"', "limits.0.: asks for nothing"),
        ("", 'noise = "clean"\nmax_drop = 0.1', "max_drop: needs a baseline"),
        ("", 'noise = "gaussian"\nsigma = 5\nmonotone = 0', "speaks of two levels or more"),
        ("", 'noise = "imagenet-c"\nmonotone = 0', "speaks of two levels or more"),
        (
            "",
            'noise = "imagenet-c"\nseverity = 1\naccuracy = [0.5, 0.4]',
            "toml:15: .*accuracy: imagenet-c takes one accuracy for all its noises, or one per severity",
        ),
        ("", 'noise = "gaussian"\nbreak_point = 20', "break_point: goes with of_clean"),
        ("", 'noise = "gaussian"\nsigma = 5\nof_clean = 0.5\naccuracy = 0.1', "of_clean: goes with break_point"),
        ("", 'noise = "gaussian"\nsigma = 5\nbreak_point = 20\nof_clean = 0.9', "leave it out"),
        (
            "",
            'noise = "periodic"\nfrequency = [0.1, 0.2]\nbreak_point = 0.5\nof_clean = 0.9',
            "limits.0..break_point: speaks of one noise: give each a table of its own",
        ),
        ("", 'noise = "clean"\nbreak_point = 20\nof_clean = 0.9', "has no magnitude that grows from nothing"),
        ("", 'noise = "cifar-c"\nmean_error = 1.0\nreference = "olde"', "unknown model 'olde': did you mean 'old'"),
        ("", 'noise = "clean"\naccuracy = 0.9\nclasses = ["Stop", "Stop"]', "classes: names a class twice"),
        *(
            (
                "",
                f'noise = "clean"\naccuracy = 0.9\nclasses = ["Stop", "Yield"]\n{more}',
                f"classes: narrows accuracy alone, and {ask}",
            )
            for ask, more in {
                "top_k": "top_k = 0.9\nk = 5",
                "worst_class": "worst_class = 0.5",
                "relative": "relative = 0.9",
            }.items()
        ),
        ("", 'noise = "clean"\nmean_error = 25', "mean_error: is a share of the images, 0.25 where a quarter may be wrong"),
        ("", 'noise = "clean"\nmean_error = 1.0', "toml:14: .*1 and more allow every error"),
        ("", 'noise = "clean"\nmax_differences = 0', "toml:14: limits.0..max_differences: goes with same_as"),
        ("", 'noise = "clean"\nsame_as = "olde"', "toml:14: limits.0..same_as: unknown model 'olde': did you mean 'old'"),
        ("", 'noise = "clean"\nsame_as = "net"', "toml:14: limits.0..same_as: net always says what net says"),
        (
            "",
            'noise = "clean"\naccuracy = 0.5\nsame_as = "old"',
            "toml:15: .*same_as: speaks of another model, accuracy of this",
        ),
        ("", 'noise = "imagenet-c"\nmonotone = 0\nsame_as = "old"', "same_as: speaks of another model, monotone of this"),
        ("", 'noise = "clean"\nclasses = ["Stop"]\nsame_as = "old"', "classes: goes with accuracy"),
        ("", 'noise = "clean"\nsame_as = "old"\nmax_differences = 3', "3 lies outside 0..1"),
        ("", 'noise = "clean"\nrelative = 0.5\nclasses = ["Stop"]', "classes: goes with accuracy"),
        ("", 'noise = "clean"\naccuracy = 0.5\nseeds = [1, 1]', "is limited twice"),
        ("", 'noise = "clean"\naccuracy = 0.5\nseeds = []', "empty"),
        ("independent = true", 'noise = "clean"\naccuracy = 0.5', "goes with claim = .population."),
        ('claim = "population"\nindependent = true\ndesign_effect = 2.0', 'noise = "clean"\naccuracy = 0.5', "have none"),
        ('claim = "world"', 'noise = "clean"\naccuracy = 0.5', "run.claim"),
        ("confidence = 1.0", 'noise = "clean"\naccuracy = 0.5', "run.confidence"),
        ("", 'noise = "clean"\naccuracy = 0.5\nwaived_until = 2026-01-31', "waived_until: goes with reason"),
        ("", 'noise = "clean"\naccuracy = 0.5\nreason = "later"', "reason: goes with waived_until"),
        ("", 'noise = "clean"\naccuracy = 0.5\nreason = "x"\nwaived_until = "2026-01-31"', "waived_until"),
        ('mode = "fast"', 'noise = "clean"\naccuracy = 0.5', "run.mode"),
    ],
)
def test_what_makes_no_sense_is_named(tmp_path, run, table, message):
    with pytest.raises(RobustnessError, match=message):
        read(tmp_path, table, run)
