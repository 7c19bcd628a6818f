"""Declared noises that are none, or that are not the same for whoever asks, are named before anything is measured."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from robustness.gate.noise_sentinels import mistakes
from robustness.noise import declare_noise

NUMBERS = itertools.count()
IMAGES = np.random.default_rng(3).integers(0, 256, (16, 24, 20, 3), dtype=np.uint8)
HEAD = "import random\nimport numpy as np\nimport torch\nown = np.random.default_rng(7)\nkept = []\n"


@pytest.fixture
def found(tmp_path):
    """What is said of a function with that body."""

    def ask(*lines, after=""):
        module = f"sentinel_noise_{next(NUMBERS)}"
        body = "".join(f"    {line}\n" for line in lines)
        (tmp_path / f"{module}.py").write_text(f"{HEAD}def change(images, share):\n{body}\n{after}\n")
        noise = declare_noise("own", f"python:{module}:change", "share", {}, tmp_path)(0.1)
        return mistakes(noise, IMAGES, np.arange(16), 5)

    return ask


CLIP = "return np.clip(images + 255 * share * draws, 0, 255).astype(np.uint8)"


@pytest.mark.parametrize(
    "draws",
    ["np.random.normal(size=images.shape)", "torch.randn(images.shape).numpy()", "random.gauss(0, 1) * np.ones(images.shape)"],
)
def test_noise_by_seeded_generators_is_fine(found, draws):
    assert found(f"draws = {draws}", CLIP) == []


@pytest.mark.parametrize("value", ["255 - images", "images // 2", "np.flip(images, axis=2)", "images[:, ::-1]"])
def test_a_transform_without_chance_is_fine(found, value):
    assert found(f"return np.ascontiguousarray({value})") == []


def test_so_is_noise_that_seeds_itself_by_the_image(found):
    """Another pattern on every image, whatever the seed is."""
    seeded = "draws = np.random.default_rng(np.frombuffer(images.tobytes(), np.uint8)).normal(size=images.shape)"
    assert found(seeded, CLIP) == []


def test_so_is_a_smooth_pattern_that_is_the_same_on_every_image(found):
    wave = "draws = np.sin(np.arange(images.shape[2]) / 3)[:, None]"
    assert found(wave, CLIP) == []


@pytest.mark.parametrize("draws", ["own.normal(size=images.shape)", "np.random.default_rng().normal(size=images.shape)"])
def test_a_generator_of_its_own_is_named(found, draws):
    (said,) = found(f"draws = {draws}", CLIP)
    assert said.startswith("own(share=0.1) (python:sentinel_noise_")
    assert "makes other bytes each time it is called: 16 of 16 images differ at one seed" in said
    assert "numpy.random, random or torch" in said


def test_one_that_is_made_anew_with_a_seed_is_named(found):
    (said,) = found("draws = np.random.default_rng(0).normal(size=images.shape)", CLIP)
    assert "puts the same random pattern on every image, whatever the seed" in said


def test_unless_its_author_says_that_it_is_meant(found):
    draws = "draws = np.random.default_rng(0).normal(size=images.shape)"
    assert found(draws, CLIP, after="change.fixed_pattern = True") == []


def test_one_that_remembers_is_named(found):
    """The same for the same images in the same order, but each depends on the one before."""
    (said,) = found(
        "kept.append(images.copy())",
        "before = kept[-2] if len(kept) % 16 != 1 else images * 0",
        "return images // 2 + before // 2",
    )
    assert "depends on what it was called with before: " in said


@pytest.mark.parametrize("body", ["return images", "return (images + share).astype(np.uint8)"])
def test_one_that_changes_nothing_is_named(found, body):
    (said,) = found(body)
    assert "changes not one byte of 16 images: share may be meant for images of 0 to 1" in said


def test_one_that_cannot_be_called_is_left_to_whoever_measures_with_it(found):
    assert found("raise ValueError") == []


def test_patterns_drawn_pixel_by_pixel_look_so():
    from robustness.gate.noise_sentinels import ALIKE, _is_drawn

    rng = np.random.default_rng(1)
    drawn = [rng.normal(size=(24, 20, 3)) for _ in range(1000)]
    assert all(_is_drawn(pattern) for pattern in drawn)
    smooth = [pattern + np.roll(pattern, 1, axis=1) for pattern in drawn]
    assert not any(_is_drawn(pattern) for pattern in smooth)
    assert ALIKE < 0.5  # the correlation of the smooth ones
    assert not _is_drawn(np.zeros((24, 20, 3)))
    assert not _is_drawn(rng.normal(size=(4, 4, 3)))
