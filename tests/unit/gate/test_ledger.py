"""The ledger: what is missing is a failure."""

from __future__ import annotations

import itertools
from decimal import Decimal
from pathlib import Path

import pytest
from builders import claim_record, generator_record, hunt_record, ledger, limit_record, thresholds

from robustness.gate.ledger import PROMISE_TEST, Ledger
from robustness.gate.notes import GateTest, RuleMeasured
from robustness.hunts.record import HuntRecord
from robustness.limits.limit import Limit
from robustness.limits.record import LimitRecord
from robustness.noise import Gaussian

RULE = GateTest()


def limit_test(limit):
    return f"suite/test_limits.py::test_limit[{limit}]"


def run(entered, limit, verdict="PASS", failure=None):
    """Enter a test of a limit as pytest reports it: set up, called, torn down."""
    test = limit_test(limit)
    entered.collect([test])
    notes = [RULE, limit_record(limit=limit, verdict=verdict)]
    entered.report(test, False, None, [RULE])
    entered.report(test, False, failure or ("broken" if verdict != "PASS" else None), notes)
    entered.report(test, True, None, notes)


def test_all_limits_measured_and_kept_is_a_pass():
    kept = ledger(["a", "b"])
    for limit in ("b", "a"):
        run(kept, limit)
    ended = kept.close()
    assert (ended.verdict, ended.gaps, ended.errors, ended.left_out) == ("PASS", (), {}, ())
    assert [record.id for record in ended.records] == ["a", "b"]  # in the file's order


def test_a_broken_limit_is_a_failure():
    kept = ledger(["a", "b"])
    run(kept, "a")
    run(kept, "b", "FAIL")
    ended = kept.close()
    assert (ended.verdict, ended.gaps, ended.errors) == ("FAIL", (), {})
    assert ended.records[1].verdict == "FAIL"


def test_a_limit_no_test_was_collected_for_is_a_gap():
    kept = ledger(["a", "b"])
    run(kept, "a")
    ended = kept.close()
    assert ended.gaps == ("1 limit not measured: b",)
    assert ended.verdict == "FAIL"


def test_a_collected_test_that_never_reported_is_a_gap():
    kept = ledger(["a"])
    run(kept, "a")
    kept.collect(["test_rules.py::test_mine"])
    ended = kept.close()
    assert ended.gaps == ("1 collected test never reported: test_rules.py::test_mine",)
    assert ended.verdict == "FAIL"


def test_a_test_that_was_not_torn_down_is_a_gap():
    kept = ledger(["a"])
    kept.collect([limit_test("a")])
    kept.report(limit_test("a"), False, None, [RULE, limit_record(limit="a")])
    ended = kept.close()
    assert ended.gaps == (f"1 collected test never reported: {limit_test('a')}",)


def test_a_skipped_limit_is_a_gap_even_in_a_narrowed_run():
    kept = ledger(["a"], narrowed=True)
    kept.collect([limit_test("a")])
    kept.report(limit_test("a"), True, None, [RULE])
    ended = kept.close()
    assert ended.gaps == ("1 limit not measured: a",)
    assert ended.verdict == "FAIL"


def test_a_broken_limit_whose_test_did_not_fail_is_a_gap():
    kept = ledger(["a"])
    kept.collect([limit_test("a")])
    kept.report(limit_test("a"), True, None, [RULE, limit_record(limit="a", verdict="FAIL")])
    ended = kept.close()
    assert ended.gaps == ("1 broken limit whose test did not fail (xfail hides nothing here): a",)
    assert ended.verdict == "FAIL"


def test_a_limit_that_could_not_be_measured_is_an_error_and_a_gap():
    kept = ledger(["a"])
    kept.collect([limit_test("a")])
    kept.report(limit_test("a"), False, "no such weights", [RULE])
    kept.report(limit_test("a"), True, "and a teardown error", [RULE])
    ended = kept.close()
    assert ended.errors == {limit_test("a"): "no such weights"}
    assert ended.gaps == ("1 limit not measured: a",)
    assert ended.verdict == "FAIL"


def test_a_broken_rule_of_the_projects_own_is_a_failure():
    kept = ledger(["a"])
    run(kept, "a")
    kept.collect(["test_rules.py::test_mine"])
    kept.report("test_rules.py::test_mine", True, "assert 0.4 > 0.5", [RULE])
    ended = kept.close()
    assert ended.errors == {"test_rules.py::test_mine": "assert 0.4 > 0.5"}
    assert (ended.verdict, ended.gaps) == ("FAIL", ())


def test_a_failed_test_that_is_not_the_gates_is_none_of_its_business():
    kept = ledger(["a"])
    run(kept, "a")
    kept.collect(["test_other.py::test_x"])
    kept.report("test_other.py::test_x", True, "assert False", [])
    ended = kept.close()
    assert (ended.verdict, ended.errors) == ("PASS", {})


