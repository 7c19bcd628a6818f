"""Noises that the thresholds file declares, through the gate: measured once in a run, marked, and forgotten after it."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import torch
import torchvision.transforms.v2  # noqa: F401 - once here, as torch in conftest.py: it cannot be imported twice
from safetensors.torch import save_file

from robustness.models.baseline_cnn import BaselineCNN

FAILED = pytest.ExitCode.TESTS_FAILED
CHECKED = 4 * 16 + 4 + 2
"""Images that the sentinels put a declared noise on, of the twenty, and the two that the report shows."""
MARKED = ["mist(share=0.1)", "mist(share=0.3)", "blur(sigma=1)"]
DECLARED = """
[noises.mist]
load = "python:weather:mist"
magnitude = "share"
grey = 255
[noises.blur]
load = "torchvision:GaussianBlur"
magnitude = "sigma"
kernel_size = 3

[[limits]]
models = ["toy"]
noise = "mist"
share = [0.1, 0.3]
accuracy = 0.9
"""
BLURRED = """
[[limits]]
models = ["toy"]
noise = "blur"
sigma = 1
accuracy = 0.9
"""
FOG = """
def mist(images, share, grey):
    return (images * (1 - share) + grey * share).astype("uint8")
"""
SEEN = """
def mist(images, share, grey):
    if images.shape[1] == 8:  # as the model sees them; the report's pictures are larger
        with open("seen", "a") as file:
            file.write(f"{share}\\n" * len(images))
    return images ^ 1
