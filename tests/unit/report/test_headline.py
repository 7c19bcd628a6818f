"""The headline: it names what is stopped, praises only what may go, and its word agrees with the exit code."""

from __future__ import annotations

import re
from dataclasses import replace
from unittest import mock

import pytest
from builders import claim_record, flips_limit, generator_record, hunt_record, images, limit_record, results, waves_limit
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.gate.ledger import Ledger
from robustness.gate.notes import GateTest
from robustness.kinds import KINDS
from robustness.report.excuses import Excuse, excuse_of, excused
from robustness.report.headline import headline, model_verdicts
from robustness.report.results import UnmeasuredPromise
from robustness.statistics.verdict import Verdict

MODELS = ("alpha", "beta", "gamma", "delta")
VERDICTS = st.sampled_from([("PASS", False), ("FAIL", True), ("FAIL", False), ("INCONCLUSIVE", True), ("INCONCLUSIVE", False)])


@st.composite
def record(draw):
    """Of any kind, kept or not, waived or not; of one of the first three models, or of two."""
    model = draw(st.sampled_from(MODELS[:3]))
    verdict, stops = draw(VERDICTS)
    broken = draw(st.booleans())
    waived = {"waived_until": "2026-12-31", "waiver": "why"} if verdict == "FAIL" and not stops else {}
    more = {"model": model, "verdict": verdict, "stops": stops, "accuracy": draw(st.floats(0, 1)), **waived}
    match draw(st.sampled_from(["accuracy", "clean", "flips", "waves", "hunt", "claim", "claims", "generator"])):
        case "accuracy":
            return limit_record(f"gaussian(sigma={draw(st.integers(1, 99))})", **more)
        case "clean":
            return limit_record("clean", **more)
        case "flips":
            return flips_limit(**more)
        case "waves":
            return waves_limit(**more)
        case "hunt":
            return hunt_record(broken, model=model)
        case "claim":
            return claim_record(broken, models=(model,), claim=f"{model}-breaks")
        case "claims":
            return claim_record(broken, models=("alpha", "gamma"), claim="both-order")
    return generator_record(broken)


@st.composite
def runs(draw):
    """Results as a ledger closes them: some promises without a record, rules that hold or do not, a run narrowed or not.

    The last model is declared, and nothing is about it.
    """
    unique = {(one.kind, one.id): one for one in draw(st.lists(record(), max_size=8))}
    records, missing = list(unique.values()), draw(st.lists(st.sampled_from(MODELS[:3]), max_size=2, unique=True))
    rule, narrowed = draw(st.sampled_from([None, None, "holds", "broken"])), draw(st.booleans())
    ids = {kind.name: [one.id for one in records if one.kind == kind.name] for kind in KINDS}
    ids["limit"] += [f"{model}-missing" for model in missing]
    ledger = Ledger(ids, KINDS, asked=True, narrowed=narrowed)
    for one in records:
        test = f"test_all.py::test_{one.kind}[{one.id}]"
        ledger.collect([test])
        ledger.report(test, True, "broken" if one.stops else None, [GateTest(), one])
    if rule:
        ledger.collect(["test_rules.py::test_mine"])
        ledger.report("test_rules.py::test_mine", True, "broken" if rule == "broken" else None, [GateTest()])
    ended = ledger.close()
    made = results(
        *ended.records,
        models=MODELS,
        verdict=ended.verdict,
        gaps=ended.gaps,
        left_out=ended.left_out,
        errors=ended.errors,
        rules=ended.rules,
        unmeasured=tuple(
            UnmeasuredPromise(
                kind=one.kind, id=one.id, place="thresholds.toml:1", models=(one.id.partition("-")[0],), left_out=one.left_out
            )
            for one in ended.unmeasured
        ),
    )
    fails = any(one.stops for one in records) or (missing and not narrowed) or rule == "broken" or not (records or missing)
    fails = fails or not (records or rule)  # then no test ran
    return made, int(bool(fails))


def test_many_models_are_counted_in_the_title_and_named_below_it():
    names = [f"net-{number}" for number in range(11)]
    records = [limit_record(model=name, verdict="FAIL" if number < 6 else "PASS") for number, name in enumerate(names)]
    said = headline(results(*records, models=names))
    assert said.verdict == "FAIL: 6 of 11 models are stopped; 5 of 11 models may be released."
    assert said.stops.startswith("net-0, net-1, net-2, net-3, net-4 and net-5 are stopped. net-0 is stopped under gaussian")
    assert said.stops.endswith("net-6, net-7, net-8, net-9 and net-10 may be released.")


def praised(text):
    """The models that a sentence says may be released."""
    found = re.findall(r"([\w, ]+) may be released", text.replace("no model may be released", ""))
    return {model for clause in found for model in MODELS if re.search(rf"\b{model}\b", clause)}


@given(runs(), st.sampled_from([0, 1, 4]))
@settings(max_examples=400, deadline=None)
def test_what_is_stopped_is_named_and_only_what_may_go_is_praised(run, named):
    """named: how many models the title may name; more are named in the sentence below it."""
    made, exit_code = run
    with mock.patch("robustness.report.headline.TITLE", named):
        said = headline(made)
    stopped = {model for one in made.records if one.stops for model in one.about}
    unmeasured = {model for promise in made.unmeasured for model in promise.models}
    kept = {model for one in made.records for model in one.about} - stopped - unmeasured
    for model in stopped:
        assert re.search(rf"\b{model}\b.*(is|are) stopped", said.text)
    assert not praised(said.text) & ({*MODELS} - kept)
    if made.verdict == "PASS":
        assert praised(said.text) == kept
    assert (said.verdict.split(":")[0] == "FAIL") is bool(exit_code)
    assert {one.model for one in said.models if one.may_be_released} == praised(said.text)


