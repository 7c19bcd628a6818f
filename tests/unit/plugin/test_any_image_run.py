"""A gate on images of any size, channels and source, as a project runs it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.noise import Gaussian, apply

GREY = """
import numpy as np
import torch
from torch import nn

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
LABELS = (PIXELS[:, ::2].mean(axis=(1, 2)) > PIXELS[:, 1::2].mean(axis=(1, 2))).astype(int)


class Data:
    classes = ["even", "odd"]

    def __len__(self):
        return len(PIXELS)

    def __getitem__(self, place):
        return PIXELS[place], int(LABELS[place])


class Rows(nn.Module):
    '''Class 1 where the even rows are brighter.'''

    def forward(self, images):
        assert images.shape[1:] == (1, 28, 28)
        excess = images[:, 0, ::2].mean(dim=(1, 2)) - images[:, 0, 1::2].mean(dim=(1, 2))
        return torch.stack([-excess, excess], dim=1)


class Wrapped(nn.Module):
    '''The same network, fed colours.'''

    def forward(self, images):
        return Rows()(images.mean(1, keepdim=True))


def narrow():
    return Rows()


def wide():
    return Wrapped()
"""

LIMITS = """
schema = 1
[run]
data = "python:mine:Data"
[models.net]
load = "python:mine:{factory}"
size = 28
fit = "resize"
{more}
[[limits]]
models = ["net"]
noise = "gaussian"
sigma = [0, 50, 100, 150]
accuracy = [0, 0, 0, 0]
"""


def own_module(name):
    """Of these tests' text, without a project."""
    space: dict = {}
    exec(name, space)
    return space


def test_noise_on_one_channel_is_drawn_once_a_pixel(project):
    project.write("mine.py", GREY)
    project.write("thresholds.toml", LIMITS.format(factory="narrow", more="channels = 1"))
    assert project.gate().ret == 0
    mine = own_module(GREY)
    pixels, labels = mine["PIXELS"], mine["LABELS"]
    for limit in project.results()["limits"]:
        noisy = apply(Gaussian(limit["level"]), pixels[..., None], np.arange(40), 0)[..., 0].astype(float)
        right = (noisy[:, ::2].mean(axis=(1, 2)) > noisy[:, 1::2].mean(axis=(1, 2))) == labels
        assert limit["right"] == right.sum()
    assert project.results()["limits"][3]["right"] < 40
    assert project.results()["seen"]["net"]["channels"] == 1


def test_a_grey_network_that_is_fed_colours_is_named(project):
    project.write("mine.py", GREY)
    project.write("thresholds.toml", LIMITS.format(factory="wide", more=""))
    run = project.gate()
    assert run.ret == 1
    run.stdout.fnmatch_lines(
        [
            "*net sees the mean of its channels alone*",
        ]
    )
    assert "declare channels = 1" in run.stdout.str()


SHAPED = """
import numpy as np
import torch
from torch import nn

PIXELS = np.random.default_rng(0).integers(0, 256, (30, 32, 100, 5), dtype=np.uint8)
LABELS = (PIXELS[..., 4].mean(axis=(1, 2)) > 127.4).astype(int)


class Data:
    def __len__(self):
        return 30

    def __getitem__(self, place):
        return PIXELS[place], int(LABELS[place])


class Last(nn.Module):
    def forward(self, images):
        assert images.shape[1:] == (5, 32, 100), images.shape
        excess = images[:, 4].mean(dim=(1, 2)) - 127.4 / 255
        return torch.stack([-excess, excess], dim=1)


def make():
    return Last()
"""


def test_five_channels_of_32_by_100_pixels_go_through_noise_gallery_and_report(project):
    project.write("mine.py", SHAPED)
    declared = LIMITS.format(factory="make", more="channels = 5").replace("size = 28", "size = [32, 100]")
    waves = '[[limits]]\nmodels = ["net"]\nnoise = "periodic"\namplitude = 0.05\nworst_band = 0\n'
    project.write("thresholds.toml", declared + waves)
    assert project.gate().ret == 0
    mine = own_module(SHAPED)
    for limit in project.results()["limits"][:4]:
        noisy = apply(Gaussian(limit["level"]), mine["PIXELS"], np.arange(30), 0)
        assert limit["right"] == ((noisy[..., 4].mean(axis=(1, 2)) > 127.4) == mine["LABELS"]).sum()
    results = project.results()
    assert results["seen"]["net"]["preparation"] == "resize 32x100, channels 5"
    assert len(results["gallery"]) == 5
    assert all(kept.startswith("data:image/webp") for shown in results["gallery"] for kept in shown["pictures"])


