"""Answers of networks that could have been counted as what they are not: each ends in a failure that says why."""

from __future__ import annotations

from fnmatch import fnmatch

import pytest

FAILED = pytest.ExitCode.TESTS_FAILED
RETURN = "return torch.stack([excess, -excess], dim=1)"
SAME = """
[models.other]
load = "python:toy:another"
size = 8
fit = "resize"

[[limits]]
models = ["other"]
noise = "gaussian"
sigma = [0]
same_as = "toy"
max_differences = 0.0
"""
ALIVE = '[[limits]]\nmodels = ["toy"]\nnoise = "clean"\naccuracy = 1.0\n'


def answering(project, answer, *keys):
    project.edit("toy.py", "def make", "def another():\n    return Brightness()\n\n\ndef make")
    project.edit("toy.py", RETURN, answer)
    project.edit("thresholds.toml", 'fit = "resize"', "\n".join(['fit = "resize"', *keys]))


def only(project, limits):
    text = (project.pytester.path / "thresholds.toml").read_text().partition("[[limits]]")[0]
    project.write("thresholds.toml", text + limits)


def test_two_networks_that_tell_nothing_apart_do_not_agree(project):
    answering(project, "return torch.zeros(len(images), 2)")
    only(project, SAME + ALIVE)
    run = project.gate("-n", "0")
    assert run.ret == FAILED
    run.stdout.fnmatch_lines(["*gave logits that are all equal for 20 of 20 images of a batch*"])


def test_half_of_the_images_without_a_class_count_as_differences_and_as_wrong(project):
    """Fewer than half of a batch do not stop it; of two networks that say nothing neither confirms the other."""
    answering(project, "return torch.stack([excess, -excess], dim=1) * (excess > -0.265)[:, None]")
    only(project, SAME + ALIVE)
    run = project.gate("-n", "0")
    assert run.ret == FAILED
    run.assert_outcomes(failed=2)
    records = {record["asks"]: record for record in project.results()["limits"]}
    assert 0 < records["max_differences"]["value"] < 0.5
    assert records["max_differences"]["value"] == pytest.approx(1 - records["accuracy"]["accuracy"])
    assert {image["says"] for image in records["max_differences"]["details"]["images"]} == {"no class"}


@pytest.mark.parametrize(
    ("answer", "keys", "said"),
    [
        ("return torch.sigmoid(-excess)", ['output = "logits"'], "*all in 0..1, as probabilities are: say output*"),
        ("return -excess", [], "*one number an image is declared as output*"),
        ("return (excess < 0).long()", ['output = "logits"'], "*gave (64,) for a batch of 64, not logits*"),
        (f"{RETURN}.to(torch.complex64)", [], "*gave complex numbers*"),
        ("return torch.stack([excess, -excess], dim=1), images", [], "*with 2 tensors: say which are the logits*"),
        (RETURN, ['output = "probabilities"'], "*which are no probabilities*"),
        (RETURN, ['output = "sigmoid"', "threshold = 0.3"], "*which are no probabilities*"),
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(project, answer, keys, said):
    answering(project, answer, *keys)
    run = project.gate("-n", "0")
    assert run.ret == FAILED
    run.assert_outcomes(failed=3)
    run.stdout.fnmatch_lines([said])


@pytest.mark.parametrize(
    ("answer", "keys"),
    [
        ("return torch.sigmoid(-60 * excess)", ['output = "sigmoid"']),
        ("return -excess[:, None]", ['output = "logits"']),
        ("return {'scores': torch.stack([excess, -excess], dim=1), 'images': images}", ['output = "scores"']),
        ("return (lambda logits: logits.softmax(1))(torch.stack([excess, -excess], dim=1))", ['output = "probabilities"']),
    ],
)
def test_what_is_declared_passes(project, answer, keys):
    """The same project, so that the failures above are not for want of a network that works."""
    answering(project, answer, *keys)
    assert project.gate("-n", "0").ret == pytest.ExitCode.OK


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("threshold = 0.3", "*threshold: is for one number an image: say what that is*"),
        ("threshold = 1.0", "*threshold*"),
        ('weights_key = "ema"', "*weights_key: says which state dict of a file of weights, and no weights are named*"),
        ('dtype = "bfloat16"', "*dtype: unknown key: did you mean 'precision'?*"),
    ],
)
def test_keys_that_say_nothing_are_refused(project, key, said):
    answering(project, RETURN, key)
    run = project.gate("-n", "0")
    assert run.ret != pytest.ExitCode.OK
    assert any(fnmatch(line, said) for line in [*run.outlines, *run.errlines])
