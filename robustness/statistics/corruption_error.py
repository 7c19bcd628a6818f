"""The mean corruption error of ImageNet-C: how wrong a network is under corruptions, beside another.

Source: Hendrycks and Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations", ICLR 2019,
section 4: `CE = sum over severities of the network's error / the same of AlexNet`, and mCE is the mean over 15 corruptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from robustness.errors import RobustnessError

ALEXNET = {
    "gaussian": 0.886428,
    "shot": 0.894468,
    "impulse": 0.922640,
    "defocus": 0.819880,
    "glass": 0.826268,
    "motion": 0.785948,
    "zoom": 0.798360,
    "snow": 0.866816,
    "frost": 0.826572,
    "fog": 0.819324,
    "brightness": 0.564592,
    "contrast": 0.853204,
    "elastic": 0.646056,
    "pixelate": 0.717840,
    "jpeg": 0.606500,
}
"""Of the fifteen corruptions, AlexNet's error on ImageNet-C, a share of the images, the mean over severities 1 to 5.

As AugMix's evaluation has them (github.com/google-research/augmix, imagenet.py), which takes them from the benchmark's authors.
"""


def corruption_errors(errors: Mapping[str, Sequence[float]], reference: Mapping[str, float]) -> dict[str, float]:
    """CE of each corruption.

    errors: of each corruption at its severities, a share of the images, 0 to 1. reference: of each of these corruptions, the
    other network's, the mean over severities.

    >>> corruption_errors({"jpeg": [0.2, 0.4]}, {"jpeg": 0.6})
    {'jpeg': 0.5}
    """
    lacking = [name for name in errors if name not in reference]
    if lacking:
        raise RobustnessError(f"the reference has no error under {', '.join(lacking)}")
    if perfect := [name for name in errors if not reference[name] > 0]:
        raise RobustnessError(f"the reference makes no error under {', '.join(perfect)}, so none can be set in relation to it")
    return {name: round(_mean(of_severities), 15) / reference[name] for name, of_severities in errors.items()}


def mean_corruption_error(ratios: Mapping[str, float]) -> float:
    """mCE, 1 for a network as wrong as the reference; a `RobustnessError` unless there are the fifteen that it is defined over.

    >>> mean_corruption_error(dict.fromkeys(ALEXNET, 0.5))
    0.5
    """
    lacking = [name for name in ALEXNET if name not in ratios]
    if lacking or len(ratios) > len(ALEXNET):
        other = [name for name in ratios if name not in ALEXNET]
        what = f"{', '.join(lacking)} too" if lacking else f"the fifteen alone, without {', '.join(other)}"
        raise RobustnessError(f"mCE is the mean over fifteen corruptions: it needs {what}")
    return _mean([ratios[name] for name in ALEXNET])


def _mean(values: Sequence[float]) -> float:
    if not values:
        raise RobustnessError("there is no mean of nothing: give at least one severity")
    return sum(values) / len(values)