def test_a_table_with_groups_makes_population_claims_possible(project):
    rows = [f"pictures/{name}/{n}.png,{name},{name}{n // 2}" for name in ("bright", "dark") for n in range(10)]
    project.write("test.csv", "\n".join(["file,label,group", *rows]))
    text = (project.pytester.path / "thresholds.toml").read_text()
    population = text.replace('"folder:pictures"', '"csv:test.csv"\nclaim = "population"').replace(
        "accuracy = 1.0", "accuracy = 0.3"
    )
    project.write("thresholds.toml", population.replace("[0.9, 0.8]", "[0.3, 0.3]"))
    assert project.gate().ret == 0
    assert 0.3 < project.results()["limits"][0]["low"] < 1
    project.write("test.csv", "\n".join(row.rpartition(",")[0] for row in ["file,label,group", *rows]))
    run = project.gate()
    assert run.ret == 1
    assert "whether the images of csv:test.csv are independent is not known" in run.stdout.str()


MAPPED = """
import torch
from torch import nn


class Many(nn.Module):
    '''Six classes: 4 where an image is bright, 2 where it is dark; 5 where it is neither.'''

    def forward(self, images):
        level = images[:, :1].mean(dim=(1, 2, 3))
        zero = torch.zeros_like(level)
        return torch.stack([zero, zero, 0.55 - level, zero, level - 0.45, zero + {neither}], dim=1)


def make():
    return Many()
"""


@pytest.mark.parametrize(("outside", "neither", "right"), [("wrong", -9, 20), ("ignored", 9, 20), ("wrong", 9, 0)])
def test_a_network_of_more_classes_is_gated_on_a_folder_of_two(project, outside, neither, right):
    project.write("toy.py", MAPPED.format(neither=neither))
    project.edit(
        "thresholds.toml", 'fit = "resize"', f'fit = "resize"\nclasses = {{ bright = 4, dark = 2 }}\noutside = "{outside}"'
    )
    run = project.gate("-k", "clean")
    results = project.results()
    if right:
        assert results["limits"][0]["right"] == right, run.stdout.str()
    else:
        assert run.ret == 1
        assert results["limits"] == [] or results["limits"][0]["right"] == 0
    names = [one["name"] for one in results["images"]["classes"]]
    assert names == ["bright", "dark"] + (["(another class)"] if outside == "wrong" else [])


def test_what_is_to_be_said_of_other_classes_has_to_be_said(project):
    project.edit("thresholds.toml", 'fit = "resize"', 'fit = "resize"\nclasses = { bright = 4 }')
    run = project.gate()
    assert "say what a prediction of another class is" in run.stdout.str() + run.stderr.str()
    project.edit("thresholds.toml", "classes = { bright = 4 }", 'classes = { bright = 0 }\noutside = "wrong"')
    assert "the class 'dark' of the data has no logit" in project.gate().stdout.str()


def test_a_turned_photograph_is_measured_upright_unless_it_is_said_otherwise(project):
    """Above bright is class 0; all pictures are stored upside down, and say so."""
    for folder in (project.pytester.path / "pictures").iterdir():
        for file in folder.iterdir():
            top = 220 if folder.name == "bright" else 30
            pixels = np.full((8, 8, 3), 250 - top, np.uint8)
            pixels[4:] = top
            exif = Image.Exif()
            exif[0x0112] = 3
            Image.fromarray(pixels).save(file, exif=exif)
    project.edit("toy.py", "images[:, :1].mean(dim=(1, 2, 3))", "images[:, :1, :4].mean(dim=(1, 2, 3))")
    assert project.gate().ret == 0
    project.edit("thresholds.toml", 'fit = "resize"', 'fit = "resize"\nprepare = { orientation = "stored" }')
    assert project.gate().ret == 1
    assert project.results()["seen"]["toy"]["preparation"] == "resize 8, upright False"


