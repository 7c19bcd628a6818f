"""What a limit can ask, a file each. A new ask is a file, and one line here."""

from robustness.limits.asks.accuracy import Accuracy
from robustness.limits.asks.ask import Ask
from robustness.limits.asks.balanced_accuracy import BalancedAccuracy
from robustness.limits.asks.break_point import BreakPoint
from robustness.limits.asks.calibration_error import CalibrationError
from robustness.limits.asks.macro_f1 import MacroF1
from robustness.limits.asks.max_confusion import MaxConfusion
from robustness.limits.asks.max_differences import MaxDifferences
from robustness.limits.asks.max_drop import MaxDrop
from robustness.limits.asks.max_flips import MaxFlips
from robustness.limits.asks.mean_error import MeanError
from robustness.limits.asks.monotone import Monotone
from robustness.limits.asks.precision import Precision
from robustness.limits.asks.recall import Recall
from robustness.limits.asks.relative import Relative
from robustness.limits.asks.top_k import TopK
from robustness.limits.asks.worst_band import WorstBand
from robustness.limits.asks.worst_class import WorstClass

ASKS: dict[str, Ask] = {
    ask.name: ask
    for ask in (
        Accuracy(),
        TopK(),
        BalancedAccuracy(),
        MacroF1(),
        Recall(),
        Precision(),
        MaxConfusion(),
        CalibrationError(),
        MaxDrop(),
        Relative(),
        WorstClass(),
        WorstBand(),
        MaxFlips(),
        MaxDifferences(),
        Monotone(),
        MeanError(),
        BreakPoint(),
    )
}
