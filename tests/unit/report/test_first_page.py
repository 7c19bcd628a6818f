"""For the file: what was declared, what was not, who signs, and how each model was fed."""

from __future__ import annotations

import re
from dataclasses import replace

from builders import limit_record, results

from robustness.declaration.about import About
from robustness.report.html.first_page import prepared_models, signers
from robustness.report.html.page import render_report
from robustness.report.results import DeclaredModel, Seen

ABOUT = About(
    title="Signs", release="2.4", scope="43 classes", limitations=("no snow",), responsible="A. Tester", reviewers=("B", "C")
)


def section(made, name="about"):
    return render_report(made).partition(f'id="{name}"')[2].partition("</section>")[0]


def test_what_is_declared_is_shown_and_what_is_not_is_said_to_be_missing():
    said = section(results(limit_record(), report=ABOUT))
    for word in ("43 classes", "no snow", "A. Tester"):
        assert word in said
    assert re.search(r"<dt>intended use</dt><dd>\s*<span[^>]*>not declared", said)
    assert said.count(">not declared<") == 4  # the others are the data, their licence, and why these levels
    assert "Signs, release 2.4" in render_report(results(limit_record(), report=ABOUT)).partition("<h1>")[0]


def test_whoever_is_named_has_a_line_to_sign_and_nobody_named_has_two():
    assert signers(results(report=ABOUT)) == [("A. Tester", "responsible"), ("B", "reviewer"), ("C", "reviewer")]
    assert signers(results()) == [("", "responsible"), ("", "reviewer")]


def test_the_commit_the_job_the_device_and_the_file_itself_are_there():
    said = section(results(limit_record()))
    for word in ("ab" * 20, "tree clean", "https://ci.example.org/1", "cpu, 2 cores", "1 thread a process"):
        assert word in said
    assert "<pre>schema = 1</pre>" in section(results(limit_record()), "made")


def test_only_a_model_with_a_hash_passed_its_sentinels():
    made = results(limit_record(), models=("net", "other"), model_hashes={"net": "cd" * 32})
    passed, unknown = prepared_models(made)
    assert (passed.sentinels, passed.hash) == ("passed", "cd" * 32)
    assert (unknown.sentinels, unknown.verdict) == ("not passed, or not run", "INCONCLUSIVE")


def test_a_preparation_is_told_with_its_defaults():
    model = DeclaredModel(name="net", load="onnx:net.onnx", size=40, fit="resize", mean=(0.5, 0.5, 0.5))
    (one,) = prepared_models(replace(results(), models={"net": model}))
    assert one.words == "load onnx:net.onnx, size 40, fit resize, mean 0.5/0.5/0.5, std 1/1/1, precision float32"


def test_how_a_model_saw_images_is_told_where_it_was_measured():
    seen = Seen(preparation="resize 256, crop 224", height=224, width=224, channels=3, mean=(0.5,) * 3, std=(0.25,) * 3)
    (one,) = prepared_models(results(seen={"net": seen}))
    assert one.words == "baseline-cnn, float32: resize 256, crop 224, 224 x 224 x 3, mean 0.5/0.5/0.5, std 0.25/0.25/0.25"


def test_what_people_wrote_is_text():
    evil = "<script>alert(1)</script>"
    page = render_report(results(limit_record(), report=About(title=evil, scope=evil, limitations=(evil,), reviewers=(evil,))))
    assert page.count("<script") == 1
