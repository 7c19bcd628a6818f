"""What declares a model, as commands print it, declares that very model."""

from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.cli.arguments import model_table
from robustness.data import Preparation
from robustness.declaration.models import declared
from robustness.declaration.tables import ModelTable
from robustness.models.seen import preprocessing_of

SIDES = st.integers(1, 5)
SHAPES = st.tuples(SIDES, SIDES)


@st.composite
def preparations(draw):
    """All that keys can say."""
    height, width = draw(SHAPES)
    resize = draw(st.one_of(st.none(), SIDES, SHAPES))
    exact = draw(st.booleans())
    short = resize == (height, width)
    centre = "floor" if resize is None and not exact and draw(st.booleans()) else "round"
    channels = draw(st.sampled_from([1, 3, 5]))
    if exact:
        return Preparation(height, width, channels, exact=True, upright=False)
    return Preparation(
        height,
        width,
        channels,
        resize,
        draw(st.sampled_from(["bilinear", "bicubic", "nearest"])),
        draw(st.sampled_from(["pillow", "torchvision"])),
        "round" if short else centre,
        background=draw(st.sampled_from([None, "ignored", (1, 2, 3)])),
        range=draw(st.sampled_from([None, "upper-byte", (0, 4095)])),
        upright=draw(st.booleans()),
    )


@settings(max_examples=300, deadline=None)
@given(fit=preparations(), normalised=st.booleans())
def test_the_lines_lead_back_to_the_preparation(tmp_path_factory, fit, normalised):
    mean, std = ([0.25] * fit.channels, [0.5] * fit.channels) if normalised else ([0.0] * fit.channels, [1.0] * fit.channels)
    first = {"load": "python:a:b", "output": "logits", "threshold": 0.7, "classes": {"a b": 3, "c": 0}, "outside": "wrong"}
    (table,) = tomllib.loads(model_table("net", fit, mean, std, **first))["models"].values()
    assert {key: table[key] for key in first} == first
    declaration = declared("net", ModelTable.model_validate(table))
    seen = preprocessing_of(declaration, tmp_path_factory.getbasetemp())
    assert (seen.fit, list(seen.mean), list(seen.std)) == (fit, mean, std)


def test_a_library_is_named_in_place_of_what_it_says():
    lines = model_table("net", Preparation(8, 8), [0.5] * 3, [0.5] * 3, load="onnx:a.onnx", prepare="timm:resnet18.a1_in1k")
    assert tomllib.loads(lines) == {"models": {"net": {"load": "onnx:a.onnx", "prepare": "timm:resnet18.a1_in1k"}}}
