"""Declared noises that are none, or that are not the same for whoever asks, are named before anything is measured."""

from __future__ import annotations

import itertools

import builders
import numpy as np
import pytest

from robustness.data import Fit, load_image_set, prepared
from robustness.evaluation.order import evaluation_order
from robustness.gate.noise_sentinels import SHARES, is_faint, mistakes
from robustness.noise import KINDS, PRESETS, declare_noise, make_noise, parse_noise

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


# Levels that are next to no noise

GREY = np.full((16, 24, 20, 3), 128, dtype=np.uint8)


def said(text, images=GREY):
    return is_faint(parse_noise(text), images, np.arange(len(images)), 5)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_shown_and_what_is_clean_is_not_faint(kind):
    """On images with something in them."""
    spec = KINDS[kind]
    levels = (spec.identity, spec.typical, *spec.gallery) if spec.magnitude else (None,)
    noises = [
        make_noise(kind, {} if level is None else {str(spec.magnitude): level})
        for level in levels
        if level is not None or not spec.magnitude
    ]
    assert [words for noise in noises for words in is_faint(noise, IMAGES, np.arange(16), 5)] == []


def test_fewer_than_one_value_in_a_thousand_is_faint_and_one_is_not():
    """A limit to a part of a value: 23.04 of 23,040."""
    changed = {}

    def few(noise, images, index, seed):
        noisy = images.copy()
        noisy.reshape(-1)[: changed["values"]] ^= 1
        return noisy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("robustness.gate.noise_sentinels.apply", few)
        changed["values"] = 23
        (words,) = said("gaussian(sigma=25)")
        changed["values"] = 24
        assert said("gaussian(sigma=25)") == []
        images = np.zeros((10, 10, 10, 1), np.uint8)
        changed["values"] = 1
        assert said("gaussian(sigma=25)", images) == []
        changed["values"] = 0
        assert said("gaussian(sigma=25)", images)
    assert words == (
        "gaussian(sigma=25) changes 23 of 23,040 values of 16 images of 24 x 20 x 3: next to no noise (sigma counts grey "
        "levels of 255), so what holds under it says little that clean images do not say"
    )


@pytest.mark.parametrize("text", ["gaussian(sigma=0.15)", "speckle(sigma=0.0012)", "contrast(loss=0.05)", "pixelate(factor=2)"])
def test_it_is_measured_on_the_images(text):
    """Grey ones have no contrast to lose, and dark ones no light to make noise of."""
    assert said(text)
    assert text.startswith(("gaussian", "speckle")) or not said(text, IMAGES)


@pytest.mark.parametrize(("amount", "faint"), [(0.001, False), (0.002, False), (0.0009999, True), (0.0001, True)])
@pytest.mark.parametrize("kind", ["salt-and-pepper", "impulse"])
@pytest.mark.parametrize("images", [GREY, np.full((1, 1, 1, 1), 255, np.uint8)], ids=["many", "one value"])
def test_a_magnitude_that_is_the_share_itself_counts_as_it_is_declared(kind, amount, faint, images):
    """The study's 0.001 is one in a thousand, however many of a few pixels it happens to hit."""
    words = said(f"{kind}(amount={amount})", images)
    assert bool(words) is faint
    assert not faint or words[0].startswith(f"{kind}(amount={amount}) is to change less than one value in a thousand: ")


def test_every_magnitude_that_is_a_share_of_what_changes_is_known_by_its_unit():
    assert {kind for kind, spec in KINDS.items() if spec.unit in SHARES} == {"salt-and-pepper", "impulse"}


def test_a_declared_noise_is_asked_too(tmp_path):
    (tmp_path / "faint_noise.py").write_text(
        "def dot(images, size):\n    images = images.copy()\n    images[:, 0, 0, 0] += 1\n    return images\n"
    )
    noise = declare_noise("dot", "python:faint_noise:dot", "size", {}, tmp_path)(1)
    (words,) = is_faint(noise, GREY, np.arange(16), 5)
    assert words.startswith("dot(size=1) changes 16 of 23,040 values of 16 images of 24 x 20 x 3: next to no noise, so")


def test_no_noise_of_a_preset_is_faint_on_drawn_signs(cache_with_signs):
    """No benchmark that people run is warned of."""
    images = load_image_set("signs")
    net = builders.classifier(fit=Fit(32, "resize"))
    places = evaluation_order(images.index)[:16]
    fitted = prepared(images, net.fit).batch(places)
    noises = dict.fromkeys(noise for preset in PRESETS.values() for noise in preset)
    assert [words for noise in noises for words in is_faint(noise, fitted, images.index[places], 0)] == []
