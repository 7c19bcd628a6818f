"""Networks of timm by name. Nothing is downloaded: weights are the user's own."""

from __future__ import annotations

from robustness.extras import import_extra
from robustness.models.library import Library


def timm_library() -> Library:
    """Its networks, as `timm.list_models` lists them; a `RobustnessError` where timm is not installed."""
    timm = import_extra("timm", "timm")
    return Library(
        "timm",
        timm.__version__,
        timm.list_models(),
        lambda network, classes: timm.create_model(network, pretrained=False, num_classes=classes),
    )
