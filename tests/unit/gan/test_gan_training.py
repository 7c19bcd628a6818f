"""GAN training: what it writes, going on after an interruption, and stopping when it diverges."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from robustness.data import fit_images
from robustness.errors import RobustnessError
from robustness.gan import train as module
from robustness.gan.batches import FIT
from robustness.gan.checkpoint import load_generator
from robustness.gan.condition import Condition
from robustness.gan.pair import Pair
from robustness.gan.recipes import NETWORKS
from robustness.gan.train import RESUME, checkpoint_path, train_gan
from robustness.models.checkpoint import load_card, load_weights
from robustness.noise import Gaussian

CLASSES = Condition(("red", "green", "blue"))
BOTH = Condition(CLASSES.class_names, (Gaussian(25), Gaussian(50)))
RUNS = {"study": ("study", Condition()), "conditional": ("study", BOTH), "convolutional": ("convolutional", BOTH)}
every_run = pytest.mark.parametrize(("network", "condition"), RUNS.values(), ids=RUNS)


def recipe_of(network, epochs=3, **changes):
    return replace(NETWORKS[network].recipe, epochs=epochs, **({"batch_size": 8} | changes))


def run(image_set, out, network="study", condition=CLASSES, epochs=3, seed=0, **changes):
    recipe = recipe_of(network, epochs, **changes)
    return train_gan(network, image_set, condition, recipe, seed, out, "robustness gan train")


def written(out):
    return {path.name: path.read_bytes() for path in out.iterdir() if path.name != RESUME}


@pytest.fixture(scope="module")
def colours(colours):
    """Eight of each: three steps to an epoch."""
    return colours.take(np.arange(24) * 15 // 4, "colours")


@pytest.fixture
def checkpoints(monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINTS", (1,))


def killed_in_epoch(patch, epoch, step):
    """Stop that epoch in its second step, as it writes its checkpoint or losses, or right after its state."""
    if step == "step":
        real, steps = Pair.step, []

        def stop(self, *given):
            steps.append(step)
            if len(steps) == 3 * (epoch - 1) + 2:
                raise KeyboardInterrupt
            return real(self, *given)

        patch.setattr(Pair, "step", stop)
        return
    real, calls = getattr(module, step), []

    def stop(*given):
        calls.append(step)
        if step == "save_state":
            real(*given)
        if len(calls) == epoch:
            raise KeyboardInterrupt
        if step != "save_state":
            real(*given)

    patch.setattr(module, step, stop)


@pytest.mark.parametrize(
    ("name", "epoch", "step"),
    [
        *((name, 2, "step") for name in RUNS),
        *(("conditional", *where) for where in [(1, "save_state"), (1, "_write_checkpoint"), (2, "_write_losses")]),
    ],
)
def test_a_killed_training_repeated_gives_the_same_files_to_the_bit(
    tmp_path, monkeypatch, colours, checkpoints, name, epoch, step
):
    network, condition = RUNS[name]
    expected = run(colours, tmp_path / "whole", network, condition, epochs=2)
    with monkeypatch.context() as patch:
        killed_in_epoch(patch, epoch, step)
        with pytest.raises(KeyboardInterrupt):
            run(colours, tmp_path / "cut", network, condition, epochs=2)
    torch.rand(7)  # whatever drew from the global generators meanwhile
    np.random.default_rng()
    assert run(colours, tmp_path / "cut", network, condition, epochs=2) == expected
    assert written(tmp_path / "cut") == written(tmp_path / "whole")
    whole, cut = (torch.load(tmp_path / name / RESUME, weights_only=True) for name in ("whole", "cut"))
    for part in ("generator", "discriminator", *(["average"] if network == "convolutional" else [])):
        assert all(torch.equal(whole[part][name], cut[part][name]) for name in whole[part])


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
    (tmp_path / f"{RESUME}.0123.partial").write_bytes(b"half")
    capsys.readouterr()
    run(colours, tmp_path, epochs=2)
    assert not list(tmp_path.glob("*.partial"))
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
    assert [len(line.get("points").split()) for line in lines] == [2, 2]


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
    run(colours, tmp_path, network, condition, epochs=1)
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
    run(colours, tmp_path, "convolutional", epochs=2)
    state = torch.load(tmp_path / RESUME, weights_only=True)
    loaded = load_generator(checkpoint_path(tmp_path, 2)).module.state_dict()
    assert torch.equal(loaded["start.bias"], state["average"]["start.bias"])
    assert not torch.equal(state["average"]["start.bias"], state["generator"]["start.bias"])


@pytest.mark.parametrize("name", ["conditional", "convolutional"])
def test_a_generator_learns_what_its_images_look_like(tmp_path, colours, name):
    """From noise around grey towards the images' mean: one of three channels is bright."""
    run(colours, tmp_path, *RUNS[name], epochs=1)
    run(colours, tmp_path, *RUNS[name], epochs=7)
    wanted = fit_images(colours, FIT).mean(axis=(0, 1, 2))
    before, after = (
        load_generator(checkpoint_path(tmp_path, epoch)).images(np.arange(30) % 3, np.arange(30), 0).mean(axis=(0, 1, 2))
        for epoch in (1, 7)
    )
    assert np.abs(after - wanted).max() < np.abs(before - wanted).max()


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
        run(colours, tmp_path / "new", network, epochs=1, batch_size=24)
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


def test_classes_come_equally_often_once_the_recipe_has_come_to_that(tmp_path, colours, monkeypatch):
    few = colours.take(np.flatnonzero(colours.labels != 0).tolist() + [0, 1])  # two of the first class
    seen = []
    step = Pair.step
    monkeypatch.setattr(Pair, "step", lambda pair, batch, draws: seen.append(batch[1]) or step(pair, batch, draws))
    run(few, tmp_path / "told", "convolutional", epochs=2, natural_epochs=1)
    natural, balanced = (torch.cat(part).bincount() for part in (seen[: len(seen) // 2], seen[len(seen) // 2 :]))
    assert natural[0] <= 2 < natural[1]
    assert balanced.max() - balanced.min() <= 2  # left over from whole batches
    seen.clear()
    run(few, tmp_path / "untold", "convolutional", Condition(), epochs=2, natural_epochs=1)
    assert torch.cat(seen[len(seen) // 2 :]).bincount()[0] <= 2  # a GAN that knows no classes has none to balance
