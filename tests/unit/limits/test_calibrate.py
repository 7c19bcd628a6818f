"""Limits from measurements: the arithmetic, and that nothing else in a thresholds file is touched."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.kinds import read_thresholds
from robustness.limits.calibrate import (
    Asked,
    Subject,
    asked_accuracies,
    calibrate,
    prediction_limit,
    rewritten,
    unlike_retrained,
)
from robustness.limits.limit import Limit
from robustness.noise import PRESETS, Clean, Gaussian
from robustness.statistics.verdict import needed

ROOT = Path(__file__).parents[3]
TODAY = date(2030, 1, 31)
HEAD = """\
schema = 1  # the first
[run]
data = "signs"   # drawn
seed = 7
# mine

[models.cnn]
load = "baseline-cnn"
weights = "signs"
[models.other]
load = "small-resnet"
weights = "signs"
"""
ODD = (
    HEAD
    + """\
# above the limits
[[limits]]  # one
models = ["cnn", "other"]
noise='gaussian'
sigma = [ 5,25 ,  # two levels
 # none here
 50]
accuracy =   [ 0.9 , 8e-1,   # said of the second
   # of the third
   0.700, ]  # done
[[limits]]
noise = "gaussian"
accuracy=1      # an integer
models = ["other"]
sigma = [6, 7]
max_drop = [0.1, 0.2]  # never touched
"""
    + '[[limits]]\nmodels = ["cnn"]\nnoise = "imagenet-c"\nseverity = [1, 3]\naccuracy = [0.5, 0.25]'
)
ODD = ODD.replace("seed = 7\n", 'seed = 7\nbaseline = "v1.safetensors"\n')
BETWEEN = (
    HEAD.replace(
        "[models.other]",
        """[[limits]]  # naïve
models = ["cnn"]
noise = "gaussian"
sigma = [5, 25]
accuracy = [0.9,0.8]#é
[[hunts]]
models = ["cnn"]
safe = { gaussian = 3 }
budget = 0.5
[models.other]""",
    )
    + """[[limits]]
