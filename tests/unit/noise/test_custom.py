"""Declared noises: whatever a user's transform does, it is named in an error or its bytes are taken, and nothing leaks."""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms import v2

from robustness.errors import RobustnessError
from robustness.noise import KINDS, Custom, apply, declare_noise, parse_noises

HERE = Path()
NUMBERS = itertools.count()
IMAGES = np.random.default_rng(0).integers(0, 256, (4, 9, 8, 3), dtype=np.uint8)
RANDOM_TRANSFORMS: dict[str, tuple[str, float, dict[str, Any]]] = {
    "RandomRotation": ("degrees", 30, {}),
    "RandomErasing": ("p", 1, {}),
    "GaussianNoise": ("sigma", 0.2, {}),
    "ColorJitter": ("brightness", 0.9, {}),
    "RandomPerspective": ("distortion_scale", 0.5, {"p": 1}),
    "RandomAffine": ("degrees", 30, {"translate": [0.2, 0.2]}),
    "AugMix": ("severity", 3, {}),
}


def declared(*given):
    """The kind, as the reader of a thresholds file gets it: its magnitude has no name that a type could tell."""
    return declare_noise(*given)


def torchvision(name, magnitude, level, **arguments):
    return declared("own", f"torchvision:{name}", magnitude, arguments, HERE)(level)


