"""Images in: official and user's own sets, and the way to what a network sees."""

from robustness.data.image_set import ImageSet
from robustness.data.load import load_image_set
from robustness.data.preparation import Fit, Preparation
from robustness.data.prepared_images import fit_images, prepared

__all__ = ["Fit", "ImageSet", "Preparation", "fit_images", "load_image_set", "prepared"]
