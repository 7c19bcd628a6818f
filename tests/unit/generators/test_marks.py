"""A generator's marks in plain values: judged once, and judged anew when anything they depend on is another."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from builders import COLOURS, NamesColours, Painter, painted
from PIL import Image

import robustness.generators.marks
from robustness.data import Fit
from robustness.evaluation.store import Store
from robustness.gan.condition import Condition
from robustness.gan.judge import judge
from robustness.gan.sample import Generator
from robustness.generators.marks import marks_of
from robustness.models.classifier import Classifier

pytestmark = pytest.mark.usefixtures("exact_arithmetic")

LOSSES = {"generator": (1.0, 2.0), "discriminator": (1.0, 1.0)}


class Weighted(Painter):
    """A painter with weights, of which its hash speaks."""

    def __init__(self, weight=0.0):
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight))


def changed(what):
    """The arguments of a judging, one of them changed."""
    generator = Generator(
        Weighted(1.0 if what == "weights" else 0.0),
        Condition(COLOURS if what != "condition" else ()),
        {**LOSSES, "generator": (1.0, 3.0)} if what == "losses" else LOSSES,
        "another hash" if what == "trained on" else None,
    )
    module = NamesColours()
    if what == "judge":
        torch.nn.init.constant_(module.last.weight, 1.0)
        torch.nn.init.constant_(module.last.weight[0], 2.0)
    classifier = Classifier("judge", module, Fit(28), architecture=None if what in ("code", "run") else "names-colours")
    real, training = painted(30, 4 if what == "real" else 1), painted(30, 5 if what == "training" else 2)
    return generator, classifier, real, training, 4 if what == "seed" else 3


@pytest.fixture
def marks(tmp_path, monkeypatch):
    """Judges, and tells how often that was really done."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    judged = []

    def counted(*arguments):
        judged.append(arguments)
        return judge(*arguments)

    monkeypatch.setattr(robustness.generators.marks, "judge", counted)

    def marks(what="", run="a run"):
        return marks_of(*changed(what), Store(), run), len(judged)

    return marks


def test_a_generator_is_judged_once_and_anew_when_anything_is_another(marks):
    first, count = marks()
    assert count == 1
    assert marks(run="another run") == (first, 1)
    changes = ("weights", "condition", "losses", "judge", "real", "training", "trained on", "seed", "code")
    assert [marks(what)[1] for what in changes] == list(range(2, 2 + len(changes)))
    assert marks()[1] == 1 + len(changes)
    assert first.fidelity == 1.0
    assert (first.losses, first.divergence) == (LOSSES, 1.0)


def test_where_code_cannot_be_hashed_the_marks_serve_one_run(marks):
    assert [marks("code", run)[1] for run in ("one", "one", "two")] == [1, 1, 2]


def test_what_is_no_number_is_kept_as_none(marks, monkeypatch):
    monkeypatch.setattr("robustness.gan.judge.frechet_distance", lambda *_: float("nan"))
    assert marks()[0].frechet is None


def test_samples_are_shown_above_the_training_images_nearest_to_them(marks):
    with Image.open(io.BytesIO(base64.b64decode(marks()[0].pairs))) as pairs:
        assert pairs.size == (10 * 28, 2 * 28)
        above, below = np.asarray(pairs.convert("RGB")).reshape(2, 28, 10, 28, 3).mean(axis=(1, 3))
    assert (above.argmax(axis=1) == below.argmax(axis=1)).all()  # of one colour
    assert marks("trained on")[0].pairs is None


def test_a_sheet_of_many_classes_has_bands(marks, monkeypatch):
    monkeypatch.setattr("robustness.generators.marks.WIDEST", 2)
    with Image.open(io.BytesIO(base64.b64decode(marks()[0].sheet))) as sheet:
        assert sheet.size == (2 * 28, 2 * 4 * 28)
        tiles = np.asarray(sheet.convert("RGBA")).reshape(8, 28, 2, 28, 4).mean(axis=(1, 3))
    assert (tiles[:4, :, :3].argmax(axis=2) == [2, 1]).all()
    assert (tiles[4:, 0, :3].argmax(axis=1) == 0).all()
    assert (tiles[..., 3] == [[255, 255]] * 4 + [[255, 0]] * 4).all()  # a fourth class there is not


def test_a_sheet_ends_where_an_image_can_be_no_higher(marks, monkeypatch):
    monkeypatch.setattr("robustness.generators.marks.WIDEST", 1)
    monkeypatch.setattr("robustness.generators.marks.MOST", 2)
    with Image.open(io.BytesIO(base64.b64decode(marks()[0].sheet))) as sheet:
        assert sheet.size == (28, 2 * 4 * 28)


@pytest.mark.parametrize(("what", "columns"), [("", 3), ("condition", 10)])
def test_the_sheet_has_a_column_for_each_class_or_forty_samples(marks, what, columns):
    values, _ = marks(what)
    with Image.open(io.BytesIO(base64.b64decode(values.sheet))) as sheet:
        assert (sheet.format, sheet.size) == ("WEBP", (columns * 28, 4 * 28))
        tiles = np.asarray(sheet.convert("RGB")).reshape(4, 28, columns, 28, 3).mean(axis=(1, 3))
    if columns == 3:
        assert (tiles.argmax(axis=2) == [2, 1, 0]).all()
