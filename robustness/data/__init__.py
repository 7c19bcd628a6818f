"""Images in: official and user's own sets, and the way to one size."""

from robustness.data.fit import Fit, fit_images
from robustness.data.image_set import ImageSet
from robustness.data.load import load_image_set

__all__ = ["Fit", "ImageSet", "fit_images", "load_image_set"]