@given(runs())
@settings(max_examples=100, deadline=None)
def test_where_the_run_as_a_whole_is_amiss_nobody_is_praised(run):
    made, _ = run
    general = any(one.stops and not one.about for one in made.records)
    if made.gaps or made.errors or made.left_out or general:
        assert not praised(headline(made).text)
        assert "no model may be released" in headline(made).verdict


FAILED, UNDECIDED, KEPT = (
    limit_record("gaussian(sigma=25)", model="alpha", accuracy=0.5),
    limit_record("gaussian(sigma=5)", model="alpha", accuracy=0.76, verdict="INCONCLUSIVE"),
    limit_record("clean", model="beta", accuracy=0.9),
)


def failed(one, **more):
    return replace(one, verdict=Verdict.FAIL, stops=True, **more)


def test_what_failed_is_told_before_what_is_undecided():
    said = headline(results(UNDECIDED, failed(FAILED), KEPT, models=("alpha", "beta")))
    assert said.verdict == "FAIL: alpha is stopped; beta may be released."
    assert said.stops.startswith(
        "alpha is stopped by 1 failed and 1 undecided, first under gaussian(sigma=25): 50.00 %, 50 of 100, "
        "where 75 % is asked for."
    )


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (hunt_record(True, model="alpha"), "a hunt found too many flips"),
        (claim_record(True, models=("alpha",)), "a claim is supported, not refuted"),
        (flips_limit(model="alpha", stops=True), "max_flips"),
        (waves_limit(model="alpha", stops=True), "worst_band"),
        (limit_record("clean", model="alpha", accuracy=0.1, verdict="FAIL"), "under clean"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_each_kind_stops_its_model(record, why):
    said = headline(results(record, KEPT, models=("alpha", "beta")))
    assert said.verdict == "FAIL: alpha is stopped; beta may be released."
    assert why in said.stops


def test_the_lowest_accuracy_is_told_with_its_noise_even_where_all_is_kept():
    low = limit_record("periodic(amplitude=0.5)", model="beta", accuracy=0.05, required="0.04")
    said = headline(results(KEPT, low, models=("beta",), images=images()))
    assert said.lowest == "Lowest accuracy measured: 5.00 % (beta under periodic(amplitude=0.5), where 4 % is asked for)."
    assert said.sure == "Counted on 100 images of signs: exact for these images, and no statement about others."


def test_a_wave_may_be_the_lowest():
    assert (
        "20.00 % (net under the worst wave of the energy of periodic(amplitude=0.1))" in headline(results(waves_limit())).lowest
    )


def test_a_model_that_nothing_is_about_is_not_judged():
    (_, judge) = model_verdicts(results(limit_record(), models=("net", "judge")))
    assert (judge.words, judge.may_be_released) == ("no check is about it", False)


def test_a_broken_rule_or_generator_stops_all():
    assert headline(results(KEPT, models=("beta",), errors={"test_rules.py::test_mine": "no"})).verdict == (
        "FAIL: no model may be released: 1 rule broken (test_rules.py::test_mine)."
    )
    assert headline(results(KEPT, generator_record(True), models=("beta",))).verdict == (
        "FAIL: no model may be released: signs: a limit on the generator is broken."
    )


def test_a_narrowed_run_is_no_verdict():
    said = headline(results(KEPT, models=("beta",), verdict="PARTIAL", left_out=("beta-x",)))
    assert said.verdict == "PARTIAL: no model may be released: only 1 of 2 checks were measured."


def test_a_population_is_told_with_its_confidence():
    limit = limit_record(claim="population", confidence=0.99, low=0.7, high=0.9)
    assert headline(results(limit, confidence=0.99)).sure == (
        "Limits speak of the population that the images of signs were drawn from, each at 99 % confidence."
    )


def test_what_was_counted_in_part_is_not_said_to_be_exact():
    limit = limit_record(right=40, seen=50, total=100)
    assert headline(results(limit)).sure == (
        "Counted on a part of the images of signs, for each limit until its verdict was clear; no statement about others."
    )


def test_claims_alone_speak_of_the_population():
    assert headline(results(claim_record(), images=images(), confidence=0.9)).sure == (
        "Measured on 100 images of signs. Claims speak of the population that they were drawn from, each at 90 % confidence."
    )


WAIVED = replace(FAILED, verdict=Verdict.FAIL, stops=False, waived_until="2026-12-31", waiver="a new camera comes")


def test_waived_and_undecided_are_part_of_the_verdict():
    warned = replace(UNDECIDED, stops=False)
    assert headline(results(WAIVED, warned, models=("alpha",))).verdict == (
        "PASS: alpha may be released, with 1 check waived until 2026-12-31 and 1 check undecided."
    )


def test_each_kind_of_excuse_is_kept_apart():
    kept = replace(KEPT, waived_until="2026-12-31", waiver="before it was mended")
    limits = [kept, UNDECIDED, replace(UNDECIDED, stops=False), WAIVED, KEPT, failed(FAILED)]
    assert [excuse_of(limit) for limit in limits] == [
        Excuse.NEEDLESS,
        Excuse.STOPS,
        Excuse.WARNS,
        Excuse.WAIVED,
        None,
        None,
    ]
    assert [*excused(results(*limits))] == [*Excuse]


def test_an_expired_waiver_is_a_failure_and_no_excuse():
    assert excuse_of(failed(WAIVED)) is None