def random_noise(name):
    magnitude, level, arguments = RANDOM_TRANSFORMS[name]
    return torchvision(name, magnitude, level, **arguments)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """`own(code)` declares the function `change` of a module with that code, and gives it at a share of 0.5."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    made = []

    def declare(code, **arguments):
        module = f"own_noise_{next(NUMBERS)}"
        (tmp_path / module).mkdir()
        (tmp_path / module / f"{module}.py").write_text(f"import numpy as np\nkept = []\n{code}\n")
        made.append(module)
        return declared("own", f"python:{module}:change", "share", arguments, tmp_path / module)(0.5)

    yield declare
    for module in made:
        sys.modules.pop(module, None)


def change(*lines):
    """The code of a function with that body."""
    return "def change(images, share, **more):\n    " + "\n    ".join(lines)


def module_of(noise):
    return sys.modules[noise.load.split(":")[1]]


# The kind and its text form


def test_a_declared_noise_is_a_noise_with_one_parameter():
    kind = declared("mist", "python:mynoise:mist", "share", {"colour": 200}, HERE)
    noise = kind(1)
    assert (noise.kind, noise.magnitude, noise.level, noise.family) == ("mist", "share", 1.0, "mist")
    assert (noise.parameters(), str(noise), noise.at(0.25)) == (("share",), "mist(share=1)", kind(0.25))
    assert (noise.identity, noise.bit_identical, noise.arguments) == (None, False, {"colour": 200})
    assert {noise: 1}[kind(1.0)] == 1


def test_built_in_noises_keep_their_promise():
    assert not [kind for kind, spec in KINDS.items() if not spec.bit_identical]
    assert [kind for kind, spec in KINDS.items() if spec.identity is None] == ["jpeg"]  # it changes every image
    assert not any(issubclass(spec, Custom) for spec in KINDS.values())


def test_two_noises_at_the_same_magnitude_are_two():
    mist, haze = (declared(name, "python:mynoise:mist", "share", {}, HERE) for name in ("mist", "haze"))
    assert mist(1) != haze(1)
    assert len({mist(1), haze(1), mist(1)}) == 2


@given(st.floats(-1e12, 1e12))
def test_the_text_form_parses_back(level):
    kinds = {"mist-2_x": declared("mist-2_x", "python:mynoise:mist", "share", {}, HERE)}
    noise = kinds["mist-2_x"](level)
    assert parse_noises(str(noise), kinds) == (noise,)


def test_declaring_imports_no_torch():
    code = (
        "import sys, pathlib\nfrom robustness.noise import declare_noise\n"
        "declare_noise('blur', 'torchvision:GaussianBlur', 'sigma', {'kernel_size': 5}, pathlib.Path())(1)\n"
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


# Refused when declared


@pytest.mark.parametrize(
    "load",
    [
        "",
        "mist",
        "torchvision",
        "torchvision:",
        ":GaussianBlur",
        "torchvision.GaussianBlur",
        "torchvision:a:b",
        "tv:GaussianBlur",
    ]
    + ["python", "python:", "python:mist", "python:mist:", "python::mist", "python:a:b:c", "Python:a:b", "file:a:b"],
)
def test_a_load_of_another_form_is_refused(load):
    with pytest.raises(RobustnessError, match=r"unknown transform .*torchvision:NAME, python:package\.module:function"):
        declared("own", load, "share", {}, HERE)


@pytest.mark.parametrize(
    "magnitude", ["", " ", "a b", "1st", "a-b", "a.b", "class", "lambda", "None", "sta\u0308rke", "\u017figma"]
)
def test_a_magnitude_that_names_no_argument_is_refused(magnitude):
    with pytest.raises(RobustnessError, match="a magnitude is the name of an argument, not"):
        declared("own", "python:a:b", magnitude, {}, HERE)


@pytest.mark.parametrize(
    "magnitude", ["magnitude", "level", "load", "kind", "base", "arguments", "identity", "at", "family"] + ["__init__"]
)
def test_a_magnitude_named_like_what_every_noise_has_is_refused(magnitude):
    with pytest.raises(RobustnessError, match=f"a magnitude cannot be called '{magnitude}' here"):
        declared("own", "python:a:b", magnitude, {}, HERE)


def test_a_magnitude_that_is_fixed_as_well_is_refused():
    with pytest.raises(RobustnessError, match="sigma is the magnitude, which the limits give: leave it out"):
        declared("own", "torchvision:GaussianBlur", "sigma", {"kernel_size": 5, "sigma": 2}, HERE)


@given(
    name=st.text(max_size=4) | st.sampled_from(sorted({*dir(Custom), "self", "cls", "str", "noise", "images", "stärke"})),
    level=st.floats() | st.integers() | st.booleans() | st.none() | st.text(max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_any_magnitude_is_a_noise_or_a_robustness_error(name, level):
    try:
        noise = declared("own", "python:a:b", name, {}, HERE)(**{name: level})
    except RobustnessError:
        return
    assert (noise.level, noise.magnitude, str(noise).partition("(")[0]) == (float(level), name, "own")


@pytest.mark.parametrize("level", [float("nan"), float("inf"), -float("inf"), 1.1e12, 10**400])
def test_a_level_that_cannot_be_drawn_is_refused(level):
    kind = declared("own", "python:a:b", "share", {}, HERE)
    with pytest.raises(RobustnessError, match=r"own: share lies between -1e\+12 and 1e\+12, not"):
        kind(level)


@pytest.mark.parametrize("level", [True, False, "1", None, [1], 1j])
def test_a_level_that_is_no_number_is_refused(level):
    kind = declared("own", "python:a:b", "share", {}, HERE)
    with pytest.raises(RobustnessError, match="own: share is a number, not"):
        kind(level)


# A callable of the user's own: what it is given


def test_a_function_is_given_each_image_the_magnitude_and_the_arguments(own):
    code = "def change(images, *, share, colour, size):\n    kept.append((images, share, colour, size))\n    return images"
    noise = own(code, colour="grey", size=[1, 2])
    apply(noise, IMAGES[:, ::-1], range(4), 0)
    assert np.array_equal(np.concatenate([images for images, *_ in module_of(noise).kept]), IMAGES[:, ::-1])
    images, share, *rest = module_of(noise).kept[0]
    assert images.shape == (1, *IMAGES.shape[1:])
    assert (images.dtype, images.flags.c_contiguous, images.flags.writeable) == (np.uint8, True, True)
    assert (share, type(share), rest) == (0.5, float, ["grey", [1, 2]])


def test_a_function_changes_pixels_of_arrays_and_tensors_alike(own):
    noise = own(change("return (images * (1 - share) + 255 * share).astype(np.uint8)"))
    wanted = (IMAGES * 0.5 + 127.5).astype(np.uint8)
    tensor = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    assert np.array_equal(apply(noise, IMAGES, range(4), 0), wanted)
    assert np.array_equal(apply(noise, tensor, range(4), 0).permute(0, 2, 3, 1).numpy(), wanted)


def test_a_class_with_call_may_stand_for_a_function(own):
    noise = own("class Mist:\n    def __call__(self, images, share):\n        return images // 2\nchange = Mist()")
    assert np.array_equal(apply(noise, IMAGES, range(4), 0), IMAGES // 2)


def test_an_empty_batch_is_not_shown(own):
    noise = own(change("raise ValueError"))
    assert apply(noise, IMAGES[:0], [], 0).shape == (0, 9, 8, 3)
    assert apply(torchvision("RandomRotation", "degrees", 30), IMAGES[:0], [], 0).shape == (0, 9, 8, 3)


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", ["RandomErasing", None])
def test_tensors_come_back_laid_out_as_they_were(own, name, format):
    noise = random_noise(name) if name else own(change("return 255 - images"))
    tensor = torch.from_numpy(IMAGES).permute(0, 3, 1, 2).contiguous(memory_format=format)
    noisy = apply(noise, tensor, range(4), 0)
    assert (noisy.stride(), noisy.shape, noisy.dtype) == (tensor.stride(), tensor.shape, torch.uint8)
    assert np.array_equal(noisy.permute(0, 2, 3, 1).numpy(), apply(noise, IMAGES, range(4), 0))


@pytest.mark.parametrize(
    "images", [IMAGES.astype(np.float32), IMAGES[0], torch.zeros(1, 3, 2, 2)], ids=["float", "one", "tensor"]
)
def test_a_declared_noise_wants_batches_of_bytes_too(own, images):
    with pytest.raises(RobustnessError, match="noise wants uint8 images"):
        apply(own(change("return images")), images, range(len(images)), 0)


# What it returns


@pytest.mark.parametrize(
    "value",
    ["images", "255 - images", "np.asfortranarray(images)", "images[::-1][::-1]", "np.broadcast_to(images, images.shape)"]
    + ["torch.from_numpy(images)", "torch.from_numpy(images).permute(0, 2, 1, 3).contiguous().permute(0, 2, 1, 3)"],
)
def test_bytes_of_the_same_shape_are_taken_in_any_layout(own, value):
    noise = own(f"import torch\n{change(f'return {value}')}")
    assert np.array_equal(apply(noise, IMAGES, range(4), 0), 255 - IMAGES if value.startswith("255") else IMAGES)


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("None", "NoneType"),
        ("list(images)", "list"),
        ("images / 255", r"float64 of \(1, 9, 8, 3\)"),
        ("images.astype(np.int8)", r"int8 of \(1, 9, 8, 3\)"),
        ("images > 9", r"bool of \(1, 9, 8, 3\)"),
        ("images[0]", r"uint8 of \(9, 8, 3\)"),
        ("images[:0]", r"uint8 of \(0, 9, 8, 3\)"),
        ("images[..., :1]", r"uint8 of \(1, 9, 8, 1\)"),  # would broadcast
        ("images.transpose(0, 2, 1, 3)", r"uint8 of \(1, 8, 9, 3\)"),
        ("images.transpose(0, 3, 1, 2)", r"uint8 of \(1, 3, 9, 8\)"),
        ("np.uint8(3)", "uint8"),
        ("torch.from_numpy(images).float()", r"float32 of \(1, 9, 8, 3\)"),
        ("torch.from_numpy(images)[:, :1]", r"uint8 of \(1, 1, 8, 3\)"),  # would broadcast
        ("(images, images)", "tuple"),
        ("[]", "list"),
    ],
)
def test_anything_else_is_refused_with_what_was_wanted(own, value, got):
    noise = own(f"import torch\n{change(f'return {value}')}")
    with pytest.raises(RobustnessError, match=rf"own\(share=0\.5\) \(python:.*\) returned {got}, not uint8 of \(1, 9, 8, 3\)"):
        apply(noise, IMAGES, range(4), 0)


def test_a_tensor_that_cannot_be_an_array_is_refused(own):
    noise = own(f"import torch\n{change('return torch.zeros(images.shape, requires_grad=True)')}")
    with pytest.raises(RobustnessError, match=r"own\(share=0\.5\) \(python:.*\) raised RuntimeError"):
        apply(noise, IMAGES, range(4), 0)


# What it raises


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["return images / {}"], "TypeError"),
        (["raise ValueError('no mist today')"], "ValueError: no mist today"),
        (["raise MemoryError"], "MemoryError"),
        (["raise StopIteration"], "StopIteration"),
        (["raise SystemExit(0)"], "SystemExit: 0"),  # let through, it would end a gate with exit code 0
        (["raise BaseException('odd')"], "BaseException: odd"),  # as pytest.skip does
        (["from robustness.errors import RobustnessError", "raise RobustnessError('mine')"], "RobustnessError: mine"),
        (["import warnings", "warnings.warn('soon gone')"], "UserWarning: soon gone"),  # an error here, as pytest is told
    ],
)
def test_what_it_raises_is_told_with_the_noise_and_the_place(own, lines, said):
    noise = own(change(*lines))
    with pytest.raises(RobustnessError) as error:
        apply(noise, IMAGES, range(4), 0)
    assert str(error.value).startswith(f"own(share=0.5) ({noise.load}) raised {said}")
    assert f"{noise.load.split(':')[1]}.py:" in str(error.value)


def test_an_interrupt_is_let_through(own):
    with pytest.raises(KeyboardInterrupt):
        apply(own(change("raise KeyboardInterrupt")), IMAGES, range(4), 0)


@pytest.mark.parametrize(
    "signature", ["images", "share", "images, amount", "images, share, colour", "images, share, /"], ids=lambda text: text
)
def test_a_function_of_other_arguments_is_told(own, signature):
    with pytest.raises(RobustnessError, match="raised TypeError: change()"):
        apply(own(f"def change({signature}):\n    return images"), IMAGES, range(4), 0)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("mist = 1", "has no attribute 'change'"),
        ("change = 7", "is a int, which cannot be called"),
        ("1 / 0", "ZeroDivisionError"),
        ("def", "SyntaxError"),
    ],
)
def test_a_module_without_the_function_is_told(own, code, said):
    with pytest.raises(RobustnessError, match=said):
        apply(own(code), IMAGES, range(4), 0)


def test_a_module_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    noise = declared("own", "python:no_such_module:mist", "share", {}, tmp_path)(1)
    with pytest.raises(RobustnessError, match=r"python:no_such_module:mist: ModuleNotFoundError.*looked in"):
        apply(noise, IMAGES, range(4), 0)


# What it does to what it is given


def test_images_changed_in_place_are_changed_nowhere_else(own):
    before = IMAGES.copy()
    for images in (IMAGES, torch.from_numpy(IMAGES).permute(0, 3, 1, 2)):
        apply(own(change("images[:] = 0", "return images")), images, range(4), 0)
    assert np.array_equal(IMAGES, before)


def test_images_kept_and_changed_later_do_not_change_the_result(own):
    noise = own(change("kept.append(images)", "return images"))
    noisy = apply(noise, IMAGES, range(4), 0)
    module_of(noise).kept[0][:] = 0
    assert np.array_equal(noisy, IMAGES)


def test_a_result_returned_twice_is_copied(own):
    noise = own(change("kept.append(images)", "return kept[0]"))
    first = apply(noise, IMAGES, range(4), 0)
    first[:] = 0
    assert np.array_equal(apply(noise, 255 - IMAGES, range(4), 0), IMAGES[:1].repeat(4, axis=0))


def test_read_only_images_can_be_given(own):
    images = IMAGES.copy()
    images.flags.writeable = False
    assert np.array_equal(apply(own(change("images[:] = 7", "return images")), images, range(4), 0), np.full_like(images, 7))
    apply(random_noise("RandomErasing"), images, range(4), 0)


# torchvision's transforms


def test_a_transform_gets_the_magnitude_and_the_arguments():
    noise = torchvision("GaussianBlur", "sigma", 1.5, kernel_size=[5, 3])
    wanted = v2.functional.gaussian_blur(torch.from_numpy(IMAGES).permute(0, 3, 1, 2), [5, 3], [1.5, 1.5])
    assert np.array_equal(apply(noise, IMAGES, range(4), 0), wanted.permute(0, 2, 3, 1).numpy())


def test_a_whole_magnitude_serves_a_transform_that_takes_whole_numbers():
    wanted = v2.functional.posterize(torch.from_numpy(IMAGES), 3).numpy()
    assert np.array_equal(apply(torchvision("RandomPosterize", "bits", 3, p=1), IMAGES, range(4), 0), wanted)
    blurred = apply(torchvision("GaussianBlur", "kernel_size", 5, sigma=1.5), IMAGES, range(4), 0)
    assert np.array_equal(blurred, apply(torchvision("GaussianBlur", "sigma", 1.5, kernel_size=5), IMAGES, range(4), 0))
    assert apply(torchvision("AugMix", "alpha", 1), IMAGES, range(4), 0).shape == IMAGES.shape  # wants a float
    with pytest.raises(RobustnessError, match=r"own\(bits=2\.5\).* raised TypeError: bits must be a positive integer"):
        apply(torchvision("RandomPosterize", "bits", 2.5, p=1), IMAGES, range(4), 0)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("GausianBlur", "did you mean 'GaussianBlur'?"),
        ("gaussian_blur", "did you mean 'GaussianBlur'?"),
        ("functional", "valid: AugMix"),
        ("InterpolationMode", "torchvision.transforms.v2 has no transform 'InterpolationMode'"),
        ("__name__", "has no transform '__name__'"),
    ],
)
def test_an_unknown_transform_is_told_with_the_nearest(name, said):
    with pytest.raises(RobustnessError) as error:
        apply(torchvision(name, "sigma", 1), IMAGES, range(4), 0)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "magnitude", "level", "arguments", "said"),
    [
        ("GaussianBlur", "sigm", 1, {"kernel_size": 5}, "raised TypeError: .*'sigm'"),
        ("GaussianBlur", "sigma", 1, {}, "raised TypeError: .*kernel_size"),
        ("GaussianBlur", "sigma", -1, {"kernel_size": 5}, "raised ValueError: sigma"),
        ("GaussianBlur", "sigma", 0, {"kernel_size": 5}, "raised ValueError: sigma"),
        ("GaussianBlur", "sigma", 1, {"kernel_size": "5"}, "raised"),
        ("ElasticTransform", "alpha", 50, {}, "raised RuntimeError: .*adding size"),
        ("Resize", "size", 4, {}, r"returned uint8 of \(1, 4, 4, 3\), not uint8 of \(1, 9, 8, 3\)"),
        ("Pad", "padding", 1, {}, r"returned uint8 of \(1, 11, 10, 3\), not uint8 of \(1, 9, 8, 3\)"),
        ("FiveCrop", "size", 4, {}, "raised AttributeError"),
        ("Compose", "transforms", 4, {}, "raised"),
        ("Transform", "sigma", 4, {}, "raised TypeError"),
        ("Lambda", "lambd", 4, {}, "raised TypeError"),
    ],
)
def test_a_transform_that_cannot_be_made_or_called_so_is_told(name, magnitude, level, arguments, said):
    with pytest.raises(RobustnessError, match=rf"^own\({magnitude}={level}\) \(torchvision:{name}\) {said}"):
        apply(torchvision(name, magnitude, level, **arguments), IMAGES, range(4), 0)


@pytest.mark.parametrize("name", RANDOM_TRANSFORMS)
def test_a_random_transform_depends_on_seed_and_index_and_not_on_company(name):
    noise = random_noise(name)
    index = np.array([5, 0, 2**40, 3])
    together = apply(noise, IMAGES, index, 7)
    assert not np.array_equal(together, IMAGES)
    assert np.array_equal(apply(noise, IMAGES, index, 7), together)
    places = [2, 0, 3]
    assert np.array_equal(apply(noise, IMAGES[places], index[places], 7), together[places])


@pytest.mark.parametrize("name", ["RandomErasing", "GaussianNoise"])
def test_seed_and_index_choose_what_a_random_transform_draws(name):
    grey = np.full((1, 12, 12, 3), 128, np.uint8)
    results = {
        apply(random_noise(name), grey, [index], seed).tobytes()
        for index in (0, 1, 2**32 - 1, 2**32, 2**62)
        for seed in (0, 1, 2**32, 2**64 - 1)
    }
    assert len(results) > 17  # 20, but two boxes may lie alike


# Global random numbers

DRAWS = ["import random, torch", "kept.append((random.random(), np.random.rand(), torch.rand(1).item()))"]


def draw():
    return random.gauss(0, 1), random.random(), np.random.randn(), np.random.rand(3).tolist(), torch.randn(3).tolist()


@pytest.mark.parametrize(
    "lines",
    [
        [*DRAWS, "random.gauss(0, 1), np.random.randn()", "return images"],
        [*DRAWS, "random.seed(1), np.random.seed(1), torch.manual_seed(1)", "return images"],
        [*DRAWS, "raise ValueError"],
        [*DRAWS, "raise KeyboardInterrupt"],
        [*DRAWS, "raise SystemExit(0)"],
        [*DRAWS, "return None"],
    ],
    ids=["draws", "seeds", "raises", "is interrupted", "exits", "returns nothing"],
)
def test_global_random_numbers_go_on_as_if_nothing_had_been(own, lines):
    noise = own(change(*lines))

    def seed_and_draw(between):
        random.seed(3), np.random.seed(3), torch.manual_seed(3)
        draw()  # an odd number of normal draws leaves one in reserve
        between()
        return draw()

    def call():
        with contextlib.suppress(RobustnessError, KeyboardInterrupt):
            apply(noise, IMAGES, range(4), 0)

    assert seed_and_draw(call) == seed_and_draw(lambda: None)
    assert len(module_of(noise).kept) in (1, 4)  # of four images


@pytest.mark.parametrize("name", RANDOM_TRANSFORMS)
def test_a_transform_neither_uses_nor_moves_global_random_numbers(name):
    torch.manual_seed(1)
    one = apply(random_noise(name), IMAGES, range(4), 0)
    after = torch.rand(1).item()
    torch.manual_seed(1)
    assert torch.rand(1).item() == after
    torch.manual_seed(2)
    assert np.array_equal(apply(random_noise(name), IMAGES, range(4), 0), one)


def test_other_devices_generators_are_left_alone(monkeypatch):
    monkeypatch.setattr(torch, "manual_seed", lambda seed: pytest.fail("seeds the generators of every device"))
    apply(random_noise("GaussianNoise"), IMAGES, range(4), 0)


def test_a_function_draws_by_seed_and_image_whoever_shares_the_batch(own):
    noise = own(change(*DRAWS, "return images"))
    for index, seed in (([4, 5], 0), ([5, 4], 0), ([4, 9], 0), ([4, 5], 1)):
        apply(noise, IMAGES[:2], index, seed)
    four, five, *turned, again, nine, other, another = module_of(noise).kept
    assert turned == [five, four]
    assert again == four
    assert len({*four, *five, *nine, *other, *another}) == 15
