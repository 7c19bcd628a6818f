"""macro_f1: the mean over classes of F1, the harmonic mean of precision and recall, is at least this."""

from __future__ import annotations

from fractions import Fraction

from robustness.limits.asks.ask import Ask, Found, Measured
from robustness.limits.asks.share import every_class
from robustness.statistics.classification import f1_scores, mean


class MacroF1(Ask):
    name = "macro_f1"
    takes = ("group", "over_seeds")
    is_trained_for = True
    is_share = True
    no_interval = "no exact bound is known of a mean of F1 over classes; recall and precision of each class have one"

    def judge(self, measured: Measured) -> Found:
        limit, (result, images) = measured.limit, measured.part
        classes = every_class(images)
        value = mean(f1_scores(result.predictions, images.labels, len(classes)))
        words = f"macro F1 {float(value):.4f} over {len(classes)} classes, the limit asks for {limit.required}"
        return Found(float(value), value >= Fraction(limit.required), words, exact=value)
