"""The ledger: what is missing is a failure."""

from __future__ import annotations

import itertools

import pytest

from robustness.gate.ledger import Ledger
from robustness.gate.records import to_property

RULE = to_property("rule", {})


def limit_test(limit):
    return f"suite/test_limits.py::test_limit[{limit}]"


def limit_record(limit, verdict="PASS"):
    return to_property(
        "limit", {"limit": limit, "verdict": verdict, "stops": verdict == "FAIL", "asks": "accuracy", "is_plain": True}
    )


def run(ledger, limit, verdict="PASS", failure=None):
    """Enter a test of a limit as pytest reports it: set up, called, torn down."""
    test = limit_test(limit)
    ledger.collect([test])
    records = [RULE, limit_record(limit, verdict)]
    ledger.report(test, False, None, [RULE])
    ledger.report(test, False, failure or ("broken" if verdict != "PASS" else None), records)
    ledger.report(test, True, None, records)


def test_all_limits_measured_and_kept_is_a_pass():
    ledger = Ledger(["a", "b"], asked=True)
    for limit in ("b", "a"):
        run(ledger, limit)
    assert (ledger.verdict, ledger.gaps(), ledger.errors, ledger.left_out) == ("PASS", [], {}, [])
    assert list(ledger.outcomes) == ["a", "b"]  # in the file's order


def test_a_broken_limit_is_a_failure():
    ledger = Ledger(["a", "b"], asked=True)
    run(ledger, "a")
    run(ledger, "b", "FAIL")
    assert (ledger.verdict, ledger.gaps(), ledger.errors) == ("FAIL", [], {})
    assert ledger.outcomes["b"]["verdict"] == "FAIL"


def test_a_limit_no_test_was_collected_for_is_a_gap():
    ledger = Ledger(["a", "b"], asked=True)
    run(ledger, "a")
    assert ledger.gaps() == ["1 limit not measured: b"]
    assert ledger.verdict == "FAIL"


def test_a_collected_test_that_never_reported_is_a_gap():
    ledger = Ledger(["a"], asked=True)
    run(ledger, "a")
    ledger.collect(["test_rules.py::test_mine"])
    assert ledger.gaps() == ["1 collected test never reported: test_rules.py::test_mine"]
    assert ledger.verdict == "FAIL"


def test_a_test_that_was_not_torn_down_is_a_gap():
    ledger = Ledger(["a"], asked=True)
    ledger.collect([limit_test("a")])
    ledger.report(limit_test("a"), False, None, [RULE, limit_record("a")])
    assert ledger.gaps() == [f"1 collected test never reported: {limit_test('a')}"]


def test_a_skipped_limit_is_a_gap_even_in_a_narrowed_run():
    ledger = Ledger(["a"], narrowed=True)
    ledger.collect([limit_test("a")])
    ledger.report(limit_test("a"), True, None, [RULE])
    assert ledger.gaps() == ["1 limit not measured: a"]
    assert ledger.verdict == "FAIL"


def test_a_broken_limit_whose_test_did_not_fail_is_a_gap():
    ledger = Ledger(["a"], asked=True)
    ledger.collect([limit_test("a")])
    ledger.report(limit_test("a"), True, None, [RULE, limit_record("a", "FAIL")])
    assert ledger.gaps() == ["1 broken limit whose test did not fail (xfail hides nothing here): a"]
    assert ledger.verdict == "FAIL"


def test_a_limit_that_could_not_be_measured_is_an_error_and_a_gap():
    ledger = Ledger(["a"], asked=True)
    ledger.collect([limit_test("a")])
    ledger.report(limit_test("a"), False, "no such weights", [RULE])
    ledger.report(limit_test("a"), True, "and a teardown error", [RULE])
    assert ledger.errors == {limit_test("a"): "no such weights"}
    assert ledger.gaps() == ["1 limit not measured: a"]
    assert ledger.verdict == "FAIL"


def test_a_broken_rule_of_the_projects_own_is_a_failure():
    ledger = Ledger(["a"], asked=True)
    run(ledger, "a")
    ledger.collect(["test_rules.py::test_mine"])
    ledger.report("test_rules.py::test_mine", True, "assert 0.4 > 0.5", [RULE])
    assert ledger.errors == {"test_rules.py::test_mine": "assert 0.4 > 0.5"}
    assert (ledger.verdict, ledger.gaps()) == ("FAIL", [])


def test_a_failed_test_that_is_not_the_gates_is_none_of_its_business():
    ledger = Ledger(["a"], asked=True)
    run(ledger, "a")
    ledger.collect(["test_other.py::test_x"])
    ledger.report("test_other.py::test_x", True, "assert False", [])
    assert (ledger.verdict, ledger.errors) == ("PASS", {})


