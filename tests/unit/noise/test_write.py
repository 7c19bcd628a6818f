from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main
from robustness.data import Fit, ImageSet, Preparation, fit_images
from robustness.data.picture import Picture
from robustness.data.preparation import prepare
from robustness.errors import RobustnessError
from robustness.noise import Clean, Gaussian, SaltAndPepper, apply
from robustness.noise.write import write_copies, write_sheet

pytestmark = pytest.mark.usefixtures("own_cache")

NOISES = [Clean(), Gaussian(25), SaltAndPepper(0.1)]
FIT = Fit(8)


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def images():
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (height, 9, 3), dtype=np.uint8) for height in (5, 8, 12)]
    return ImageSet.from_images("three", pictures, [0, 1, 0], ["a/b", "c"])


def test_copies_hold_the_bytes_that_a_network_is_measured_on(images, tmp_path):
    assert write_copies(images, FIT, NOISES, 7, tmp_path / "copies") == 9
    for noise in NOISES:
        noisy = apply(noise, fit_images(images, FIT), images.index, 7)
        for place, label in enumerate(images.labels):
            file = tmp_path / "copies" / str(noise) / f"{label:05d}" / f"{place:05d}.png"
            np.testing.assert_array_equal(np.asarray(Image.open(file)), noisy[place])


def test_a_folder_with_something_in_it_is_left_alone(images, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(RobustnessError, match="not an empty folder"):
        write_copies(images, FIT, NOISES, 0, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_sheet_shows_an_image_in_each_row_and_a_noise_in_each_column(images, tmp_path):
    write_sheet(images, FIT, [Clean(), SaltAndPepper(1)], 0, tmp_path / "new" / "sheet.png", rows=2)
    sheet = np.asarray(Image.open(tmp_path / "new" / "sheet.png"))
    assert sheet.shape[0] == 14 + 2 * (16 + 4)
    assert set(np.unique(sheet[14:30, sheet.shape[1] // 2 + 20 :])) <= {0, 255}


def test_copies_of_a_folder_read_back_with_the_same_classes(images, tmp_path):
    import dataclasses

    from robustness.data import load_image_set

    named = dataclasses.replace(images, class_names=("cat", "dog"))
    write_copies(named, FIT, [Clean()], 0, tmp_path / "copies")
    again = load_image_set(f"folder:{tmp_path}/copies/clean")
    assert again.class_names == ("cat", "dog")
    assert sorted(again.labels) == sorted(images.labels)


def test_images_are_shown_as_a_model_of_a_thresholds_file_sees_them_under_its_noises(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "darker.py").write_text(
        "def mist(images, share):\n    return (images * (1 - share)).astype('uint8')\n"
    )
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    (tmp_path / "mine" / "images" / "a").mkdir(parents=True)
    Image.fromarray(pixels).save(tmp_path / "mine" / "images" / "a" / "1.png")
    (tmp_path / "mine" / "thresholds.toml").write_text(
        'schema = 1\n[run]\ndata = "folder:images"\nseed = 7\n[models.net]\nload = "python:none:make"\n'
        "prepare = { resize = 12, crop = [8, 10], channels = 1 }\n"
        '[noises.mist]\nload = "python:darker:mist"\nmagnitude = "share"\n'
        '[[limits]]\nmodels = ["net"]\nnoise = "mist"\nshare = 0.5\naccuracy = 0.5\n'
    )
    arguments = ["noise", "--thresholds", "mine/thresholds.toml", "--noise", "mist(share=0.5)", "--noise", "gaussian(sigma=25)"]
    assert main([*arguments, "--out", "copies"]) == 0
    seen = prepare(Picture(pixels), Preparation(8, 10, 1, resize=12))
    dark = np.asarray(Image.open(tmp_path / "copies" / "mist(share=0.5)" / "a" / "00000.png"))
    np.testing.assert_array_equal(dark, (seen[..., 0] * 0.5).astype(np.uint8))
    noisy = np.asarray(Image.open(tmp_path / "copies" / "gaussian(sigma=25)" / "a" / "00000.png"))
    np.testing.assert_array_equal(noisy, apply(Gaussian(25), seen[np.newaxis], [0], 7)[0, ..., 0])
    assert main([*arguments, "--sheet", "sheet.png", "--model", "net"]) == 0
    assert main([*arguments, "--sheet", "sheet.png", "--model", "nett"]) == 2
    assert "declares no model 'nett': did you mean 'net'?" in capsys.readouterr().err
    assert main(["noise", "--noise", "clean", "--sheet", "sheet.png", "--model", "net"]) == 2
    assert "give --thresholds too" in capsys.readouterr().err
