"""What a training starts from: a network with weights drawn afresh, or with the trunk that others trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from robustness.data import Preparation
from robustness.errors import RobustnessError, nearest
from robustness.models.checkpoint import load_card, load_weights
from robustness.models.classifier import Classifier, best_device, place
from robustness.models.declaration import BUILT_IN
from robustness.models.library import refusal
from robustness.models.networks import NETWORKS
from robustness.models.preprocessing import Channels
from robustness.models.pretrained import Pretrained, UnreachableError, imagenet_weights
from robustness.models.timm_networks import timm_library
from robustness.models.torch_files import State
from robustness.models.torchvision_networks import torchvision_library
from robustness.models.weight_names import for_network

FROM_SCRATCH = "from scratch"


@dataclass(frozen=True)
class Start:
    """head: the name of the last layer. origin: where the other weights come from, for the card."""

    classifier: Classifier
    head: str
    origin: str

    @property
    def pretrained(self) -> bool:
        return not self.origin.startswith(FROM_SCRATCH)


def start(reference: str, classes: int, fit: Preparation, pretrained: str | None) -> Start:
    """A network to train: a built-in one, `torchvision:NAME` or `timm:NAME`; a size it cannot take is refused.

    pretrained: "imagenet", or a file of weights of the same network, of which all but the last layer is taken; None to draw
    all weights. Where ImageNet weights cannot be downloaded the start is from scratch, and `origin` says why.
    """
    module, head, training_only = _network(reference, classes, fit.size)

    def started(mean: Channels = (0.0, 0.0, 0.0), std: Channels = (1.0, 1.0, 1.0)) -> Classifier:
        place(module, best_device(), torch.channels_last)
        return Classifier(reference, module, fit, mean, std, layout=torch.channels_last)

    if pretrained is None:
        return Start(started(), head, FROM_SCRATCH)
    try:
        weights = imagenet_weights(reference) if pretrained == "imagenet" else _from_file(Path(pretrained))
    except UnreachableError as error:
        return Start(started(), head, f"{FROM_SCRATCH}, for want of ImageNet weights: {error}")
    _load_trunk(module, head, weights.state, training_only, f"{reference}, {weights.origin}")
    return Start(started(weights.mean, weights.std), head, weights.origin)


def _network(reference: str, classes: int, size: int) -> tuple[nn.Module, str, tuple[str, ...]]:
    if reference in NETWORKS:
        return NETWORKS[reference](classes, size), NETWORKS[reference].OUTPUT, ()
    kind, _, name = reference.partition(":")
    libraries = {"torchvision": torchvision_library, "timm": timm_library}
    if kind not in libraries or not name:
        raise RobustnessError(
            f"no network {reference!r} to train: {nearest(reference, [*BUILT_IN, 'torchvision:NAME', 'timm:NAME'])}"
        )
    library = libraries[kind]()
    if problem := refusal(library.outline(name, classes), (3, size, size)):
        raise RobustnessError(f"{reference} does not take images of {size} pixels ({problem}); give a larger --size")
    return library.build(name, classes), library.head(name), library.training_only


def _from_file(file: Path) -> Pretrained:
    card = load_card(file)
    return Pretrained(
        load_weights(file), tuple(card.get("mean", (0.0, 0.0, 0.0))), tuple(card.get("std", (1.0, 1.0, 1.0))), file.name
    )


def _load_trunk(module: nn.Module, head: str, state: State, training_only: tuple[str, ...], origin: str) -> None:
    own = module.state_dict()
    state = for_network(state, [name for name in own if not name.startswith(f"{head}.")], origin)
    trunk = {name: tensor for name, tensor in state.items() if not name.startswith((f"{head}.", *training_only))}
    wanted = {name for name in own if not name.startswith(f"{head}.")}
    if differing := sorted(
        name for name in wanted | set(trunk) if name not in trunk or name not in own or trunk[name].shape != own[name].shape
    ):
        some = ", ".join(differing[:3]) + (f" and {len(differing) - 3} more" if len(differing) > 3 else "")
        raise RobustnessError(f"{origin}: weights of another network, by {some}")
    module.load_state_dict(trunk | {name: tensor for name, tensor in own.items() if name not in wanted})


def last_blocks(module: nn.Module, head: str, count: int | None) -> list[nn.Module]:
    """The last `count` blocks before the head that hold weights, in the order of the module's parts; all of it for None."""
    if count is None:
        return [module]
    blocks = [part for name, part in _blocks(module) if any(True for _ in part.parameters()) and not head.startswith(name)]
    return [*blocks[len(blocks) - count :], module.get_submodule(head)]


def _blocks(module: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    """The parts of a network, those of its `nn.Sequential` stages one by one."""
    found = []
    for name, part in module.named_children():
        stage = isinstance(part, nn.Sequential | nn.ModuleList)
        found += _blocks(part, f"{prefix}{name}.") if stage and not prefix else [(f"{prefix}{name}", part)]
    return found


def freeze_all_but(module: nn.Module, parts: list[nn.Module]) -> None:
    module.requires_grad_(False)
    for part in parts:
        part.requires_grad_(True)
    assert any(weight.requires_grad for weight in module.parameters())
