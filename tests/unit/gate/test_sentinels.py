"""Sentinels: each usual mistake is named, and a network that is good, or plainly poor, raises no alarm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import robustness.gate.feeding
import robustness.gate.sentinels
from robustness.data import Fit, ImageSet, load_image_set
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import evaluate
from robustness.evaluation.store import Store
from robustness.gate.feeding import IMAGENET, SCALES, numbers
from robustness.gate.grey import sees_grey
from robustness.gate.sentinels import PASSES, check_model
from robustness.models.classifier import Classifier, Room
from robustness.models.declaration import ModelDeclaration
from robustness.models.export import export_network
from robustness.models.file_network import Feed, FileNetwork, Held
from robustness.models.load import load_classifier
from robustness.noise import KINDS, Clean, Gaussian, Speckle, declare_noise, make_noise

CLASSES = tuple("abcdefgh")
SIGNS = 300
LEVELS = (40.0, 220.0)
"""Of the red, the green and the blue, dark or bright: eight classes."""

DOCS = Path(__file__).parents[3] / "docs"


def coloured(count=200, seed=0, classes=CLASSES):
    """4x4 images whose class k has red, green and blue bright where bits 0, 1 and 2 of k are set."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % len(classes)
    bright = (labels[:, None] >> np.arange(3)) & 1
    levels = np.where(bright, LEVELS[1], LEVELS[0])[:, None, None, :] + generator.integers(-20, 21, (count, 4, 4, 3))
    return ImageSet.from_images("colours", list(levels.astype(np.uint8)), labels.tolist(), classes)


class Colours(nn.Module):
    """Names the classes of `coloured`, from pixels of 0..1, whatever `first` makes of those; counts its passes."""

    def __init__(self, first=None, last=None):
        super().__init__()
        self.first, self.last = first, last
        bits = (torch.arange(8)[:, None] >> torch.arange(3)) & 1
        self.register_buffer("signs", 2.0 * bits - 1)
        self.counted = SimpleNamespace(passes=0)  # no setting of the network's

    @property
    def passes(self):
        return self.counted.passes

    def forward(self, images):
        self.counted.passes += 1
        images = self.first(images) if self.first else images
        logits = (images.mean(dim=(2, 3)) - 0.5).clamp(-0.25, 0.25) @ self.signs.T
        return self.last(logits) if self.last else logits


def classifier(module, **changes):
    return replace(Classifier("net", module, Fit(4)), **changes)


@pytest.fixture
def complaint(tmp_path):
    """What the sentinels say of a network and images; nothing where all is well."""

    def say(network, images, noises=(), run="run"):
        try:
            check_model(network, images, noises, 0, Store(tmp_path), run)
        except RobustnessError as error:
            return str(error)
        return ""

    return say