@pytest.mark.parametrize("how", ["narrowed", "deselected"])
def test_a_run_that_left_limits_out_on_purpose_is_partial(how):
    ledger = Ledger(["a", "b"], asked=True, **{how: True})
    run(ledger, "a")
    assert (ledger.verdict, ledger.gaps(), ledger.left_out) == ("PARTIAL", [], ["b"])


def test_deselected_rules_make_a_run_partial_though_all_limits_hold():
    ledger = Ledger(["a"], asked=True, deselected=True)
    run(ledger, "a")
    assert (ledger.verdict, ledger.left_out) == ("PARTIAL", [])


def test_a_narrowed_run_that_left_nothing_out_is_whole():
    ledger = Ledger(["a"], asked=True, narrowed=True)
    run(ledger, "a")
    assert ledger.verdict == "PASS"


@pytest.mark.parametrize(
    ("narrowed", "verdict", "measured", "wanted"),
    [
        (narrowed, verdict, measured, "FAIL" if verdict == "FAIL" else wanted)
        for (narrowed, measured, wanted), verdict in itertools.product(
            [(False, "all", "PASS"), (True, "all", "PASS"), (False, "one", "FAIL"), (True, "one", "PARTIAL")], ["PASS", "FAIL"]
        )
    ],
)
def test_verdicts(narrowed, verdict, measured, wanted):
    ledger = Ledger(["a", "b"], asked=True, narrowed=narrowed)
    run(ledger, "a", verdict)
    if measured == "all":
        run(ledger, "b")
    assert ledger.verdict == wanted


def test_long_gaps_are_shortened():
    ledger = Ledger(["a", "b", "c", "d", "e"], asked=True)
    assert ledger.gaps() == ["5 limits not measured: a, b, c and 2 more"]


@pytest.mark.parametrize(
    ("asked", "collected", "wanted"),
    [
        (True, [], True),
        (False, [limit_test("a")], True),
        (False, [limit_test("unknown")], False),
        (False, ["test_other.py::test_x[a]"], False),
        (False, [], False),
    ],
)
def test_a_run_is_a_gate_when_asked_for_or_when_limits_were_collected(asked, collected, wanted):
    ledger = Ledger(["a"], asked=asked)
    ledger.collect(collected)
    assert ledger.is_gate is wanted


def test_measurements_of_rules_are_kept_by_test():
    ledger = Ledger(["a"], asked=True)
    measured = to_property("measurement", {"right": 3})
    ledger.report("test_rules.py::test_mine", False, None, [RULE])
    ledger.report("test_rules.py::test_mine", True, None, [RULE, measured])
    assert ledger.records["test_rules.py::test_mine"] == [{"kind": "rule"}, {"kind": "measurement", "right": 3}]


def test_a_test_that_kept_its_limit_and_failed_all_the_same_is_an_error():
    ledger = Ledger(["a"], asked=True)
    run(ledger, "a", "PASS", failure="teardown broke")
    assert (ledger.verdict, ledger.errors) == ("FAIL", {limit_test("a"): "teardown broke"})


@pytest.mark.parametrize("verdicts", [("FAIL", "PASS"), ("PASS", "FAIL")])
def test_of_two_measurements_of_one_limit_the_broken_one_stands(verdicts):
    ledger = Ledger(["a"], asked=True)
    for number, verdict in enumerate(verdicts):
        test = f"{number}/{limit_test('a')}"
        ledger.collect([test])
        ledger.report(test, True, "broken" if verdict == "FAIL" else None, [RULE, limit_record("a", verdict)])
    assert ledger.verdict == "FAIL"


def test_no_limits_at_all_is_no_pass():
    assert Ledger([], asked=True).verdict == "FAIL"


def test_a_generator_limit_is_a_promise_like_the_others():
    test = "suite/test_generators.py::test_generator_limit[signs-fidelity]"
    record = {"generator_limit": "signs-fidelity", "generator": "signs", "stops": True, "judged": {"fidelity": 0.4}}
    ledger = Ledger(["a"], generator_limits=["signs-fidelity", "signs-recall"], asked=True)
    run(ledger, "a")
    ledger.collect([test])
    ledger.report(test, True, None, [RULE, to_property("generator_limit", record)])
    assert list(ledger.judged) == ["signs-fidelity"]
    assert ledger.gaps() == [
        "1 generator limit not measured: signs-recall",
        "1 broken generator limit whose test did not fail (xfail hides nothing here): signs-fidelity",
    ]
    assert ledger.verdict == "FAIL"
