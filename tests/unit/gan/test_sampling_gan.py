"""Samples: the same for any batch; for their memory see tests/processes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.files.atomic import PARTIAL
from robustness.gan import sample as module
from robustness.gan.condition import Condition
from robustness.gan.latents import draw_latents
from robustness.gan.recipes import NETWORKS
from robustness.gan.sample import Generator, stream
from robustness.gan.write import write_folder, write_grid
from robustness.noise import PRESETS, Clean, Gaussian

CONDITION = Condition(("blue", "green", "red"), PRESETS["paper"])


@pytest.fixture(scope="module", params=NETWORKS)
def generator(request):
    torch.manual_seed(1)
    return Generator(NETWORKS[request.param].generator(CONDITION), CONDITION)


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(1)
    return Generator(NETWORKS["study"].generator(CONDITION), CONDITION)


def pixels(file):
    with Image.open(file) as image:
        return np.asarray(image)


def near(one, two):
    """Equal but for float32 sums in another order, which may carry a value over the edge between two grey levels."""
    return np.abs(one.astype(int) - two).max() <= 1


def test_images_are_bytes_that_span_the_networks_range(generator):
    images = generator.images([0, 1, 2], [5, 5, 5], 0)
    assert images.shape == (3, 28, 28, 3)
    assert images.dtype == np.uint8
    latents = torch.from_numpy(draw_latents(0, [5, 2**32 + 5, 2 * 2**32 + 5]))
    floats = generator.module(latents, torch.tensor([0, 1, 2]), torch.zeros(3, 3)).detach().permute(0, 2, 3, 1).numpy()
    assert near(images, np.rint((floats + 1) * 127.5))


def test_white_and_black_are_reached():
    class Ends(torch.nn.Module):
        def forward(self, latents, labels, levels):
            return labels.float().view(-1, 1, 1, 1).expand(-1, 3, 28, 28) * 2 - 1

    images = Generator(Ends(), CONDITION).images([0, 1], [0, 0], 0)
    assert (images[0] == 0).all()
    assert (images[1] == 255).all()


@given(data=st.data(), count=st.integers(1, 9), batch=st.integers(1, 20), seed=st.integers(0, 2**64 - 1))
@settings(max_examples=15, deadline=None)
def test_a_sample_depends_on_seed_class_and_number_alone(small, data, count, batch, seed):
    labels = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH", batch)
        parts = list(stream(small, labels, count, seed))
    classes, places, images = (np.concatenate(part) for part in zip(*parts, strict=True))
    assert max(len(part[0]) for part in parts) <= batch
    assert list(zip(classes.tolist(), places.tolist(), strict=True)) == [(label, n) for label in labels for n in range(count)]
    chosen = data.draw(st.integers(0, len(images) - 1))
    assert near(small.images([classes[chosen]], [places[chosen]], seed)[0], images[chosen])


def test_seed_class_number_and_noise_each_change_the_image(small):
    image = small.images([0], [0], 0)
    for other in (
        small.images([0], [0], 1),
        small.images([1], [0], 0),
        small.images([0], [1], 0),
        small.images([0], [0], 0, Gaussian(25)),
    ):
        assert not np.array_equal(image, other)
    assert np.array_equal(image, small.images([0], [0], 0, Clean()))


def test_a_folder_is_read_back_with_the_same_labels(small, tmp_path):
    assert write_folder(small, [0, 1, 2], 4, 7, None, tmp_path / "new" / "samples") == 12
    read = load_image_set(f"folder:{tmp_path / 'new' / 'samples'}")
    assert read.class_names == ("blue", "green", "red")
    assert read.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    images = np.stack([read[place] for place in range(12)])
    assert near(images, small.images(read.labels, [0, 1, 2, 3] * 3, 7))


def test_classes_that_cannot_be_folders_in_their_order_go_by_number(tmp_path):
    torch.manual_seed(0)
    condition = Condition(("Stop", "Ahead/left", "Yield"))
    generator = Generator(NETWORKS["study"].generator(condition), condition)
    write_folder(generator, [2, 0], 1, 0, None, tmp_path)
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.png")) == [
        "00000/0000000.png",
        "00002/0000000.png",
    ]
    read = load_image_set(f"folder:{tmp_path}")
    assert (read.class_names, read.labels.tolist()) == (condition.class_names, [0, 2])


def test_nothing_is_overwritten(small, tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(RobustnessError, match="not an empty folder"):
        write_folder(small, [0], 1, 0, None, tmp_path)
    with pytest.raises(RobustnessError, match="not an empty folder"):
        write_folder(small, [0], 1, 0, None, tmp_path / "a")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(IsADirectoryError, match=r"b\.png'"):
        write_grid(small, [0], 1, 0, None, tmp_path / "b.png")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "b.png"]


def test_a_folder_is_whole_or_empty(small, tmp_path, monkeypatch):
    real = Generator.images

    def stop(self, labels, places, seed, noise=None):
        if labels[0] == 2:
            raise KeyboardInterrupt
        return real(self, labels, places, seed, noise)

    monkeypatch.setattr(Generator, "images", stop)
    with pytest.raises(KeyboardInterrupt):
        write_folder(small, [0, 1, 2], 512, 7, None, tmp_path / "samples")
    assert not list((tmp_path / "samples").iterdir())
    monkeypatch.undo()
    assert write_folder(small, [0, 1, 2], 1, 7, None, tmp_path / "samples") == 3


def test_a_folder_whose_writing_was_killed_is_no_image_set(small, tmp_path):
    write_folder(small, [0, 1, 2], 1, 7, None, tmp_path)
    (tmp_path / f"0123{PARTIAL}").mkdir()
    with pytest.raises(RobustnessError, match=r"0123\.partial: the writing of this folder was cut off; delete it"):
        load_image_set(f"folder:{tmp_path}")


def test_a_sheet_has_a_column_for_each_class(small, tmp_path):
    write_grid(small, [2, 0], 3, 7, None, tmp_path / "new" / "sheet.png")
    sheet = pixels(tmp_path / "new" / "sheet.png")
    assert sheet.shape == (3 * 58 - 2, 2 * 58 - 2, 3)
    for column, label in enumerate((2, 0)):
        for row in range(3):
            tile = sheet[58 * row : 58 * row + 56 : 2, 58 * column : 58 * column + 56 : 2]
            assert near(tile, small.images([label], [row], 7)[0])


def test_a_sheet_of_one_class_is_nearly_square(small, tmp_path):
    write_grid(small, [1], 12, 0, None, tmp_path / "sheet.png")
    assert pixels(tmp_path / "sheet.png").shape == (4 * 58 - 2, 3 * 58 - 2, 3)


def test_a_sheet_has_its_limit_and_a_class_at_least_one_sample(small, tmp_path):
    with pytest.raises(RobustnessError, match="too many for one sheet"):
        write_grid(small, [0], 10_001, 0, None, tmp_path / "sheet.png")
    with pytest.raises(RobustnessError, match="from one sample to 4,294,967,296, not 0"):
        write_folder(small, [0], 0, 0, None, tmp_path)
    with pytest.raises(RobustnessError, match="not 4294967297"):
        write_folder(small, [0], 2**32 + 1, 0, None, tmp_path)