@pytest.fixture
def signs():
    every = load_image_set("signs")
    return every.take(np.arange(0, len(every), len(every) // SIGNS), "signs")


@pytest.fixture
def shipped():
    return load_classifier(ModelDeclaration("baseline-cnn", "baseline-cnn", "signs"))


# Good networks raise no alarm


def test_a_good_network_passes_under_every_noise(complaint):
    noises = [
        make_noise(kind, {spec.magnitude: spec.ranges[spec.magnitude][1]} if spec.magnitude else {})
        for kind, spec in KINDS.items()
    ]
    assert complaint(classifier(Colours()), coloured(), noises) == ""


@pytest.mark.parametrize("count", [1, 5, 19, 40, 257])
def test_sets_of_any_size_pass(complaint, count):
    assert complaint(classifier(Colours()), coloured(count)) == ""


def test_where_memory_runs_out_batches_are_halved_and_nothing_is_complained_of(complaint):
    def little_memory(images):
        if len(images) > 20:
            raise MemoryError
        return images

    network = classifier(Colours(first=little_memory))
    assert complaint(network, coloured()) == ""
    assert network.batch_size == 16


def test_a_counter_of_a_network_s_own_may_move(complaint):
    class Counts(Colours):
        def __init__(self):
            super().__init__()
            self.calls: torch.Tensor
            self.register_buffer("calls", torch.zeros(1, dtype=torch.int64))

        def forward(self, images):
            self.calls.add_(1)
            return super().forward(images)

    assert complaint(classifier(Counts()), coloured()) == ""


def test_a_network_of_other_classes_is_refused_before_a_pass(complaint):
    network = classifier(Colours(), class_names=("no", "such", "classes"))
    assert "was trained on 3 classes that are not the 8 of colours" in complaint(network, coloured())
    assert network.module.passes == 0


@pytest.mark.parametrize("network", ["baseline-cnn", "small-resnet"])
def test_the_shipped_networks_pass(complaint, signs, network):
    assert complaint(load_classifier(ModelDeclaration(network, network, "signs")), signs, [Gaussian(25)]) == ""


def test_bfloat16_inside_passes(complaint):
    network = Colours(lambda images: images.bfloat16().float(), lambda logits: logits.bfloat16())
    assert complaint(classifier(network), coloured()) == ""


# Poor networks raise none either


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), count=st.integers(1, 120), classes=st.integers(2, 8), scale=st.sampled_from([0.1, 1, 30])
)
def test_random_linear_networks_raise_no_alarm(tmp_path_factory, seed, count, classes, scale):
    """Labels of chance: each of at most six comparisons errs with probability 1e-6, so one run in a thousand would see one."""
    generator = np.random.default_rng(seed)
    images = list(generator.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8))
    labels = generator.choice(classes, count, p=generator.dirichlet(np.ones(classes))).tolist()
    module = nn.Sequential(nn.Flatten(), nn.Linear(48, classes))
    for parameter in module.parameters():
        parameter.data = torch.tensor(generator.normal(0, scale, parameter.shape), dtype=torch.float32)
    store = Store(tmp_path_factory.mktemp("store"))
    check_model(classifier(module), ImageSet.from_images("chance", images, labels, CLASSES[:classes]), [], 0, store, "run")


@pytest.mark.parametrize("named", [0, 1])
def test_a_network_that_always_names_one_class_is_poor_and_no_more(complaint, named):
    """Naming the other class would take it from 10 % to 90 %, which says nothing of mean, range or the order of classes."""
    images = coloured(300, classes=("a", "b"))
    images = images.take(np.argsort(images.labels, kind="stable")[: 150 + 17], "mostly a")

    class Constant(nn.Module):
        def forward(self, batch):  # another class where the pixels are in another range
            other = (batch.amax(dim=(1, 2, 3)) > 2).long()
            return nn.functional.one_hot(named ^ other, 2).float()

    assert complaint(classifier(Constant()), images) == ""


def test_a_network_right_on_a_part_of_its_classes_is_poor_and_no_more(complaint):
    assert complaint(classifier(Colours(lambda images: images * torch.tensor([1.0, 1, 0]).view(1, 3, 1, 1))), coloured()) == ""


# Mistakes


def test_dropout_that_stays_on_is_named(complaint):
    class Stubborn(nn.Dropout):
        def train(self, mode=True):
            return super().train(True)

    said = complaint(classifier(Colours(last=Stubborn(0.5))), coloured())
    assert said.startswith("net gives no fixed answer: two passes over the same 64 images moved its logits by up to ")
    assert said.endswith("Still in training mode after eval(): last (Stubborn); let train(False) reach every part")


def test_random_numbers_in_forward_are_named(complaint):
    said = complaint(classifier(Colours(last=lambda logits: logits + 0.01 * torch.rand_like(logits))), coloured())
    assert "no fixed answer" in said
    assert "F.dropout without training=self.training" in said


class InAFile(FileNetwork):
    """A file's network, with what its export found."""

    def __init__(self, spoil):
        super().__init__(Feed())
        self.held, self.spoil = Held(Colours()), spoil

    def run(self, images):
        return self.held.model(self.spoil(torch.from_numpy(images))).numpy()


