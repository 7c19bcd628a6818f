"""The last layer alone, fitted on what the frozen rest of a network makes of each image."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace

import torch
from torch import nn
from tqdm import tqdm

from robustness.data import ImageSet, fit_images
from robustness.errors import RobustnessError
from robustness.files.arrays import read_arrays, write_arrays
from robustness.files.cache import keeping, mark_used
from robustness.files.folders import cache_folder
from robustness.models.classifier import Classifier, to_tensor
from robustness.training.split import Places

BATCH = 128
DECAYS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""Weights of the squared norm that are tried, each from where the one before ended; the held-out images choose among them."""
STEPS = 50
"""For each; fewer where the loss stops falling."""


def fit_head(classifier: Classifier, head: str, image_set: ImageSet, training: Places, validation: Places) -> float | None:
    """Replace the weights of the linear layer named `head` by those of a multinomial logistic regression.

    It is fitted by L-BFGS on the network's features of the training images, standardised, as linear probes are (A. Radford et
    al., "Learning transferable visual models from natural language supervision", 2021, appendix A.3). No image is augmented.
    Returns the accuracy on the validation images, or None without such.
    """
    layer = classifier.module.get_submodule(head)
    if not isinstance(layer, nn.Linear):
        raise RobustnessError(f"{classifier.name}: its last layer {head} is {type(layer).__name__}, not linear; fine-tune all")
    features = features_of(classifier, head, image_set)
    labels = torch.from_numpy(image_set.labels.copy())
    mean, std = features[training].mean(0), features[training].std(0).clamp_min(1e-6)
    standard = (features - mean) / std
    fitted = nn.Linear(layer.in_features, layer.out_features)
    nn.init.zeros_(fitted.weight)
    nn.init.zeros_(fitted.bias)
    best, kept = -1.0, fitted.state_dict()
    for decay in tqdm(DECAYS if len(validation) else DECAYS[:3], "last layer", unit="fit", disable=None):
        _logistic_regression(fitted, standard[training], labels[training], decay)
        with torch.no_grad():
            right = fitted(standard[validation]).argmax(1) == labels[validation]
        reached = float(right.float().mean()) if len(validation) else 0.0
        if reached > best or not len(validation):
            best, kept = reached, {name: tensor.clone() for name, tensor in fitted.state_dict().items()}
    with torch.no_grad():
        layer.weight.copy_(kept["weight"] / std)
        layer.bias.copy_(kept["bias"] - (kept["weight"] / std) @ mean)
    return best if len(validation) else None


def features_of(classifier: Classifier, head: str, image_set: ImageSet) -> torch.Tensor:
    """What reaches the layer `head` for each image: float32 of shape (N, features), computed once and kept in the cache."""
    trunk = copy.deepcopy(classifier.module)
    trunk.set_submodule(head, nn.Identity())
    below = replace(classifier, module=trunk)
    key = hashlib.sha256(
        f"{classifier.name} {below.content_hash()} {image_set.content_hash} {torch.__version__}".encode()
    ).hexdigest()
    kept = cache_folder() / "features" / f"{key}.safetensors"
    stored = read_arrays(kept)
    if stored is not None:
        mark_used(kept)
        return torch.from_numpy(stored["features"])
    features = _compute(below, image_set)
    with keeping(kept) as partial:
        write_arrays(partial, {"features": features.numpy()})
    return features


def _compute(below: Classifier, image_set: ImageSet) -> torch.Tensor:
    images = fit_images(image_set, below.fit)
    starts = tqdm(range(0, len(images), BATCH), "features", unit="batch", disable=None)
    return torch.cat([below.logits(to_tensor(images[start : start + BATCH])).cpu() for start in starts])


def _logistic_regression(layer: nn.Linear, features: torch.Tensor, labels: torch.Tensor, decay: float) -> None:
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=STEPS, history_size=10, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = nn.functional.cross_entropy(layer(features), labels) + decay / 2 * layer.weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