models = ["other"]
noise = "clean"
accuracy = 0.5
[[hunts]]
models = ["other"]
safe = { gaussian = 3 }
budget = 0.5
[[limits]]
models = ["other"]
noise = "speckle"
sigma = 1
accuracy = 0.25
"""
)
FILES = {
    "own": (ROOT / "thresholds.toml").read_bytes().decode(),
    "gtsrb": (ROOT / "examples/gtsrb/thresholds.toml").read_bytes().decode(),
    "starter": (ROOT / "robustness/starter.toml").read_bytes().decode(),
    "odd": ODD,
    "windows": ODD.replace("\n", "\r\n"),
    "others between": BETWEEN,
    "inline": 'limits = [{models = ["cnn"], noise = "clean", accuracy = 0.5 }]  # short\n' + HEAD,
}
NUMBER = re.compile(r"(?<![\w.])(\d+(\.\d+)?(e-?\d+)?)(?![\w.])")
accuracies = st.integers(1, 3000).flatmap(lambda total: st.integers(0, total).map(lambda right: Fraction(right, total)))
margins = st.one_of(st.just(Fraction(0)), st.floats(0, 1).map(Fraction))


def read(tmp_path, text):
    file = tmp_path / "thresholds.toml"
    file.write_bytes(text.encode())
    return read_thresholds(file)


def asked_in(tmp_path, text):
    return asked_accuracies(read(tmp_path, text))


def calibrated(asked, draw, margin=Fraction(0), ratchet=False):
    measured = {subject: [draw(accuracies)] for limit in asked for subject in limit.subjects}
    return calibrate(asked, measured, margin, ratchet)


def one(before, *measured, margin=Fraction(0), ratchet=False):
    subject = Subject("cnn", Clean(), 0, ())
    asked = Asked(("limits", 0, "accuracy"), (subject,), before)
    (change,) = calibrate([asked], {subject: measured}, margin, ratchet)
    return change


def without_accuracies(text):
    """The text with a blank for every number in the value of an accuracy, found without a TOML library."""
    value = re.compile(r"(accuracy *= *)(\[[^\]]*\]|[\d.e-]+)")
    return value.sub(lambda found: found[1] + NUMBER.sub("_", found[2]), text)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_only_accuracies_change_and_one_line_is_added(tmp_path, name, data):
    text = FILES[name]
    changes = calibrated(asked_in(tmp_path, text), data.draw)
    new = rewritten(text, changes, "measured less 0 points", TODAY)
    line = "# accuracy limits: measured less 0 points, by robustness calibrate on 2030-01-31"
    kept = [other for other in new.split("\n") if other.rstrip("\r") != line]
    assert len(kept) == len(new.split("\n")) - 1
    assert without_accuracies("\n".join(kept)) == without_accuracies(text)
    assert [limit.accuracy for limit in asked_in(tmp_path, new)] == [change.after for change in changes]
    again = rewritten(new, [], "measured less 2 points", TODAY)
    assert again == new.replace("less 0 points", "less 2 points")


def test_the_line_stands_below_the_keys_of_run_and_replaces_only_its_own_kind(tmp_path):
    new = rewritten(ODD, [], "measured less 1 point", TODAY)
    assert (
        'baseline = "v1.safetensors"\n# accuracy limits: measured less 1 point, by robustness calibrate on 2030-01-31\n# mine\n'
    ) in new
    own = "# accuracy limits: agreed with the customer\n" + ODD
    assert rewritten(own, [], "x", TODAY).startswith("# accuracy limits: agreed with the customer\n")


def test_the_line_ends_as_the_one_above_it_does():
    mixed = ODD.replace('"v1.safetensors"\n', '"v1.safetensors"\r\n')
    assert mixed.count("\r") == 1
    assert re.findall(r"# accuracy limits: .*\n", rewritten(mixed, [], "x", TODAY)) == [
        "# accuracy limits: x, by robustness calibrate on 2030-01-31\r\n"
    ]


def test_of_two_such_lines_the_first_is_replaced():
    once = rewritten(ODD, [], "x", TODAY) + "\n"
    (line,) = re.findall(r"# accuracy limits: .*\n", once)
    assert rewritten(once + line, [], "y", TODAY) == rewritten(once, [], "y", TODAY) + line


def test_every_accuracy_limit_is_found_with_its_levels(tmp_path):
    for name, text in FILES.items():
        found = {(s.model, s.noise): limit.accuracy for limit in asked_in(tmp_path, text) for s in limit.subjects}
        limits = [limit for limit in read(tmp_path, text).of(Limit) if limit.asks == "accuracy"]
        assert found == {(limit.model, limit.noise): limit.required for limit in limits}, name


def test_lists_stay_lists_and_a_single_value_holds_for_all_levels_and_models(tmp_path):
    asked = asked_in(tmp_path, ODD)
    assert [limit.place[2:] for limit in asked] == [
        *(("accuracy", n) for n in range(3)),
        ("accuracy",),
        *(("accuracy", n) for n in range(2)),
    ]
    assert [subject[:3] for subject in asked[1].subjects] == [("cnn", Gaussian(25), 7), ("other", Gaussian(25), 7)]
    assert [subject[:2] for subject in asked[3].subjects] == [("other", Gaussian(6)), ("other", Gaussian(7))]
    assert [subject.noise for subject in asked[5].subjects] == list(PRESETS["imagenet-c"][8:12])


def test_the_lowest_of_what_a_limit_holds_for_counts():
    subjects = tuple(Subject(model, Gaussian(sigma), 0, ()) for model in "ab" for sigma in (5, 25))
    measured = {subject: [Fraction(90 - place % 3, 100)] for place, subject in enumerate(subjects)}
    (change,) = calibrate([Asked(("limits", 0, "accuracy"), subjects, Decimal("0.5"))], measured, Fraction(1, 100), False)
    assert change.subject == subjects[2]
    assert (change.measured, change.margin, str(change.after)) == (Fraction(88, 100), Fraction(1, 100), "0.870")


@given(st.integers(1, 5000), st.data())
def test_with_no_margin_what_was_measured_keeps_its_limit_by_less_than_a_tenth_of_a_point(total, data):
    right = data.draw(st.integers(0, total))
    after = one(Decimal("0.5"), Fraction(right, total)).after
    assert needed(after, total) <= right
    assert Fraction(right, total) - Fraction(after) < Fraction(1, 1000)


@given(accuracies, margins)
def test_no_limit_is_below_0_or_nearer_than_the_margin(measured, margin):
    after = Fraction(one(Decimal("0.5"), measured, margin=margin).after)
    assert after == 0 or 0 < after <= measured - margin < after + Fraction(1, 1000)


@given(st.decimals(0, 1, places=4), st.lists(accuracies, min_size=1, max_size=8), margins)
def test_a_ratchet_never_lowers(before, measured, margin):
    free, held = (one(before, *measured, margin=margin, ratchet=ratchet).after for ratchet in (False, True))
    assert held == max(before, free)


def test_the_prediction_limit_is_the_formulas_value():
    # mean 0.90, s = 0.01 * sqrt(10 / 5) = 0.0141421; t(0.95, 5) = 2.0150484 (any table); sqrt(1 + 1/6) = 1.0801234
    six = [Fraction(n, 100) for n in (88, 89, 90, 90, 91, 92)]
    assert float(prediction_limit(six)) == pytest.approx(0.90 - 2.0150484 * 0.0141421356 * 1.0801234, abs=1e-8)
    assert str(one(Decimal(1), *six).after) == "0.869"  # 0.86922
    assert prediction_limit([Fraction(9, 10)] * 6) == Fraction(9, 10)


@settings(max_examples=50)
@given(st.lists(accuracies, min_size=6, max_size=15), margins)
def test_a_declared_network_keeps_the_limit_of_its_family_even_as_the_worst_of_many(measured, margin):
    change = one(Decimal("0.5"), *measured, margin=margin)
    assert Fraction(change.after) <= measured[0]
    assert change.margin >= 0


def test_a_line_that_would_fall_into_a_value_is_refused():
    text = ODD.replace('data = "signs"   # drawn\n', "").replace("seed = 7\n", 'seed = 7\ndata = """\nsigns"""\n')
    text = text.replace('baseline = "v1.safetensors"\n', "")
    with pytest.raises(RobustnessError, match="more than its accuracies"):
        rewritten(text, [], "measured less 1 point", TODAY)


OF_CLEAN, OF_NOISE = (Subject("net", noise, 0, ()) for noise in (Clean(), Gaussian(5)))
EXPECTED = "what 5 trainings like it let expect, 88.88 to 92.72 %: was it trained alike?"
ALIKE = [Fraction(share, 1000) for share in (900, 904, 908, 912, 916)]  # mean 0.908, s 0.0063246


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (908, []),
        (889, []),  # 0.908 - 2.7764 * 0.0063246 * sqrt(1.2) = 0.88876
        (
            888,
            [f"net under clean: 88.80 % lies below {EXPECTED}"],
        ),
        (
            928,
            [f"net under clean: 92.80 % lies above {EXPECTED}"],
        ),
    ],
)
def test_a_network_unlike_those_that_are_to_be_like_it_is_named(declared, words):
    assert unlike_retrained({OF_CLEAN: [Fraction(declared, 1000), *ALIKE]}) == words


def test_what_was_not_retrained_is_unlike_nothing():
    assert unlike_retrained({OF_CLEAN: [Fraction(1, 2)]}) == []


def test_of_networks_trained_alike_one_in_twenty_is_named_however_many_noises_there_are():
    generator, named, runs = np.random.default_rng(0), 0, 2000
    for _ in range(runs):
        drawn = generator.normal(0.5, 0.01, (2, 6))
        measured = {of: [Fraction(share) for share in row] for of, row in zip((OF_CLEAN, OF_NOISE), drawn, strict=True)}
        named += bool(unlike_retrained(measured))
    assert 0.035 < named / runs < 0.062  # independent noises come near the 5 % that all together may have