def test_transparent_pictures_want_a_background(project):
    for file in (project.pytester.path / "pictures" / "dark").iterdir():
        Image.fromarray(np.dstack([np.full((8, 8, 3), 60, np.uint8), np.zeros((8, 8), np.uint8)])).save(file)
    run = project.gate()
    assert run.ret == 1
    assert "10 of 20 images cannot be used" in run.stdout.str()
    project.edit("thresholds.toml", 'fit = "resize"', 'fit = "resize"\nprepare = { background = [0, 0, 0] }')
    assert project.gate().ret == 0
    project.edit("thresholds.toml", "[0, 0, 0]", "[255, 255, 255]")
    assert project.gate().ret == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("prepare = { resize = 256 }", "keeps the aspect ratio, so images have many shapes: add crop = 256"),
        ("prepare = { crop = 256 }", None),
        ('prepare = { crop = 8 }\nfit = "resize"', "prepare has crop already"),
        ("prepare = { size = [32, 100], channels = 1 }", None),
        ('prepare = "done"', "say which size its images have already"),
        ('prepare = "pytorch"', "'pytorch' is unknown"),
        ('prepare = "timm"\nsize = 8', "comes with prepare = 'timm': leave it out"),
        ("prepare = 3", "a preparation is a table of steps, or a text such as"),
        ("prepare = { resize = 0 }", "a size is 1 to 4096 pixels, or height and width"),
        ("prepare = { crop = [1, 2, 3] }", "a size is 1 to 4096 pixels, or height and width"),
        ("prepare = { resized = 3 }", "unknown key: did you mean 'resize'?"),
        ('prepare = { crop = 8, interpolation = "cubic" }', "'cubic' is not"),
        ('prepare = { crop = 8, interpolation = "box", antialias = "torchvision" }', "does not resize tensors by box"),
        ("prepare = { crop = 8, background = [1, 2] }", "a background is red, green and blue"),
        ("prepare = { crop = 8, range = [5, 5] }", "a range is [what becomes black, what becomes white]"),
        ("prepare = { crop = 8 }\nsize = 8", "prepare has crop already: leave one of them out"),
        ("prepare = { crop = 8, channels = 1 }\nmean = [0, 0, 0]", "has 3 values, and there are 1 channels"),
        ("classes = { a = -1 }", "classes are a table of names"),
        ('outside = "wrong"', "goes with classes"),
    ],
)
def test_what_is_wrong_with_a_preparation_is_said_in_one_line(project, written, said):
    kept = '\nsize = 8\nfit = "resize"' if "prepare" not in written else ""
    project.edit("thresholds.toml", '\nsize = 8\nfit = "resize"', f"\n{written}{kept}")
    run = project.gate("--collect-only")
    text = run.stdout.str() + run.stderr.str()
    if said is None:
        assert run.ret == 0, text
        return
    lines = [line for line in text.splitlines() if said in line]
    assert lines, text
    assert "thresholds.toml:" in lines[0]


@pytest.mark.parametrize("outside", ["wrong", "ignored"])
def test_a_dead_network_tells_nothing_apart_with_a_map_too(project, outside):
    dead = "    def forward(self, images):\n        return 0 * torch.stack([images.mean(dim=(1, 2, 3))] * 2, dim=1)\n"
    project.write(
        "toy.py", f"import torch\nfrom torch import nn\n\nclass Dead(nn.Module):\n{dead}\ndef make():\n    return Dead()\n"
    )
    project.edit(
        "thresholds.toml", 'fit = "resize"', f'fit = "resize"\nclasses = {{ bright = 0, dark = 1 }}\noutside = "{outside}"'
    )
    project.edit("thresholds.toml", "accuracy = 1.0", "accuracy = 0.1")
    run = project.gate()
    assert run.ret == 1
    assert "logits that are all equal" in run.stdout.str()


def test_a_model_with_a_map_and_one_without_are_gated_together_and_by_class(project):
    text = (project.pytester.path / "thresholds.toml").read_text()
    other = '[models.mapped]\nload = "python:many:make"\nsize = 8\nfit = "resize"\nclasses = { bright = 4, dark = 2 }\noutside = "wrong"\n'
    project.write("many.py", MAPPED.format(neither=-9))
    worst = '[[limits]]\nmodels = ["toy", "mapped"]\nnoise = "clean"\nworst_class = 0.9\n'
    project.write("thresholds.toml", text.replace("[[limits]]", f"{other}\n[[limits]]", 1) + worst)
    run = project.gate()
    assert run.ret == 0, run.stdout.str()


def test_images_that_are_done_are_not_turned(project):
    for folder in (project.pytester.path / "pictures").iterdir():
        for file in folder.iterdir():
            pixels = np.asarray(Image.open(file)).copy()
            pixels[4:] = 125
            exif = Image.Exif()
            exif[0x0112] = 3
            Image.fromarray(pixels).save(file, exif=exif)
    project.edit("toy.py", "images[:, :1].mean(dim=(1, 2, 3))", "images[:, :1, :4].mean(dim=(1, 2, 3))")
    project.edit("thresholds.toml", 'fit = "resize"', 'prepare = "done"')
    assert project.gate().ret == 0
