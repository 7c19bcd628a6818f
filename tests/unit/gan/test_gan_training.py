"""GAN training: what it writes, what it refuses, and stopping when it diverges; for more of it see tests/processes."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest
import torch
from gan_runs import BOTH, RUNS, few, killed_in_epoch, run, written
from PIL import Image

from robustness.errors import RobustnessError
from robustness.files.atomic import PARTIAL
from robustness.gan import train as module
from robustness.gan.checkpoint import load_generator
from robustness.gan.pair import Pair
from robustness.gan.recipes import NETWORKS
from robustness.gan.train import RESUME, checkpoint_path
from robustness.models.checkpoint import load_card, load_weights

every_run = pytest.mark.parametrize(("network", "condition"), RUNS.values(), ids=RUNS)


@pytest.fixture(scope="module")
def colours(colours):
    return few(colours)


def eight(colours):
    """One step to an epoch, for convolutions take a while."""
    return colours.take(range(0, 24, 3))


@pytest.fixture
def checkpoints(monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINTS", (1,))


def test_a_training_that_has_ended_goes_on_when_it_is_asked_for_more(tmp_path, colours):
    run(colours, tmp_path / "more", epochs=1)
    run(colours, tmp_path / "more", epochs=2)
    run(colours, tmp_path / "whole", epochs=2)
    names = set(written(tmp_path / "whole"))
    assert {name: data for name, data in written(tmp_path / "more").items() if name in names} == written(tmp_path / "whole")
    with pytest.raises(RobustnessError, match="2 epochs are done already; ask for more"):
        run(colours, tmp_path / "more", epochs=1)


def test_of_a_training_that_was_killed_the_generator_so_far_can_be_had(tmp_path, monkeypatch, colours):
    with monkeypatch.context() as patch:
        killed_in_epoch(patch, 2, "step")
        with pytest.raises(KeyboardInterrupt):
            run(colours, tmp_path / "cut")
    assert not list((tmp_path / "cut").glob("epoch-*"))
    run(colours, tmp_path / "cut", epochs=1)
    run(colours, tmp_path / "whole", epochs=1)
    assert written(tmp_path / "cut") == written(tmp_path / "whole")


def test_the_state_of_another_training_is_refused_by_name(tmp_path, colours):
    run(colours, tmp_path, epochs=1)
    for change, other in (
        ({"seed": 1}, "seed"),
        ({"generator_rate": 0.001}, "recipe"),
        ({"condition": BOTH, "seed": 1}, "condition and seed"),
        ({"network": "convolutional"}, "network and recipe"),
        ({"image_set": colours.take(range(1, 24))}, "data hash"),
    ):
        with pytest.raises(RobustnessError, match=rf"training\.resume: left by another training \(other {other}\)"):
            run(**({"image_set": colours, "out": tmp_path} | change))


def test_checkpoints_whose_training_cannot_go_on_are_not_overwritten(tmp_path, colours):
    run(colours, tmp_path, epochs=1)
    (tmp_path / RESUME).unlink()
    before = written(tmp_path)
    with pytest.raises(RobustnessError, match=r"epoch-001\.safetensors: left by a training that cannot go on"):
        run(colours, tmp_path, epochs=1, seed=1)
    assert written(tmp_path) == before


@pytest.mark.parametrize("out", ["file", "file/within"])
def test_a_file_in_the_way_is_told_before_the_first_epoch(tmp_path, monkeypatch, colours, out):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr(module, "train_epoch", None)
    with pytest.raises(RobustnessError, match=r"a file is in the way of this folder; name another --out"):
        run(colours, tmp_path / out)
    assert (tmp_path / "file").read_text() == "mine"


def test_what_a_killed_save_left_goes_with_the_next_start_and_a_start_is_told(tmp_path, colours, capsys):
    run(colours, tmp_path, epochs=1)
    (tmp_path / f"{RESUME}.0123{PARTIAL}").write_bytes(b"half")
    capsys.readouterr()
    run(colours, tmp_path, epochs=2)
    assert not list(tmp_path.glob(f"*{PARTIAL}"))
    assert "going on after epoch 1" in capsys.readouterr().out


def test_the_seed_alone_decides_the_weights(tmp_path, colours):
    weights = []
    for number, seed in enumerate((3, 3, 4)):
        torch.manual_seed(100 + number)
        run(colours, tmp_path / str(number), epochs=1, seed=seed)
        weights.append(checkpoint_path(tmp_path / str(number), 1).read_bytes())
    assert weights[0] == weights[1] != weights[2]


def test_checkpoints_losses_and_a_state_are_written_and_nothing_else(tmp_path, colours, checkpoints):
    losses = run(colours, tmp_path / "new", epochs=2)
    checkpoint = ["card.json", "png", "safetensors"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        *(f"epoch-{epoch:03d}.{suffix}" for epoch in (1, 2) for suffix in checkpoint),
        *("losses.json", "losses.svg", RESUME),
    ]
    assert json.loads((tmp_path / "new" / "losses.json").read_text()) == losses
    assert [len(values) for values in losses.values()] == [2, 2]
    assert list(losses) == ["generator", "discriminator"]
    chart = ElementTree.parse(tmp_path / "new" / "losses.svg").getroot()
    lines = chart.findall("{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]


def test_the_studys_checkpoints_are_its_epochs():
    assert module.CHECKPOINTS == (20, 60, 100, 200)
    recipe = NETWORKS["study"].recipe
    assert (recipe.generator_rate, recipe.discriminator_rate, recipe.betas) == (0.0002, 0.0002, (0.5, 0.999))
    assert (recipe.batch_size, recipe.epochs, recipe.bfloat16) == (30, 200, False)


def test_the_card_says_where_the_weights_come_from(tmp_path, colours):
    losses = run(colours, tmp_path, condition=BOTH, epochs=1, seed=6)
    card = load_card(checkpoint_path(tmp_path, 1))
    assert set(card.pop("versions")) == {"python", "pytest-robustness", "torch", "torchvision", "numpy"}
    recipe = card.pop("recipe")
    assert recipe["batch_size"] == 8
    assert card == {
        "network": "study",
        "condition": {"class_names": ["red", "green", "blue"], "noises": ["gaussian(sigma=25)", "gaussian(sigma=50)"]},
        "data_hash": colours.content_hash,
        "fit": {"size": 28, "kind": "crop-or-pad"},
        "seed": 6,
        "parameters": 3_117_232 + 9 + 4 * 128,
        "epochs": 1,
        "data": "colours",
        "images": 24,
        "command": "robustness gan train",
        "losses": losses,
    }


@every_run
def test_a_checkpoints_sheet_shows_every_class_and_noise(tmp_path, colours, network, condition):
    run(eight(colours), tmp_path, network, condition, epochs=1)
    columns = len(condition.class_names) or 10
    rows = 1 + len(condition.noises) if condition.noises else 10
    with Image.open(checkpoint_path(tmp_path, 1).with_suffix(".png")) as sheet:
        assert sheet.size == (58 * columns - 2, 58 * rows - 2)


def test_the_file_keeps_matrices_in_16_bits_and_the_rest_in_full(tmp_path, colours):
    run(colours, tmp_path, epochs=1)
    file = checkpoint_path(tmp_path, 1)
    for tensor in load_weights(file).values():
        assert tensor.dtype == (torch.float16 if tensor.ndim > 1 else torch.int64 if tensor.ndim == 0 else torch.float32)
    assert file.stat().st_size < 0.51 * 4 * load_card(file)["parameters"]
    loaded = load_generator(file)
    kept = torch.load(tmp_path / RESUME, weights_only=True)["generator"]
    for name, tensor in loaded.module.state_dict().items():
        assert tensor.dtype == kept[name].dtype
        assert torch.allclose(tensor, kept[name], atol=1e-3)


def test_the_average_is_what_is_kept(tmp_path, colours):
    run(eight(colours), tmp_path, "convolutional", epochs=1)
    state = torch.load(tmp_path / RESUME, weights_only=True)
    loaded = load_generator(checkpoint_path(tmp_path, 1)).module.state_dict()
    assert torch.equal(loaded["start.bias"], state["average"]["start.bias"])
    assert not torch.equal(state["average"]["start.bias"], state["generator"]["start.bias"])


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_losses_that_are_not_finite_stop_it_and_the_last_good_checkpoint_stays(tmp_path, monkeypatch, colours, loss):
    run(colours, tmp_path, epochs=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(Pair, "step", lambda *given: (0.5, loss))
    said = rf"the losses became 0.5 and {loss} in epoch 2/3; the last good checkpoint is .*epoch-001\.safetensors"
    with pytest.raises(RobustnessError, match=said):
        run(colours, tmp_path, epochs=3)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("network", NETWORKS)
def test_weights_that_only_the_last_step_broke_are_not_saved(tmp_path, monkeypatch, colours, network):
    real = Pair.step

    def break_after(self, *given):
        losses = real(self, *given)
        next(self.discriminator.parameters()).data.fill_(float("nan"))
        return losses

    monkeypatch.setattr(Pair, "step", break_after)
    with pytest.raises(RobustnessError, match="a weight is no number any more in epoch 1/1; there is no checkpoint yet"):
        run(eight(colours), tmp_path / "new", network, epochs=1)
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize("network", NETWORKS)
def test_a_rate_without_bounds_stops_the_training(tmp_path, colours, network):
    with pytest.raises(RobustnessError, match="training diverged"):
        run(colours, tmp_path, network, epochs=3, generator_rate=1e30, discriminator_rate=1e30)
    assert not list(tmp_path.iterdir())


def test_the_last_good_checkpoint_is_the_one_of_most_epochs(tmp_path):
    for epoch in (20, 200, 1000):
        checkpoint_path(tmp_path, epoch).touch()
    assert "epoch-1000.safetensors, and another" in str(module._diverged("it", "epoch 1001/2000", tmp_path))
