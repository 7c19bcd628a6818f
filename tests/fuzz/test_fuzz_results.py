"""`results.json`, from the file to the report: one whole page, or one line and no page."""

from __future__ import annotations

import html
import json

import pytest
from builders import images, limit_record, results
from hostile import attempt, check_message, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, damaged, mutated

from robustness.cli import main
from robustness.errors import RobustnessError
from robustness.noise import Gaussian
from robustness.report.file import read_results, results_to_json
from robustness.report.results import Confusions

MADE = results(
    limit_record(Gaussian(5), model="cnn", accuracy=0.9, low=0.88, high=0.92, claim="population"),
    limit_record(Gaussian(25), model="cnn", accuracy=0.5, low=0.48, high=0.52, claim="population", verdict="FAIL"),
    models=("cnn",),
    data="made",
    model_hashes={"cnn": "ab"},
    images=images("stop", "go", name="made"),
    confusions=(
        Confusions(model="cnn", noise="clean", accuracy=0.8, seen=(50, 50), right=(40, 40), pairs=((0, 1, 10), (1, 0, 10))),
    ),
)
RESULTS = json.loads(results_to_json(MADE))


@pytest.fixture
def report(folder, capsys):
    """Make a report of a file of that content; its text, or None."""
    file, page = folder / "results.json", folder / "page.html"

    def report(content, parser):
        file.write_bytes(content)
        page.unlink(missing_ok=True)
        try:
            past = isinstance(json.loads(content), dict)
        except (ValueError, RecursionError):
            past = False

        def command():
            capsys.readouterr()
            if main(["report", str(file), "-o", str(page)]):
                said = capsys.readouterr().err
                assert not page.exists()
                raise RobustnessError(said.removesuffix("\n"))
            return page.read_text(encoding="utf-8")

        text, message = attempt(parser, command, "results.json", past)
        assert {path.name for path in folder.iterdir()} <= {"results.json", "page.html"}
        if text is None:
            check_message(message or "", "results.json", lines=False)
            return None
        assert past
        assert text.rstrip().endswith("</html>")
        check(read_results(file))
        return text

    return report


def test_the_results_that_are_made_wrong_are_right(report):
    assert "FAIL: no model may be released; cnn is stopped." in report(json.dumps(RESULTS).encode(), "report")


def check(results):
    """That no verdict is better than what it is made of."""
    assert results.verdict == "FAIL" or not (any(one.stops for one in results.records) or results.gaps or results.errors)
    assert results.verdict in ("PASS", "FAIL", "PARTIAL")


@many(600)
@given(data=st.data())
def test_wrong_results_are_refused_or_agree_with_their_verdict(folder, data):
    where = data.draw(st.sampled_from([None, "limits", "limits"]))
    results = data.draw(mutated(RESULTS)) if where is None else RESULTS | {where: data.draw(mutated(RESULTS[where]))}
    verdict = data.draw(st.sampled_from(["PASS", "PARTIAL", "FAIL", None]))
    file = folder / "results.json"
    file.write_text(json.dumps(results if verdict is None else results | {"verdict": verdict}))
    read, _ = attempt("results.json", lambda: read_results(file), "results.json", True, folder)
    if read is not None:
        check(read)


@many(30)
@given(data=st.data())
def test_wrong_results_make_a_page_or_one_line(report, data):
    where = data.draw(st.sampled_from([None, "limits", "limits", "images", "run", "confusions"]))
    results = data.draw(mutated(RESULTS)) if where is None else RESULTS | {where: data.draw(mutated(RESULTS[where]))}
    text = report(json.dumps(results).encode(), "report")
    assert text is None or "{{7*7}}" not in text or "49" not in text.partition("{{7*7}}")[0][-2:]


@many(8)
@given(content=damaged(json.dumps(RESULTS).encode(), hits=2))
def test_damaged_results_make_a_page_or_one_line(report, content):
    report(content, "report")


@many(8)
@given(
    content=VALUES.map(json.dumps)
    | st.sampled_from(["[" * 5000, '{"schema": 1, "limits": ' * 2000, "9" * 5000, '{"schema": true}', '{"schema": NaN}'])
)
def test_what_is_no_results_makes_one_line(report, content):
    assert report(content.encode(), "report") is None


SCRIPT = "<script>alert(1)</script>"


def test_texts_in_results_are_text_in_the_page(report):
    results = json.dumps(RESULTS).replace("gaussian", SCRIPT).replace("made", SCRIPT).replace("stop", SCRIPT)
    text = report(results.replace(f'"{SCRIPT}s"', '"stops"').encode(), "report")
    assert text is not None
    assert html.escape(SCRIPT) in text
    assert SCRIPT not in text
