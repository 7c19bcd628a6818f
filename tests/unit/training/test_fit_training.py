"""Training's loop: the order of its images, its progress, and going on after an interruption."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import Fit, fit_images
from robustness.errors import RobustnessError
from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.class_map import ClassMap
from robustness.models.classifier import Classifier, to_tensor
from robustness.models.residual import SmallResNet
from robustness.training import fit as module
from robustness.training.batches import Batches
from robustness.training.fit import accuracy, train
from robustness.training.recipes import RECIPES, Recipe
from robustness.training.resume import save_state

FIT = Fit(8)
PLAIN = Recipe(learning_rate=0.003, batch_size=8, epochs=3, validation_share=0.25)
STUDY = replace(PLAIN, learning_rate=RECIPES["study"].learning_rate, augmentation="study")
HARDEN = replace(RECIPES["harden"], batch_size=8, epochs=3, validation_share=0.25)
every_recipe = pytest.mark.parametrize("recipe", [PLAIN, STUDY, HARDEN], ids=["plain", "study", "harden"])


def trained(image_set, recipe, resume, seed=0, fit=FIT):
    torch.manual_seed(seed)
    network = BaselineCNN(3, fit.size)
    progress = train(Classifier("net", network, fit), image_set, recipe, seed, resume)
    return progress, network.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def interrupt_in_epoch(patch, epoch, step):
    """Raise in that epoch: before the resume file is written, or right after it."""
    real, calls = getattr(module, step), []

    def stop(*arguments):
        calls.append(step)
        if step == "save_state":
            real(*arguments)
        if len(calls) == epoch:
            raise KeyboardInterrupt
        return None if step == "save_state" else real(*arguments)

    patch.setattr(module, step, stop)


@pytest.mark.parametrize("step", ["save_state", "accuracy"])
@pytest.mark.parametrize(
    ("recipe", "epoch"),
    [(PLAIN, 1), (PLAIN, 2), (PLAIN, 3), (STUDY, 2), (HARDEN, 2)],
    ids=["plain-1", "plain-2", "plain-3", "study-2", "harden-2"],
)
def test_an_interrupted_training_resumes_to_the_same_weights_to_the_bit(tmp_path, monkeypatch, colours, recipe, epoch, step):
    expected, weights = trained(colours, recipe, tmp_path / "whole.resume")
    with monkeypatch.context() as patch:
        interrupt_in_epoch(patch, epoch, step)
        with pytest.raises(KeyboardInterrupt):
            trained(colours, recipe, tmp_path / "cut.resume")
    torch.rand(7)  # whatever drew from the global generator meanwhile
    epochs = []
    real = module._train_epoch
    monkeypatch.setattr(module, "_train_epoch", lambda *arguments: epochs.append(arguments[-1]) or real(*arguments))
    progress, resumed = trained(colours, recipe, tmp_path / "cut.resume")
    assert same(resumed, weights)
    assert progress == expected
    measured_per_epoch = 2 if recipe is HARDEN else 1  # clean and under noise
    assert len(epochs) == recipe.epochs - (epoch if step == "save_state" else (epoch - 1) // measured_per_epoch)


@every_recipe
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path, colours, recipe):
    first, again, other = (trained(colours, recipe, tmp_path / f"{n}.resume", seed)[1] for n, seed in enumerate((4, 4, 5)))
    assert same(first, again)
    assert not same(first, other)


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"recipe": replace(PLAIN, batch_size=9)}, {"recipe": STUDY}, {"fit": Fit(8, "resize")}, {"image_set": None}],
    ids=["seed", "batch", "recipe", "fit", "data"],
)
def test_the_resume_file_of_another_training_is_refused_by_name(tmp_path, colours, change):
    resume = tmp_path / "net.resume"
    trained(colours, PLAIN, resume)
    if "image_set" in change:
        change = {"image_set": colours.take(range(1, len(colours)))}
    with pytest.raises(RobustnessError, match=r"net\.resume: left by another training"):
        trained(**({"image_set": colours, "recipe": PLAIN, "resume": resume} | change))


def test_more_epochs_go_on_where_the_rate_is_the_same_throughout_and_nowhere_else(tmp_path, colours):
    _, whole = trained(colours, replace(PLAIN, epochs=5), tmp_path / "whole.resume")
    trained(colours, PLAIN, tmp_path / "net.resume")
    progress, weights = trained(colours, replace(PLAIN, epochs=5), tmp_path / "net.resume")
    assert len(progress.losses) == 5
    assert same(weights, whole)
    with pytest.raises(RobustnessError, match=r"net\.resume: 5 epochs are done already; ask for as many or more"):
        trained(colours, PLAIN, tmp_path / "net.resume")
    one_cycle = replace(PLAIN, one_cycle=True)
    trained(colours, one_cycle, tmp_path / "cycle.resume")
    with pytest.raises(RobustnessError, match=r"cycle\.resume: left by another training \(other recipe\)"):
        trained(colours, replace(one_cycle, epochs=4), tmp_path / "cycle.resume")


@pytest.mark.parametrize("error", [OSError, RuntimeError])  # torch raises the latter where the disk is full
def test_a_failed_write_keeps_the_last_resume_file_and_leaves_no_other(tmp_path, monkeypatch, colours, error):
    resume = tmp_path / "net.resume"
    trained(colours, PLAIN, resume)
    before = resume.read_bytes()

    def fail(state, path):
        path.write_bytes(b"half")
        raise error("no space left")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(RobustnessError, match=r"net\.resume: cannot be written \(no space left\); make room"):
        save_state(resume, {}, {"module": nn.Linear(1, 1)}, {})
    assert resume.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["net.resume"]


def test_training_learns_three_colours_and_tells_each_epoch(tmp_path, capsys, colours):
    progress, _ = trained(colours, replace(PLAIN, epochs=6), tmp_path / "net.resume")
    assert progress.losses[-1] < progress.losses[0] / 2
    assert progress.validation_accuracies[-1] == 1
    assert len(progress.losses) == len(progress.validation_accuracies) == 6
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"epoch {epoch}/6" for epoch in range(1, 7)]
    assert lines[-1].endswith(f"loss {progress.losses[-1]:.4f}, validation accuracy 1.0000")


def test_no_validation_image_is_trained_on(tmp_path, monkeypatch, colours):
    seen = []
    monkeypatch.setattr(
        module, "Batches", lambda images, fit, places, *rest: seen.append(places) or Batches(images, fit, places, *rest)
    )
    held_out = []
    monkeypatch.setattr(module, "accuracy", lambda classifier, image_set: held_out.append(image_set) or 0.5)
    trained(colours, PLAIN, tmp_path / "net.resume")
    assert len(seen) == len(held_out) == PLAIN.epochs
    for places, images in zip(seen, held_out, strict=True):
        assert set(colours.tracks[places]).isdisjoint(images.tracks)
        assert len(places) + len(images) == len(colours)
        assert len(images) == 12


@every_recipe
def test_every_epoch_has_an_order_of_its_own(tmp_path, monkeypatch, colours, recipe):
    orders = []
    real = module._train_epoch
    monkeypatch.setattr(module, "_train_epoch", lambda *given: orders.append(tuple(given[3].order)) or real(*given))
    trained(colours, recipe, tmp_path / "net.resume")
    assert len(set(orders)) == recipe.epochs


def test_without_validation_images_there_is_no_validation_accuracy(tmp_path, capsys, colours):
    one_track_each = colours.take(np.flatnonzero(colours.tracks % 10 == 0))
    progress, _ = trained(one_track_each, PLAIN, tmp_path / "net.resume")
    assert progress.validation_accuracies == [None] * PLAIN.epochs
    assert "no validation images" in capsys.readouterr().out


def test_a_loss_that_is_not_finite_stops_the_training_with_advice(tmp_path, colours):
    with pytest.raises(RobustnessError, match=r"the loss became (nan|inf) in epoch 1/3; a smaller learning rate"):
        trained(colours, replace(PLAIN, learning_rate=1e30), tmp_path / "net.resume")
    assert not (tmp_path / "net.resume").exists()


def batches(colours, recipe, places, seed=0):
    return Batches(colours, FIT, places, recipe, np.random.SeedSequence([seed, 0]))


def test_a_plain_epoch_shows_every_image_once_in_an_order_of_its_seed(colours):
    places = np.arange(3, 40)
    first, again, other = (batches(colours, PLAIN, places, seed) for seed in (1, 1, 2))
    assert sorted(first.order) == places.tolist()
    assert first.order.tolist() == again.order.tolist() != other.order.tolist()
    expected = fit_images(colours, FIT)[first.order].transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(torch.cat([images for images, _ in first]).numpy(), expected)
    np.testing.assert_array_equal(torch.cat([labels for _, labels in first]).numpy(), colours.labels[first.order])
    assert [len(labels) for _, labels in first] == [8, 8, 8, 8, 5]
    assert len(first) == 5


def test_a_study_epoch_draws_the_classes_equally_often_however_many_images_they_have(colours):
    places = np.repeat(np.flatnonzero(colours.labels < 2)[:18], 100)  # 16 red images and 2 green ones, often
    drawn = np.bincount(colours.labels[batches(colours, STUDY, places).order])
    assert drawn.sum() == len(places)
    assert abs(drawn[0] - drawn[1]) < 0.12 * len(places)


def test_a_study_epoch_augments_by_its_seed(colours):
    places = np.arange(16)
    first, again, other = (torch.cat([images for images, _ in batches(colours, STUDY, places, seed)]) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    plain = torch.from_numpy(fit_images(colours, FIT)[batches(colours, STUDY, places, 1).order]).permute(0, 3, 1, 2)
    assert not torch.equal(first, plain)


def test_frozen_weights_and_their_statistics_stay(tmp_path, colours):
    network = SmallResNet(3)
    network.stem.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    train(Classifier("net", network, FIT), colours, PLAIN, 0, tmp_path / "net.resume")
    changed = {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {name for name in before if not name.startswith("stem.")}


def test_training_sees_what_the_classifier_makes_of_the_images(tmp_path, monkeypatch, colours):
    seen = []
    real = Classifier.normalised
    monkeypatch.setattr(Classifier, "normalised", lambda self, images: seen.append(real(self, images)) or seen[-1])
    classifier = Classifier("net", BaselineCNN(3, 8), FIT, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    train(classifier, colours, replace(PLAIN, epochs=1), 0, tmp_path / "net.resume")
    assert min(batch.min() for batch in seen) == -2  # padding


class Red(nn.Module):
    """Names class 0, whatever the image."""

    def forward(self, images):
        return torch.tensor([[1.0, 0.0, 0.0]]).expand(len(images), 3)


@pytest.mark.parametrize("batch", [1, 5, 1000])
def test_accuracy_is_the_share_named_right_whatever_the_batch(monkeypatch, colours, batch):
    monkeypatch.setattr(module, "EVALUATION_BATCH", batch)
    red = Classifier("red", Red(), FIT)
    assert accuracy(red, colours) == pytest.approx(1 / 3)
    assert accuracy(red, colours.only("red")) == 1
    assert accuracy(red, colours.take([0, 20, 21, 22])) == 0.25


def test_a_resume_file_where_other_layers_learnt_is_refused(tmp_path, colours):
    network = SmallResNet(3)
    train(Classifier("net", network, FIT), colours, PLAIN, 0, tmp_path / "net.resume")
    network.stem.requires_grad_(False)
    with pytest.raises(RobustnessError, match=r"net\.resume: left by another training"):
        train(Classifier("net", network, FIT), colours, PLAIN, 0, tmp_path / "net.resume")


@pytest.mark.parametrize("change", [{"module": {}}, {"optimizer": 3}, {"progress": None}])
def test_a_resume_file_of_other_content_is_refused_by_name(tmp_path, colours, change):
    resume = tmp_path / "net.resume"
    trained(colours, PLAIN, resume)
    torch.save(torch.load(resume, weights_only=True) | change, resume)
    with pytest.raises(RobustnessError, match=r"net\.resume: not a training to resume"):
        trained(colours, PLAIN, resume)


class Answering(nn.Module):
    """A user's network, whose answer is no bare tensor, of more classes than the images have."""

    def __init__(self, wrap, classes=5):
        super().__init__()
        self.inner, self.wrap = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, classes)), wrap

    def forward(self, images):
        return self.wrap(self.inner(images))