def test_of_a_file_the_export_is_to_be_mended(complaint):
    said = complaint(classifier(InAFile(lambda images: images + 0.1 * torch.rand_like(images))), coloured())
    assert said.startswith("net gives no fixed answer: ")
    assert said.endswith("keep dropout and random numbers out of its forward, and export it again")
    said = complaint(classifier(InAFile(lambda images: images - images[:1] + 0.5)), coloured(), run="another")
    assert "in batches of 1 than of 64" in said
    assert said.endswith("for batch normalisation, and take no mean, maximum or softmax over dimension 0")


def test_batch_normalisation_in_training_mode_is_named(complaint):
    class Training(nn.BatchNorm2d):
        def train(self, mode=True):
            return super().train(True)

    said = complaint(classifier(Colours(Training(3))), coloured())
    assert "overwrote its first.running_mean, first.running_var" in said
    assert "first (Training)" in said


def test_an_answer_that_depends_on_the_batch_is_named(complaint):
    said = complaint(classifier(Colours(lambda images: images - images[:1] + 0.5)), coloured())
    assert "in batches of 1 than of 64: its logits for 16 images move by up to 0.5 of their spread" in said
    assert "means, maxima or softmax over dimension 0" in said


class Normalising(nn.Module):
    """A shipped network behind a layer that normalises by the batch; most of its predictions lead by too much to change."""

    def __init__(self, module):
        super().__init__()
        self.module, self.norm = module, nn.BatchNorm2d(3, affine=False, track_running_stats=False)

    def forward(self, images):
        return self.module(self.norm(images) * 0.25 + 0.45)


def test_a_network_that_normalises_by_the_batch_is_named(complaint, shipped, signs):
    said = complaint(replace(shipped, module=Normalising(shipped.module), architecture=None), signs)
    assert "answers otherwise in batches of 1 than of 64" in said
    assert "track_running_stats=False" in said


def test_so_is_one_in_an_onnx_file(complaint, shipped, signs, tmp_path):
    pytest.importorskip("onnxruntime")
    normalising = replace(shipped, module=Normalising(shipped.module), architecture=None)
    export_network(normalising, "onnx", tmp_path / "net.onnx")
    network = load_classifier(ModelDeclaration("net", f"onnx:{tmp_path / 'net.onnx'}", size=shipped.fit.size))
    assert "answers otherwise in batches of 1 than of 64" in complaint(network, signs)


@pytest.mark.parametrize("size", [16, 64])
def test_an_answer_that_depends_on_larger_batches_alone_is_named(complaint, size):
    def first(images):
        return images if len(images) != size else images.flip(0)

    assert "answers otherwise in batches of " in complaint(classifier(Colours(first)), coloured())


def test_a_network_that_is_random_under_noise_alone_is_named(complaint):
    def denoised(images):
        noisy = (images[..., 1:] - images[..., :-1]).abs().amax(dim=(1, 2, 3), keepdim=True) > 0.25  # clean ones: 40 of 255
        return torch.where(noisy, images + 0.1 * torch.randn_like(images), images)

    assert "two passes over the same noisy 24 images" in complaint(classifier(Colours(denoised)), coloured())


def test_a_network_for_one_batch_size_is_named(complaint):
    said = complaint(classifier(Colours(lambda images: images.view(64, 3, 4, 4))), coloured())
    assert said.startswith("net takes batches of 64 images, but not of 1: net raised RuntimeError")


@pytest.mark.parametrize("count", [200, 1200])
def test_permuted_classes_are_named(complaint, count):
    said = complaint(classifier(Colours(last=lambda logits: logits[:, [1, 2, 3, 4, 5, 6, 7, 0]])), coloured(count))
    assert "takes accuracy from 0.0% to 100.0%, on 96 images that the renaming was not found on" in said
    assert "images named 'a'" in said or "images named 'b'" in said
    assert said.count("are labelled") == 3


def test_two_classes_swapped_among_few_images_may_be_chance(complaint):
    network = Colours(last=lambda logits: logits[:, [1, 0]])
    assert complaint(classifier(network), coloured(30, classes=("a", "b"))) == ""
    assert "different orders" in complaint(classifier(network), coloured(120, classes=("a", "b")))


NORMAL = [torch.tensor(values).view(1, 3, 1, 1) for values in IMAGENET]
IMAGENET_MEAN, IMAGENET_STD = IMAGENET