def test_a_run_that_left_limits_out_on_purpose_is_partial():
    kept = ledger(["a", "b"], narrowed=True)
    run(kept, "a")
    ended = kept.close()
    assert (ended.verdict, ended.gaps, ended.left_out) == ("PARTIAL", (), ("b",))


NOBODY = "not on the command line: say it there, or add --allow-partial"


@pytest.mark.parametrize("by", ["", "-k in addopts of pytest.ini"])
def test_limits_left_out_by_what_nobody_asked_for_are_gaps_that_say_why(by):
    kept = ledger(["a", "b"], deselected={limit_test("b")}, elsewhere=by)
    run(kept, "a")
    ended = kept.close()
    gaps = (f"narrowed by {by or 'a plugin or a conftest.py'}, {NOBODY}", "1 limit not measured: b")
    assert (ended.verdict, ended.gaps, ended.left_out) == ("FAIL", gaps, ())


def test_limits_that_were_never_collected_because_of_an_ini_file_are_gaps_that_say_why():
    kept = ledger(["a", "b"], elsewhere="a node id in addopts")
    run(kept, "a")
    assert kept.close().gaps == (f"narrowed by a node id in addopts, {NOBODY}", "1 limit not measured: b")


def test_what_could_narrow_and_left_nothing_out_is_no_gap():
    kept = ledger(["a"], elsewhere="-m in addopts", deselected={f"again/{limit_test('a')}"})
    run(kept, "a")
    assert kept.close().verdict == "PASS"


def rule(kept, skipped=False):
    """Enter a rule of the project's own, in a file of its own."""
    kept.collect(["test_rules.py::test_mine"])
    kept.files["test_rules.py::test_mine"] = "/project/test_rules.py"
    kept.report("test_rules.py::test_mine", True, None, [RULE], skipped)


@pytest.mark.parametrize(
    ("left_out", "gaps"),
    [
        (lambda kept: rule(kept, skipped=True), ("1 rule skipped: test_rules.py::test_mine",)),
        (lambda kept: kept.skipped_files.append("test_rules.py"), ("1 file that skips itself: test_rules.py",)),
        (
            lambda kept: kept.named.update({"test_rules.py": Path("/project/test_rules.py")}),
            ("1 named file without a test that ran: test_rules.py",),
        ),
        (
            lambda kept: kept.deselected.add("test_rules.py::test_mine"),
            (
                "1 rule deselected: test_rules.py::test_mine",
                f"narrowed by a plugin or a conftest.py, {NOBODY}",
            ),
        ),
    ],
    ids=["skipped", "skipped file", "empty file", "deselected"],
)
def test_a_rule_that_did_not_run_is_a_gap_or_makes_a_narrowed_run_partial(left_out, gaps):
    kept = ledger(["a"])
    run(kept, "a")
    left_out(kept)
    assert (kept.close().verdict, kept.close().gaps) == ("FAIL", gaps)
    kept.narrowed = True
    ended = kept.close()
    assert (ended.verdict, ended.gaps, ended.left_out) == ("PARTIAL", (), ())


@pytest.mark.parametrize("named", ["/project", "/project/test_rules.py"])
def test_a_named_file_or_folder_with_a_test_that_ran_is_no_gap(named):
    kept = ledger(["a"], named={"rules": Path(named)})
    run(kept, "a")
    rule(kept)
    assert kept.close().verdict == "PASS"


def test_the_files_whose_tests_measured_promises_are_told():
    kept = ledger(["a"])
    run(kept, "a")
    rule(kept)
    kept.files[limit_test("a")] = "/suite/test_limits.py"
    assert kept.close().files == ("/suite/test_limits.py",)


def test_a_narrowed_run_that_left_nothing_out_is_whole():
    kept = ledger(["a"], narrowed=True)
    run(kept, "a")
    ended = kept.close()
    assert ended.verdict == "PASS"


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
    kept = ledger(["a", "b"], narrowed=narrowed)
    run(kept, "a", verdict)
    if measured == "all":
        run(kept, "b")
    ended = kept.close()
    assert ended.verdict == wanted


def test_long_gaps_are_shortened():
    kept = ledger(["a", "b", "c", "d", "e"])
    ended = kept.close()
    assert ended.gaps == ("5 limits not measured: a, b, c and 2 more",)


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
    kept = ledger(["a"], asked=asked)
    kept.collect(collected)
    assert kept.is_gate is wanted


def test_measurements_of_rules_are_kept_by_test():
    kept = ledger(["a"])
    measured = RuleMeasured(case="net / set", key="k", right=3, total=5)
    kept.report("test_rules.py::test_mine", False, None, [RULE])
    kept.report("test_rules.py::test_mine", True, None, [RULE, measured])
    assert kept.close().notes["test_rules.py::test_mine"] == (RULE, measured)


