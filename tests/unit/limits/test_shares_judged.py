"""Top-k, recall, precision, confusions and means over classes: what counts, who errs how often, and what was not measured."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from builders import most
from hypothesis import given
from hypothesis import strategies as st
from limits_made import bench_of, images, limit, predicted
from scipy import stats
from sklearn.metrics import f1_score, precision_score, recall_score

from robustness.data import ImageSet
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.result import Scores
from robustness.evaluation.rule import NO_CLASS
from robustness.limits.asks import ASKS
from robustness.limits.asks.ask import Measured
from robustness.limits.asks.share import Share, judge_share
from robustness.models.class_map import OUTSIDE, ClassMap

POPULATION = Scope("population", independent=True)
NAMES = ("a", "b", "c")
ONE = {"classes": ("a",)}
PAIR = {"classes": ("a",), "taken_for": "b"}


def scored(predictions, labels, ranks=None, probabilities=None):
    """A measurement with ranks, 2 where the class is wrong, and a probability of 0.5, unless they are given."""
    right = np.equal(predictions, labels)
    ranks = np.where(right, 1, 2) if ranks is None else ranks
    shares = np.full(len(labels), 0.5) if probabilities is None else probabilities
    made = predicted(predictions, labels)
    return replace(
        made,
        result=Scores(made.result.predictions, made.result.margins, np.array(ranks, np.int16), np.array(shares, np.float32)),
    )


def say(asks, predictions, labels, required="0.5", scope=None, made=None, measured=None, names=NAMES, tracks=None, **of):
    asked = limit(asks, required, **of)
    image_set = made or images(labels, names, tracks)
    bench = bench_of(image_set, scope=scope)
    return ASKS[asks].judge(Measured(asked, [measured or scored(predictions, labels)], bench))


@st.composite
def answered(draw, least=1):
    labels = np.array([0, 1, 2] * least + draw(st.lists(st.integers(0, 2), max_size=60)))
    said = draw(st.lists(st.integers(0, 2), min_size=len(labels), max_size=len(labels)))
    return labels, np.array(said)


SHARE = st.decimals(0, 1, places=2)


@given(answered(), SHARE)
def test_recall_is_scikit_learns_and_exact(drawn, required):
    labels, said = drawn
    found = say("recall", said, labels, required, **ONE)
    assert found.value == pytest.approx(recall_score(labels == 0, said == 0, zero_division=0))
    assert found.kept == (Fraction(int((said[labels == 0] == 0).sum()), int((labels == 0).sum())) >= Fraction(required))


@given(answered(), SHARE)
def test_precision_is_scikit_learns_and_not_measured_where_nothing_is_named_so(drawn, required):
    labels, said = drawn
    if not (said == 0).any():
        with pytest.raises(RobustnessError, match="no image is classified as 'a', so its precision was not measured"):
            say("precision", said, labels, required, **ONE)
        return
    found = say("precision", said, labels, required, **ONE)
    assert found.value == pytest.approx(precision_score(labels == 0, said == 0))
    assert found.kept == (Fraction(int((labels[said == 0] == 0).sum()), int((said == 0).sum())) >= Fraction(required))


@given(answered(), SHARE)
def test_a_confusion_is_counted_of_the_images_of_its_class(drawn, required):
    labels, said = drawn
    found = say("max_confusion", said, labels, required, **PAIR)
    taken, of = int(((labels == 0) & (said == 1)).sum()), int((labels == 0).sum())
    assert found.kept == (Fraction(taken, of) <= Fraction(required))
    assert found.value == taken / of


@given(answered(), SHARE)
def test_macro_f1_is_scikit_learns(drawn, required):
    labels, said = drawn
    found = say("macro_f1", said, labels, required)
    assert found.value == pytest.approx(f1_score(labels, said, average="macro", labels=range(3), zero_division=0))
    assert found.kept == (found.exact >= Fraction(required))


@given(answered(), st.integers(1, 2), SHARE)
def test_the_first_of_top_k_is_accuracy(drawn, k, required):
    labels, said = drawn
    top = say("top_k", said, labels, required, k=k)
    accuracy = ASKS["accuracy"].judge(Measured(limit("accuracy", required), [scored(said, labels)], bench_of(images(labels))))
    assert top.value == (accuracy.value if k == 1 else 1)
    assert k > 1 or top.kept == accuracy.kept


def test_ranks_decide_top_k_alone():
    ranks = [1, 2, 3, NO_CLASS, 1]
    measured = scored([0, 1, 2, NO_CLASS, 0], [0, 0, 0, 0, 0], ranks)
    names = tuple("abcdef")
    found = [say("top_k", None, [0] * 5, "0.5", measured=measured, names=names, k=k).value for k in (1, 2, 3, 5)]
    assert found == [0.4, 0.6, 0.8, 0.8]
    assert (
        "top-3 accuracy 0.8000: 4 of 5, the limit 0.5 asks for 3"
        in say("top_k", None, [0] * 5, "0.5", measured=measured, names=names, k=3).words
    )


@pytest.mark.parametrize("k", [3, 5])
def test_a_top_that_holds_every_class_is_refused(k):
    with pytest.raises(RobustnessError, match=f"k = {k} of 3 classes"):
        say("top_k", [0, 1, 2], [0, 1, 2], k=k)


def test_a_network_of_more_classes_may_be_asked_for_more_places_than_the_images_have_classes():
    bench = bench_of(images([0, 1, 2], (*NAMES, OUTSIDE)))
    net = replace(bench.classifier("net"), class_map=ClassMap((("a", 7), ("b", 3), ("c", 9)), open=True))
    object.__setattr__(bench, "classifier", lambda name: net)
    measured = Measured(limit("top_k", "0.5", k=5), [scored([0, 3, 3], [0, 1, 2], [1, 5, 6])], bench)
    assert ASKS["top_k"].judge(measured).value == 2 / 3
    with pytest.raises(RobustnessError, match="k = 10 of 10 classes"):
        ASKS["top_k"].judge(replace(measured, limit=limit("top_k", "0.5", k=10)))


@pytest.mark.parametrize("asks", ["top_k", "calibration_error"])
def test_a_result_without_ranks_is_not_measured(asks):
    with pytest.raises(RobustnessError, match="ranks and probabilities were not measured"):
        say(asks, None, [0, 1, 2], measured=predicted([0, 1, 2], [0, 1, 2]), k=1)


@pytest.mark.parametrize(
    ("asks", "more"),
    [
        ("top_k", {"k": 1}),
        ("recall", ONE),
        ("precision", ONE),
        ("max_confusion", PAIR),
        ("balanced_accuracy", {}),
        ("macro_f1", {}),
        ("worst_class", {}),
        ("calibration_error", {}),
    ],
)
def test_a_part_of_the_images_decides_nothing(asks, more):
    with pytest.raises(RobustnessError, match="images were evaluated"):
        say(asks, [0, 1, -1], [0, 1, 2], **more)


@pytest.mark.parametrize(
    ("asks", "more"),
    [
        ("recall", ONE),
        ("precision", ONE),
        ("max_confusion", PAIR),
        ("balanced_accuracy", {}),
        ("macro_f1", {}),
        ("worst_class", {}),
    ],
)
def test_a_class_without_images_is_not_measured(asks, more):
    required = "1" if asks == "max_confusion" else "0"
    with pytest.raises(RobustnessError, match=r"has no image of '?a'?, so"):
        say(asks, [0, 1, 2], [1, 1, 2], required, **more)


@pytest.mark.parametrize(("asks", "more"), [("recall", ONE), ("precision", ONE), ("max_confusion", PAIR)])
def test_a_class_that_is_misspelt_is_named(asks, more):
    with pytest.raises(RobustnessError, match="has no class 'a'"):
        say(asks, [0, 1], [0, 1], names=("A", "b"), **more)


def test_what_a_class_is_taken_for_has_to_be_one():
    with pytest.raises(RobustnessError, match="has no class 'z'"):
        say("max_confusion", [0, 1, 2], [0, 1, 2], classes=("a",), taken_for="z")


def test_an_answer_without_a_class_is_right_for_none_and_confused_with_none():
    labels, said = [0, 0, 1, 2], [NO_CLASS, 0, 1, 2]
    assert say("recall", said, labels, **ONE).value == 0.5
    assert say("max_confusion", said, labels, **PAIR).value == 0
    assert say("balanced_accuracy", said, labels).value == pytest.approx(5 / 6)


def test_a_probability_that_is_none_is_not_measured():
    with pytest.raises(RobustnessError, match="a probability lies outside"):
        say("calibration_error", None, [0, 1], "1", measured=scored([0, 1], [0, 1], probabilities=[1.5, 1]))
    with pytest.raises(RobustnessError, match="net gives numbers that are probabilities already.*output = "):
        say("calibration_error", None, [0, 1], "1", measured=scored([0, 1], [0, 1], probabilities=[np.nan, 1]))


# Of the population.


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.01])
@pytest.mark.parametrize("truth", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("asks", "more"), [("top_k", {"k": 2}), ("recall", ONE), ("precision", ONE), ("max_confusion", PAIR), ("accuracy", ONE)]
)
def test_each_errs_at_its_level_where_the_truth_is_the_limit(asks, more, truth, level):
    """Sets are drawn whole, so that how many images count is drawn too: of the class, or classified as it."""
    rng = np.random.default_rng(0)
    scope, sets, size = replace(POPULATION, confidence=1 - level), 1500, 300
    limit_of = str(round(1 - truth, 2)) if asks == "max_confusion" else str(truth)
    wrong = {True: 0, False: 0, None: 0}
    for _ in range(sets):
        labels = rng.choice(3, size, p=[0.4, 0.3, 0.3])
        hit = rng.random(size) < truth
        said = np.where(hit, labels, (labels + 1) % 3)
        if asks == "precision":  # given that it is named a, it is a with that probability
            said = rng.choice(3, size, p=[0.4, 0.3, 0.3])
            labels = np.where(hit, said, (said + 1) % 3)
        measured = scored(said, labels, ranks=np.where(hit, rng.integers(1, 3, size), 3))
        made = images_of(labels)
        asked = limit(asks, limit_of, **more)
        found = ASKS[asks].judge(Measured(asked, [_cut(asks, measured, made, asked)], bench_of(made, scope=scope)))
        wrong[found.kept] += 1
        assert (found.low or 0) <= found.value <= (1 if found.high is None else found.high)
    print(f"{asks}, truth {truth}, {level}: false PASS {wrong[True] / sets:.4f}, false FAIL {wrong[False] / sets:.4f}")
    assert wrong[True] <= most(sets, level)
    assert wrong[False] <= most(sets, level)


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.01])
@pytest.mark.parametrize(("asks", "more"), [("precision", ONE), ("recall", ONE), ("max_confusion", PAIR), ("top_k", {"k": 2})])
def test_each_errs_at_its_level_where_tracks_hang_together(asks, more, level):
    """Sixty tracks of twelve images, each with a share of hits of its own around 0.9; some lose all their images that count."""
    rng = np.random.default_rng(0)
    scope, sets, tracks, frames = Scope("population", confidence=1 - level), 300, 60, 12
    of_track = np.repeat(np.arange(tracks), frames)
    limit_of, wrong = "0.1" if asks == "max_confusion" else "0.9", {True: 0, False: 0, None: 0}
    for _ in range(sets):
        hit = rng.random(tracks * frames) < np.repeat(rng.beta(4.5, 0.5, tracks), frames)
        labels = np.repeat(rng.choice(3, tracks, p=[0.6, 0.2, 0.2]), frames)
        said = np.where(hit, labels, (labels + 1) % 3)
        if asks == "precision":
            labels, said = said, labels
        made = replace(images_of(labels), tracks=of_track)
        measured = scored(said, labels, ranks=np.where(hit, 2, 3))
        wrong[ASKS[asks].judge(Measured(limit(asks, limit_of, **more), [measured], bench_of(made, scope=scope))).kept] += 1
    print(f"{asks} by tracks, {level}: false PASS {wrong[True] / sets:.4f}, false FAIL {wrong[False] / sets:.4f}")
    assert wrong[True] <= most(sets, level)
    assert wrong[False] <= most(sets, level)


def images_of(labels):
    """A set of so many images, made once for each number of them, as of these labels."""
    blank = BLANK.setdefault(len(labels), images([0] * len(labels)))
    return replace(blank, labels=np.asarray(labels, np.int64))


BLANK: dict[int, ImageSet] = {}


def _cut(asks, measured, made, asked):
    """As `Accuracy.measure` cuts a measurement to the classes that count."""
    from robustness.limits.asks.accuracy import _of_part

    return _of_part(measured, made, asked) if asks == "accuracy" else measured


@pytest.mark.parametrize("level", [0.05, 0.01])
@pytest.mark.parametrize(("total", "limit_of"), [(40, "0.9"), (200, "0.02"), (1000, "0.99")])
@pytest.mark.parametrize("at_most", [False, True])
def test_the_rates_are_those_of_exact_sums(total, limit_of, at_most, level):
    """For each count there may be: what is said of it, weighted by its probability where the truth is the limit."""
    made, truth = images_of([0] * total), float(limit_of)
    scope = replace(POPULATION, confidence=1 - level)
    rates = {True: 0.0, False: 0.0, None: 0.0}
    for hits in range(total + 1):
        share = Share(np.arange(total) < hits, made, "it")
        rates[judge_share(share, Decimal(limit_of), scope, at_most).kept] += stats.binom.pmf(hits, total, truth)
    print(f"{total} images, {'at most' if at_most else 'at least'} {limit_of}, {level}: {rates}")
    assert rates[True] <= level
    assert rates[False] <= level
    assert rates[True] + rates[False] > 0


@given(st.integers(1, 60), st.integers(0, 60), SHARE)
def test_at_most_is_at_least_of_the_rest(total, hits, required):
    hits = min(hits, total)
    share = Share(np.arange(total) < hits, images_of([0] * total), "it")
    rest = Share(~share.hits, share.images, "the rest")
    for scope in (Scope(), POPULATION):
        at_most, at_least = judge_share(share, required, scope, True), judge_share(rest, 1 - required, scope)
        assert at_most.kept == at_least.kept
        assert at_most.to_decide == at_least.to_decide
    assert at_most.low == pytest.approx(1 - (at_least.high or 0))


def test_tracks_count_as_one_each():
    """Thirty images of one object show what one would."""
    labels, said = [0] * 60, [0] * 60
    alone = say("recall", said, labels, "0.9", POPULATION, **ONE)
    tracked = say("recall", said, labels, "0.9", POPULATION, tracks=[n // 30 for n in range(60)], **ONE)
    assert (alone.kept, tracked.kept) == (True, None)


def test_a_population_whose_images_may_hang_together_is_not_spoken_of():
    with pytest.raises(RobustnessError, match="no claim about a population can be made"):
        say("recall", [0, 1], [0, 1], "0.5", Scope("population"), **ONE)


def test_never_is_no_claim_that_images_can_prove():
    found = say("max_confusion", [0] * 500, [0] * 500, "0", POPULATION, **PAIR)
    assert (found.kept, found.value) == (None, 0)
    assert say("max_confusion", [0] * 500, [0] * 500, "0", **PAIR).kept