class Flat(nn.Module):
    """A dense network over pixels in the order of channels last: it takes any shape."""

    def forward(self, images):
        return images.reshape(len(images), 4, 4, 3).permute(0, 3, 1, 2)


FED = {
    "0..255": (lambda images: images / 255, {}, "mean = 0, std = 0.00392157, so pixels of 0..255"),
    "divided twice": (lambda images: images * 255, {}, "mean = 0, std = 255, so pixels divided by 255 twice"),
    "BGR": (lambda images: images.flip(1), {}, "BGR, so with images.flip(1) at the beginning of its forward"),
    "NHWC": (Flat(), {}, "channels last, so with images.permute(0, 2, 3, 1) at the beginning of its forward"),
    "normalised twice": (None, {"mean": (0.9,) * 3, "std": (0.5,) * 3}, "mean = 0, std = 1, so pixels of 0..1"),
}


@pytest.mark.parametrize(("first", "declared", "remedy"), FED.values(), ids=FED.keys())
def test_the_wrong_way_to_feed_a_network_is_named_with_its_remedy(complaint, first, declared, remedy):
    said = complaint(classifier(Colours(first), **declared), coloured())
    assert said.startswith(f"net does better with {remedy} (100.0 % instead of ")
    assert said.count("\n") == 0
    assert "): check your training code. On 192 images it was fed as [models.net] declares it, mean = " in said


class Undone(nn.Module):
    """A network that was trained with that mean and standard deviation."""

    def __init__(self, module, mean, std):
        super().__init__()
        self.module = module
        self.mean, self.std = (torch.tensor(values).view(1, 3, 1, 1) for values in (mean, std))

    def forward(self, images):
        return self.module(images * self.std + self.mean)


@pytest.mark.parametrize("trained", range(len(SCALES)))
@pytest.mark.parametrize("declared", [0, 5])
def test_what_a_network_was_trained_with_is_told_from_all_others(complaint, shipped, signs, trained, declared, monkeypatch):
    """Unless it is about as good as declared: a network of rectifiers hardly minds another scale."""
    monkeypatch.setattr(robustness.gate.feeding, "_other_fits", lambda fit: iter(()))  # of which one is as good
    (mean, std), (other_mean, other_std) = (by_channel(SCALES[number]) for number in (trained, declared))
    as_trained = replace(shipped, module=Undone(shipped.module, mean, std), architecture=None, mean=mean, std=std)
    fed = replace(as_trained, mean=other_mean, std=other_std)
    gain = accuracy(as_trained, signs) - accuracy(fed, signs)
    said = complaint(fed, signs)
    if said:
        assert said.startswith(
            f"baseline-cnn does better with mean = {numbers(mean)}, std = {numbers(std)}{SCALES[trained][2]} ("
        )
        assert gain > 0.08
    else:
        assert gain < 0.12


def by_channel(scale):
    return [values * 3 if len(values) == 1 else values for values in scale[:2]]


def accuracy(classifier, images):
    return float((evaluate(classifier, images, Clean(), 0).predictions == images.labels).mean())


@pytest.mark.parametrize(
    ("trained", "declared", "words"),
    [
        ("resize", "crop-or-pad", "prepare = { resize = 5, crop = 4 }"),  # as good here as fit = "resize"
        ("crop-or-pad", "resize", 'fit = "crop-or-pad"'),
    ],
)
def test_another_fit_is_named(complaint, trained, declared, words):
    """Images of 16 pixels, in whose quarters the colours stand; the network looks at one quarter of what it sees."""
    plain = [coloured(200)[number] for number in range(200)]
    generator = np.random.default_rng(1)
    large = [generator.integers(0, 256, (16, 16, 3), dtype=np.uint8) for _ in plain]
    for image, small in zip(large, plain, strict=True):
        if trained == "resize":
            centre = image[6:8, 6:8].copy()
            image[:8, :8] = small.repeat(2, 0).repeat(2, 1)
            image[6:8, 6:8] = centre
        else:
            image[6:8, 6:8] = small[:2, :2]
    images = ImageSet.from_images("large", large, coloured(200).labels.tolist(), CLASSES)
    network = classifier(Colours(lambda seen: seen[:, :, :2, :2]), fit=Fit(4, declared))
    assert complaint(network, images).startswith(f"net does better with {words} (")