def test_a_test_that_kept_its_limit_and_failed_all_the_same_is_an_error():
    kept = ledger(["a"])
    run(kept, "a", "PASS", failure="teardown broke")
    ended = kept.close()
    assert (ended.verdict, ended.errors) == ("FAIL", {limit_test("a"): "teardown broke"})


@pytest.mark.parametrize("verdicts", [("FAIL", "PASS"), ("PASS", "FAIL")])
def test_of_two_measurements_of_one_limit_the_broken_one_counts(verdicts):
    kept = ledger(["a"])
    for number, verdict in enumerate(verdicts):
        test = f"{number}/{limit_test('a')}"
        kept.collect([test])
        kept.report(test, True, "broken" if verdict == "FAIL" else None, [RULE, limit_record(limit="a", verdict=verdict)])
    ended = kept.close()
    assert ended.verdict == "FAIL"


def test_no_limits_at_all_is_no_pass():
    assert ledger([]).close().verdict == "FAIL"


RECORDS = {"limit": limit_record, "hunt": hunt_record, "claim": claim_record, "generator_limit": generator_record}


@pytest.mark.parametrize("kind", RECORDS)
def test_a_promise_of_any_kind_is_kept_broken_or_a_gap(kind):
    """One is kept, one broken by a test that hides it, and one not measured; the limit of the same name is another promise."""
    ids = ["signs-one", "signs-two", "signs-three"]
    others = {"limit": ["signs-one"]} if kind != "limit" else {}
    kept = ledger(**others | {kind: ids})
    run(kept, "signs-one")
    for name, stops in zip(ids[:2], (False, True), strict=True):
        test = f"suite/test_any.py::test_{kind}[{name}]"
        kept.collect([test])
        kept.report(test, True, None, [RULE, RECORDS[kind](stops=stops, **{kind: name})])
    ended = kept.close()
    assert [record.id for record in ended.records if record.kind == kind] == ids[:2]
    noun = kind.replace("_", " ")
    assert ended.gaps == (
        f"1 {noun} not measured: signs-three",
        f"1 broken {noun} whose test did not fail (xfail hides nothing here): signs-two",
    )
    assert ended.verdict == "FAIL"


def test_a_whole_run_is_searched_for_promises_about_once_a_test(monkeypatch):
    """The verdict of a narrowed run took the cube of the number of limits once: 300 took longer than measuring them."""
    searches = []

    class Counted:
        def search(self, test):
            searches.append(test)
            return PROMISE_TEST.search(test)

    monkeypatch.setattr("robustness.gate.ledger.PROMISE_TEST", Counted())
    ids = [f"net-gaussian(sigma={number})" for number in range(300)]
    kept = ledger(ids, narrowed=True, deselected={"x"})
    for name in ids[::2]:
        run(kept, name)
    assert (kept.is_gate, searches) == (True, [])
    ended = kept.close()
    assert (ended.verdict, len(ended.left_out), len(ended.records)) == ("PARTIAL", 150, 150)
    assert len(searches) <= 2 * 150


def test_a_worker_that_died_and_a_file_not_collected_are_gaps():
    kept = ledger(["a"])
    run(kept, "a")
    kept.dead_workers.append("gw1")
    kept.uncollected += ["x.py", "y.py"]
    ended = kept.close()
    assert ended.gaps == ("2 files not collected: x.py, y.py", "1 worker died: gw1")
    assert ended.verdict == "FAIL"


def test_seconds_of_a_test_add_up_over_its_parts():
    kept = ledger(["a"])
    for seconds in ((), (1.5,), (0.25,)):
        kept.report("test_x.py::test_y", True, None, (RULE,), False, *seconds)
    assert kept.close().seconds == {"test_x.py::test_y": 1.75}


def test_records_of_one_class_are_given_apart():
    kept = ledger(["a"])
    run(kept, "a")
    ended = kept.close()
    assert ended.of(LimitRecord) == ended.records
    assert ended.of(HuntRecord) == ()


def test_a_ledger_is_made_for_the_promises_of_a_file():
    limit = Limit("net", Gaussian(5), "accuracy", Decimal(0), "t:1")
    made = Ledger.of(thresholds(limit))
    assert made.promised == {"limit": [str(limit)], "hunt": [], "claim": [], "generator_limit": []}
    assert (made.asked, made.narrowed, made.is_gate) == (False, False, False)
    asked = Ledger.of(thresholds(limit), asked=True, narrowed=True)
    assert (asked.asked, asked.narrowed, asked.is_gate) == (True, True, True)


@pytest.mark.parametrize(
    ("test", "known"),
    [
        ("net-blur(größe=3)", r"net-blur(gr\xf6\xdfe=3)"),
        ("net-clean", "net-clean"),
        ("net-日(a=1)", r"net-\u65e5(a=1)"),
    ],
)
def test_a_promise_is_known_by_the_letters_that_pytest_writes(test, known):
    assert Ledger({"limit": [test]}).promise_of(limit_test(known)) == ("limit", test)
