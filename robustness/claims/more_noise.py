"""Whether more of a noise never helps."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from robustness.claims.outcome import Outcome, Rights, Tested
from robustness.claims.record import LevelPair, LevelsEvidence
from robustness.errors import RobustnessError
from robustness.statistics.paired import holm
from robustness.statistics.sampling import Sampling, mean_interval, p_value_mean_above


def more_noise_never_helps(rights: Rights, sampling: Sampling, alpha: float, negligible: float) -> Tested:
    """Whether accuracy rises from any level of a noise to any stronger one, compared on the same images.

    rights: of one model, under levels of one noise, from weak to strong, two or more. negligible: a rise of accuracy, above 0.

    Refuted: accuracy rises significantly between some two levels, however little (one-sided tests of all pairs, Holm at
    `alpha`). Supported: it does not, and no upper bound of a rise is above `negligible`, each bound at `alpha`, since all have
    to lie below it (R. L. Berger, "Multiparameter hypothesis testing and acceptance sampling", Technometrics 24, 1982). Either
    is wrong with probability `alpha` at most.
    """
    pairs = list(combinations(rights, 2))
    if not pairs:
        raise RobustnessError(f"whether more noise helps shows at two levels or more, not at {len(rights)}")
    rises = [rights[strong].astype(np.float64) - rights[weak] for weak, strong in pairs]
    p_values = [p_value_mean_above(values, 0.0, sampling) for values in rises]
    most = [mean_interval(values, sampling, min(2 * alpha, 0.499))[1] for values in rises]
    alarms = holm(p_values, alpha)
    place = int(np.argmin(p_values) if any(alarms) else np.argmax(most))
    weak, strong = pairs[place]
    between = f"from {weak} ({rights[weak].mean():.4f}) to {strong} ({rights[strong].mean():.4f})"
    if any(alarms):
        outcome = Outcome.REFUTED
        words = f"accuracy rises significantly between {sum(alarms)} of {len(pairs)} pairs of levels, most clearly {between}"
    else:
        outcome = Outcome.SUPPORTED if most[place] <= negligible else Outcome.UNDECIDED
        at_most = f"by {most[place]:.4f} at most" if most[place] >= 0 else f"it falls by {-most[place]:.4f} at least"
        words = f"accuracy rises significantly between none of {len(pairs)} pairs of levels; {at_most}, {between}"
    found = tuple(
        LevelPair(
            levels=(str(weak), str(strong)),
            accuracies=(float(rights[weak].mean()), float(rights[strong].mean())),
            rise=float(values.mean()),
            at_most=bound,
            p_value=p_value,
            alarm=alarm,
        )
        for (weak, strong), values, bound, p_value, alarm in zip(pairs, rises, most, p_values, alarms, strict=True)
    )
    return Tested(outcome, words, LevelsEvidence(confidence=1 - alpha, negligible=negligible, pairs=found))
