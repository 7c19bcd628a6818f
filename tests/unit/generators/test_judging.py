"""A generator's mark beside its limit: kept, broken, or not there, which is no pass."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from builders import marks

from robustness.errors import RobustnessError
from robustness.generators.declare import MARKS, GeneratorDeclaration, GeneratorLimit
from robustness.generators.measure import judge_limit
from robustness.generators.record import NAMES, shown


def label(name, fidelity, variety=1.0):
    return replace(marks().classes[0], name=name, fidelity=fidelity, variety=variety)


JUDGED = {
    "judge": "judge",
    "fidelity": 0.7,
    "classes": (label("Go", 1.2), label("Stop", 0.02), label("Yield", 0.9)),
    "collapsed": ("Stop", "Yield"),
    "frechet": 1234.5,
    "nearest": 1.75,
    "copied": 0.01,
    "divergence": -0.5,
}
SIGNS = GeneratorDeclaration("signs", "signs.safetensors", "judge")


def judged(asks, required, **changed):
    limit = GeneratorLimit(SIGNS, asks, Decimal(required), "thresholds.toml:9")
    return judge_limit(limit, replace(marks(), **JUDGED | changed))


@pytest.mark.parametrize(
    ("asks", "kept", "broken", "words"),
    [
        ("fidelity", "0.7", "0.71", "fidelity 0.7 (worst class 0.02, Stop), the limit asks for at least 0.71"),
        ("worst_class", "0.02", "0.6", "worst class 0.02 (Stop), the limit asks for at least 0.6"),
        ("precision", "0.5", "0.500001", "precision 0.5, the limit asks for at least 0.500001"),
        ("recall", "0", "1", "recall 0.25, the limit asks for at least 1"),
        ("max_frechet", "1234.5", "1234", "Frechet distance 1234.5, the limit asks for at most 1234"),
        (
            "max_nearest",
            "1.75",
            "1.7",
            "nearest training image 1.75 times as far as from a real image, the limit asks for at most 1.7",
        ),
        ("max_copied", "0.01", "0.009", "copied 0.01, the limit asks for at most 0.009"),
        ("max_collapsed", "2", "1", "collapsed classes 2 (Stop, Yield), the limit asks for at most 1"),
        ("max_divergence", "-0.5", "-0.6", "divergence of the losses -0.5, the limit asks for at most -0.6"),
    ],
)
def test_a_mark_keeps_its_limit_up_to_it_and_breaks_it_beyond(asks, kept, broken, words):
    assert not judged(asks, kept).stops
    beyond = judged(asks, broken)
    assert (beyond.stops, beyond.words) == (True, words)
    assert beyond.explain() == f"thresholds.toml:9 signs-{asks}\n  {words}"
    assert (beyond.generator_limit, beyond.required, beyond.judge) == (f"signs-{asks}", broken, "judge")


@pytest.mark.parametrize("asks", ["max_copied", "max_nearest"])
def test_without_the_training_images_nothing_tells_that_there_are_no_copies(asks):
    with pytest.raises(
        RobustnessError, match="not those it was trained on, so no copies were looked for: nothing was measured"
    ):
        judged(asks, "1", nearest=None, copied=None)


def test_all_that_can_be_asked_has_a_name():
    assert set(NAMES) == set(MARKS)


@pytest.mark.parametrize(
    ("asks", "changed", "said"),
    [
        ("fidelity", {"classes": (), "fidelity": None}, "it knows no classes, so it has no mark for fidelity"),
        ("worst_class", {"classes": ()}, "it knows no classes, so it has no mark for worst class"),
        ("max_collapsed", {"classes": (), "collapsed": ()}, "it knows no classes, so it has no mark for collapsed classes"),
        ("fidelity", {"classes": (label("Go", None),), "fidelity": None}, "judge names no real image right"),
        ("max_collapsed", {"classes": (label("Go", 1.0, None),), "collapsed": ()}, "no class has two different real images"),
        ("max_divergence", {"divergence": None}, "its card tells no losses of two epochs"),
        ("max_frechet", {"frechet": None}, "Frechet distance is no finite number"),
    ],
)
def test_a_mark_that_does_not_exist_is_not_measured(asks, changed, said):
    with pytest.raises(RobustnessError, match=f"^signs: {said}.*: nothing was measured$"):
        judged(asks, "0", **changed)


@pytest.mark.parametrize("asks", ["precision", "max_frechet"])
def test_what_is_no_number_never_passes(asks):
    assert judged(asks, "0.5", **{asks.removeprefix("max_"): float("nan")}).stops


def test_classes_that_the_judge_does_not_know_are_told():
    words = judged("worst_class", "0.5", classes=(label("Go", 0.6), label("Stop", None))).words
    assert words.startswith("worst class 0.6 (Go; without 1 of which the judge names no real image right)")


@pytest.mark.parametrize(
    ("value", "required", "text"), [(0.8996, 0.9, "0.8996"), (0.8996, 0.5, "0.9"), (0.7, 0.7, "0.7"), (20.001, 20.0, "20.001")]
)
def test_it_is_seen_on_which_side_of_the_limit_a_mark_lies(value, required, text):
    assert shown(value, required) == text