def test_the_remedy_for_bgr_mends_a_network_with_mean_and_std(complaint):
    declared = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}
    trained = lambda images: images * NORMAL[1].flip(1) + NORMAL[0].flip(1)  # noqa: E731 - on BGR, by BGR's mean
    assert "BGR" in complaint(classifier(Colours(lambda images: trained(images).flip(1)), **declared), coloured())
    assert (
        complaint(classifier(Colours(lambda images: trained(images.flip(1)).flip(1)), **declared), coloured(), run="mended")
        == ""
    )


def test_nan_is_told_as_a_measurement_tells_it(complaint):
    said = complaint(classifier(Colours(last=lambda logits: logits * float("nan"))), coloured())
    assert said == "net gave NaN or infinite logits for 64 of 64 images of a batch; nothing was measured"


def test_another_number_of_classes_is_told_as_a_measurement_tells_it(complaint):
    assert complaint(classifier(Colours(last=lambda logits: logits[:, :5])), coloured()) == (
        "net tells 5 classes apart, colours has 8"
    )


def test_a_noise_that_changes_images_at_its_identity_is_named(complaint, monkeypatch):
    monkeypatch.setattr(robustness.gate.sentinels, "apply", lambda noise, images, *_: images + (noise.kind == "speckle"))
    said = complaint(classifier(Colours()), coloured(), [Clean(), Gaussian(25), Speckle(0.5), Speckle(0.6)])
    assert said.startswith("speckle(sigma=0) is no noise at all, but it changed 64 of 64 images, by up to 1 grey levels")
    assert said.count("\n") == 0


def test_noises_without_a_known_identity_are_left_out(complaint, tmp_path):
    mist = declare_noise("mist", "python:gone:gone", "share", {}, tmp_path)
    assert complaint(classifier(Colours()), coloured(), [mist(0.1)]) == ""


def test_all_mistakes_are_told_at_once(complaint):
    network = Colours(lambda images: images / 255, lambda logits: logits + 1e-3 * torch.rand_like(logits))
    lines = complaint(classifier(network), coloured()).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "net gives no fixed answer",
        "net does better with mean = 0, std = 0.00392157, so pixels of 0..255 (100.0 % instead of 13.0 %)",
    ]


def test_a_network_that_takes_images_channels_last_is_told_so(complaint):
    class ChannelsLast(Colours):
        def forward(self, images):
            assert images.shape[-1] == 3, "three channels"
            return super().forward(images.permute(0, 3, 1, 2))

    said = complaint(classifier(ChannelsLast()), coloured())
    assert said.startswith("net raised AssertionError: three channels")
    assert said.endswith("It takes channels last, so with images.permute(0, 2, 3, 1) at the beginning of its forward")


def test_logits_that_are_all_equal_are_named(complaint):
    assert complaint(classifier(Colours(last=lambda logits: 0 * logits + 1)), coloured()).startswith(
        "net gave logits that are all equal for 192 of 192 images of a batch, so it tells no classes apart"
    )


# What was found is kept


def test_a_second_call_runs_no_forward_pass(complaint):
    for network in (classifier(Colours()), classifier(Colours(), architecture="colours")):
        said = [complaint(network, coloured(), [Gaussian(1)])]
        passes = network.module.passes
        said.append(complaint(network, coloured(), [Gaussian(2)]))  # the identity is the same
        assert said == ["", ""]
        assert network.module.passes == passes > 0


def test_another_noise_is_no_reason_to_ask_the_network_again(complaint):
    network = classifier(Colours(), architecture="colours")
    assert complaint(network, coloured(), [Gaussian(1)]) == ""
    passes = network.module.passes
    assert complaint(network, coloured(), [Gaussian(1), Speckle(0.5)]) == ""
    assert network.module.passes == passes