"""


@pytest.fixture
def weather(project):
    """The project with two declared noises."""
    project.write("thresholds.toml", (project.pytester.path / "thresholds.toml").read_text() + DECLARED + BLURRED)
    project.write("weather.py", FOG)
    return project


def seen(project):
    """How many images each level was put on."""
    file = project.pytester.path / "seen"
    return Counter(file.read_text().split()) if file.exists() else Counter()


def bound_to_a_run(project):
    return list((project.pytester.path / "cache" / "results" / "runs").glob("*"))


def limits(project):
    return {limit["noise"]: limit for limit in project.results()["limits"]}


def use_a_network_of_the_package(project):
    """In place of the toy, whose code cannot be hashed: nothing but the noise binds a result to its run."""
    torch.manual_seed(0)
    save_file(BaselineCNN(2, 8).state_dict(), project.pytester.path / "net.safetensors")
    project.edit("thresholds.toml", 'load = "python:toy:make"', 'load = "baseline-cnn"\nweights = "net.safetensors"')
    for accuracy in ("accuracy = 1.0", "accuracy = [0.9, 0.8]", "accuracy = 0.9"):
        project.edit("thresholds.toml", accuracy, "accuracy = 0")


def test_declared_noises_are_gated_and_marked_everywhere(weather):
    run = weather.gate()
    assert run.ret == 0
    run.assert_outcomes(passed=6)
    run.stdout.fnmatch_lines(
        [
            "toy * mist(share=0.1) † * PASS",
            "toy * blur(sigma=1) † *",
            "† a transform of the thresholds file's own*",
            "*PASS: all 6*",
        ]
    )
    run.stdout.no_fnmatch_line("*gaussian(sigma=5) †*")
    measured = limits(weather)
    assert {noise for noise, limit in measured.items() if not limit["bit_identical"]} == set(MARKED)
    assert {measured[noise]["identity"] for noise in MARKED} == {None}
    assert measured["gaussian(sigma=5)"]["identity"] == 0
    assert [entry["noise"] for entry in weather.results()["gallery"]] == list(measured)
    page = (weather.pytester.path / "robustness-report" / "report.html").read_text()
    accuracies = page.partition('<h2 id="accuracy">')[2].partition("</section>")[0]
    assert re.findall(r'<th scope="row">(.*?)</th>', accuracies) == ["clean", "gaussian(sigma=5)", "gaussian(sigma=25)"] + [
        f"{noise} †" for noise in MARKED
    ]
    assert page.count("† A transform that the thresholds file declares") == 1
    assert bound_to_a_run(weather) == []


def test_without_declared_noises_nothing_is_marked(project):
    run = project.gate()
    run.stdout.no_fnmatch_line("*†*")
    assert "†" not in (project.pytester.path / "robustness-report" / "report.html").read_text()


def test_an_edited_callable_breaks_its_limits_in_the_next_run(weather):
    assert weather.gate().ret == 0
    weather.edit("weather.py", "(images * (1 - share) + grey * share)", "(images * 0)")
    run = weather.gate()
    assert run.ret == FAILED
    run.assert_outcomes(passed=4, failed=2)
    run.stdout.fnmatch_lines(['  repeat: robustness evaluate toy --thresholds thresholds.toml --noise "mist(share=0.3)"'])
    page = (weather.pytester.path / "robustness-report" / "report.html").read_text()
    assert "<h3>toy under mist: 2 failed †</h3>" in page


def test_a_declared_noise_is_measured_afresh_in_every_run_and_others_are_not(weather):
    use_a_network_of_the_package(weather)
    weather.write("weather.py", SEEN)
    assert weather.gate().ret == 0
    assert weather.gate().ret == 0
    assert seen(weather) == {"0.1": 2 * (CHECKED + 20), "0.3": 2 * (CHECKED + 20)}
    assert {noise for noise, limit in limits(weather).items() if not limit["stored"]} == set(MARKED)
    assert bound_to_a_run(weather) == []


def test_a_rule_measures_under_a_declared_noise(weather):
    weather.write("weather.py", SEEN)
    weather.write(
        "test_project_rules.py",
        "def test_rule(toy, test_set, accuracy, robustness_thresholds):\n"
        "    mist = robustness_thresholds.kinds['mist'](0.1)\n"
        "    assert accuracy(toy, test_set, mist) == accuracy(toy, test_set, mist) == 1\n",
    )
    run = weather.gate(paths=("thresholds.toml", "test_project_rules.py"))
    run.assert_outcomes(passed=7)
    assert seen(weather) == {"0.1": CHECKED + 3 * 20, "0.3": CHECKED + 20}
    assert bound_to_a_run(weather) == []


def test_a_preset_is_a_limit_for_each_of_its_noises(project):
    preset = 'noise = "imagenet-c"\nseverity = [1, 2]\naccuracy = [0.9, 0.8]'
    project.edit("thresholds.toml", 'noise = "gaussian"\nsigma = [5, 25]\naccuracy = [0.9, 0.8]', preset)
    run = project.gate()
    run.assert_outcomes(passed=9)
    assert [(noise, limit["required"]) for noise, limit in limits(project).items()][:5] == [
        ("clean", "1.0"),
        ("gaussian(sigma=20.4)", "0.9"),
        ("shot(gain=4.25)", "0.9"),
        ("impulse(amount=0.03)", "0.9"),
        ("speckle(sigma=0.15)", "0.9"),
    ]


# What cannot be measured fails the run, and the report says why

BODY = "def mist(images, share, grey):\n    "
BAD = {
    "raises": (f"{BODY}raise ValueError('no mist today')", "mist(share=0.1) (python:weather:mist) raised ValueError: no mist*"),
    "exits": (f"{BODY}raise SystemExit(0)", "mist(share=0.1) (python:weather:mist) raised SystemExit: 0*"),
    "skips": (f"import pytest\n{BODY}pytest.skip('no mist')", "mist(share=0.1) (python:weather:mist) raised Skipped: no mist*"),
    "floats": (
        f"{BODY}return images / 255",
        "mist(share=0.1) (python:weather:mist) returned float64 of (1, 8, 8, 3), not uint8*",
    ),
    "exits when imported": (f"{BODY}return images\nraise SystemExit(0)", "python:weather:mist: SystemExit: 0*"),
}


@pytest.mark.parametrize(
    ("code", "message"),
    [pytest.param(*BAD[name], id=name) for name in BAD],
)
def test_a_callable_that_cannot_be_measured_with_fails_its_limits_and_no_others(weather, code, message):
    weather.write("weather.py", code)
    run = weather.gate()
    assert run.ret == FAILED
    run.stdout.fnmatch_lines([message, "*FAIL: *2 limits not measured: toy-mist(share=0.1), toy-mist(share=0.3)*"])
    results = weather.results()
    assert results["verdict"] == "FAIL"
    assert list(limits(weather)) == ["clean", "gaussian(sigma=5)", "gaussian(sigma=25)", "blur(sigma=1)"]
    assert (weather.pytester.path / "robustness-report" / "report.html").exists()
    assert bound_to_a_run(weather) == []


def test_a_callable_for_the_models_size_alone_can_be_gated(weather):
    weather.edit("weather.py", "return", "assert images.shape[1:] == (8, 8, 3)  # the gallery's pictures have 40\n    return")
    assert weather.gate().ret == 0
    assert [entry["noise"] for entry in weather.results()["gallery"]][-1] == "blur(sigma=1)"