@pytest.mark.parametrize("open_", [True, False], ids=["others are wrong", "others cannot be"])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"logits": x, "features": x[:, :2]}], ids=["tensor", "dict"])
def test_a_users_network_is_trained_as_its_answers_are_read_and_its_images_are_shaped(tmp_path, colours, open_, wrap):
    torch.manual_seed(0)
    class_map = ClassMap((("blue", 0), ("green", 2), ("red", 4)), open_)
    classifier = Classifier("net", Answering(wrap), Fit((6, 8), "resize"), class_map=class_map)
    progress = train(classifier, colours, replace(PLAIN, epochs=8), 0, tmp_path / "net.resume")
    assert progress.validation_accuracies[-1] == accuracy(classifier, colours) == 1
    predicted = classifier.logits(to_tensor(fit_images(colours, classifier.fit)))
    own = predicted[:, [4, 2, 0]].argmax(1).numpy()
    assert (own == colours.labels).all()
    if open_:
        assert (predicted.argmax(1).numpy() == np.array([4, 2, 0])[colours.labels]).all()


def test_what_a_users_network_raises_is_said_of_it(tmp_path, colours):
    def broken(logits):
        raise KeyError("oh")

    with pytest.raises(RobustnessError, match="net raised KeyError: 'oh' .* as it was trained"):
        train(Classifier("net", Answering(broken, 3), Fit((6, 8), "resize")), colours, PLAIN, 0, tmp_path / "net.resume")


def test_a_training_ends_when_it_is_enough_and_asks_after_each_epoch_and_when_it_goes_on(tmp_path, colours):
    def run(enough):
        torch.manual_seed(0)
        classifier = Classifier("net", BaselineCNN(3, FIT.size), FIT)
        return train(classifier, colours, PLAIN, 0, tmp_path / "net.resume", enough=enough)

    asked = []
    assert len(run(lambda: asked.append(1) or True).losses) == 1
    assert len(asked) == 1
    assert len(run(lambda: asked.append(1) or True).losses) == 1  # goes on, and asks first
    assert len(asked) == 2
    assert len(run(lambda: False).losses) == PLAIN.epochs
