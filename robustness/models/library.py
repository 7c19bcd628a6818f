"""Networks that a library knows by name, with weights of the user's own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import torch
from torch import nn

from robustness.data.preparation import Preparation
from robustness.errors import RobustnessError, described, nearest
from robustness.models.checkpoint import check_types
from robustness.models.torch_files import State
from robustness.models.weight_names import for_network

LARGEST = 1024


@dataclass(frozen=True)
class Library:
    """A package of networks.

    networks: the names it knows. build: the network of a name, for so many classes, with weights drawn afresh.
    training_only: how the names of weights begin that only training uses; they are not read.
    """

    name: str
    version: str
    networks: Collection[str]
    build: Callable[[str, int], nn.Module]
    training_only: tuple[str, ...] = ()

    def load(self, network: str, state: State, fit: Preparation, where: object = "the weights") -> tuple[nn.Module, str]:
        """The network with these weights, for as many classes as they tell apart, and a name that stands for its code.

        fit: of its images; what the network cannot take is refused. where: the weights are from.
        """
        two = self.outline(network, 2)
        named = for_network(state, two.state_dict(), where)
        kept = {key: tensor for key, tensor in named.items() if not key.startswith(self.training_only)}
        if problem := refusal(two, fit.values):
            raise RobustnessError(f"{self.name}:{network} does not take images of {_in_words(fit)} ({problem})")
        weights, dimension = self._output(network, two)
        if weights not in kept or kept[weights].ndim <= dimension:
            raise RobustnessError(f"{self.name}:{network}: no {weights} among the weights, so they are of another network")
        classes = kept[weights].shape[dimension]
        check_types(two, kept)
        self.outline(network, classes).load_state_dict(kept, assign=True)
        module = self.build(network, classes)
        module.load_state_dict(kept)
        return module, f"{self.name}:{network} {self.name} {self.version}"

    def outline(self, network: str, classes: int) -> nn.Module:
        """The network as shapes, which take no memory."""
        if network not in self.networks:
            raise RobustnessError(f"{self.name} has no classification network {network!r}: {nearest(network, self.networks)}")
        try:
            with torch.device("meta"):
                return self.build(network, classes)
        except NotImplementedError:  # torchvision's RegNets compute their widths with tensors
            return self.build(network, classes).to("meta")

    def head(self, network: str) -> str:
        """The name of the network's last layer, whose size follows the number of classes."""
        return self._output(network, self.outline(network, 2))[0].rpartition(".")[0]

    def _output(self, network: str, two: nn.Module) -> tuple[str, int]:
        """The weights whose shape tells the number of classes, and which of their dimensions does."""
        three = self.outline(network, 3).state_dict()
        for key, tensor in two.state_dict().items():
            for dimension, lengths in enumerate(zip(tensor.shape, three[key].shape, strict=True)):
                if lengths[0] != lengths[1]:
                    return key, dimension
        raise RobustnessError(f"{self.name}:{network} has no head that tells classes apart, so it is no classifier")


def refusal(outline: nn.Module, shape: tuple[int, int, int]) -> str | None:
    """Why a network does not take images of these channels, height and width, or None where it does."""
    try:
        with torch.inference_mode():
            outline.eval()(torch.empty(2, *shape, device="meta"))
    except Exception as error:  # each network has its own way to say that it ran out of pixels
        return described(error)
    return None


def smallest_size(outline: nn.Module) -> int | None:
    """The smallest image a network takes, in pixels, as trying one size after another finds it; None above `LARGEST`."""
    return next((size for size in range(1, LARGEST + 1) if refusal(outline, (3, size, size)) is None), None)


def _in_words(fit: Preparation) -> str:
    pixels = f"{fit.height} pixels" if fit.height == fit.width else f"{fit.height} x {fit.width} pixels"
    return pixels if fit.channels == 3 else f"{pixels} and {fit.channels} {'channel' if fit.channels == 1 else 'channels'}"