@pytest.mark.parametrize("batch", [None, 256], ids=["of the CPU", "of CUDA"])
@pytest.mark.parametrize("first", [None, lambda images: images / 255, lambda images: 0 * images])
def test_so_many_images_go_through_a_network_and_no_more(complaint, first, batch):
    fed = []
    network = classifier(Colours(first), room=Room(batch))
    network.module.register_forward_pre_hook(lambda _, inputs: fed.append(len(inputs[0])))
    complaint(network, coloured(1200))
    assert 300 < sum(fed) <= PASSES
    for page in ("verdicts", "faq"):
        assert f"{PASSES:,} passes" in (DOCS / f"{page}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("architecture", "again"), [(None, True), ("colours", False)])
def test_code_that_cannot_be_hashed_is_checked_in_every_run(complaint, architecture, again):
    network = classifier(Colours(lambda images: images / 255), architecture=architecture)
    first = complaint(network, coloured(), run="one")
    passes = network.module.passes
    assert complaint(network, coloured(), run="two") == first != ""
    assert (network.module.passes > passes) == again


class Hiccup(Colours):
    """Raises on the passes of those numbers, as a device may."""

    def __init__(self, first, passes):
        super().__init__(first)
        self.failing = SimpleNamespace(passes=passes)

    def forward(self, images):
        logits = super().forward(images)
        if self.passes in self.failing.passes:
            raise RuntimeError("device hiccup")
        return logits


def test_what_raised_once_is_asked_again(complaint):
    network = classifier(Hiccup(None, {1, 2}), architecture="colours")  # the second is for images channels last
    assert "device hiccup" in complaint(network, coloured())
    assert complaint(network, coloured()) == ""


@pytest.mark.parametrize("number", range(8, 30))
def test_a_mistake_that_a_hiccup_hid_is_found_the_next_time(complaint, number):
    """Whichever pass it was that raised."""
    network = classifier(Hiccup(lambda images: images / 255, {number}), architecture="colours")
    first = complaint(network, coloured())
    assert "does better with" in complaint(network, coloured())
    assert network.module.passes >= number or "does better with" in first


def test_what_was_found_in_a_run_ends_with_it(tmp_path):
    store = Store(tmp_path)
    check_model(classifier(Colours()), coloured(), [], 0, store, "run")
    store.end_run("run")
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("damage", ["", "{}", "[1]", '["half'])
def test_a_damaged_file_is_made_again(tmp_path, damage):
    store = Store(tmp_path)
    made = []

    def make():
        made.append(1)
        return ["wrong"]

    for _ in range(2):
        assert store.remember("ab" * 32, None, make) == ["wrong"]
    (file,) = tmp_path.rglob("*.safetensors")
    file.write_text(damage)
    assert store.remember("ab" * 32, None, make) == ["wrong"]
    assert len(made) == 2


class Tinted(nn.Module):
    """Texture, and as much of colour as `share` says, which it takes the mean of."""

    def __init__(self, share):
        super().__init__()
        self.share = share

    def forward(self, images):
        texture = images.diff(dim=3).abs().mean(dim=(1, 2, 3))
        colour = images[:, 0].mean(dim=(1, 2)) - images[:, 1].mean(dim=(1, 2))
        return torch.stack([texture, self.share * colour, -texture], dim=1)


@pytest.mark.parametrize("share", [0.05, 1.0, 100.0])
def test_a_network_that_takes_the_mean_of_colours_is_not_said_to_see_grey(share):
    assert sees_grey(classifier(Tinted(share))) == []
    assert sees_grey(classifier(Tinted(0.0))) == []  # what every channel has a part in is no grey of them


@pytest.mark.parametrize("weights", [(1 / 3, 1 / 3, 1 / 3), (0.299, 0.587, 0.114), (0.2126, 0.7152, 0.0722)])
def test_a_network_that_makes_grey_of_its_colours_is_named(weights):
    class Grey(nn.Module):
        def forward(self, images):
            grey = (images * torch.tensor(weights).view(1, 3, 1, 1)).sum(1)
            texture = grey.diff(dim=2).abs().mean(dim=(1, 2))
            return torch.stack([texture, grey.mean(dim=(1, 2))], dim=1)

    (said,) = sees_grey(classifier(Grey()))
    assert "declare channels = 1" in said
