"""balanced_accuracy: the mean over classes of the share of their images that is classified correctly is at least this."""

from __future__ import annotations

from fractions import Fraction

from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import every_class
from robustness.statistics.classification import mean, recalls


class BalancedAccuracy(Ask):
    name = "balanced_accuracy"
    takes = ("group", "over_seeds")
    is_trained_for = True
    is_share = True
    no_interval = "no exact bound is known of a mean over classes; recall of each class has one"

    def judge(self, measured: Measured) -> Found:
        limit, (result, images) = measured.limit, measured.part
        classes = every_class(images)
        value = mean(recalls(result.predictions, images.labels, len(classes)))
        words = f"balanced accuracy {float(value):.4f} over {len(classes)} classes, the limit asks for {limit.required}"
        return Found(float(value), value >= Fraction(limit.required), words, exact=value)
