"""Whether some noises disrupt a network more than others that distort as much, and whether networks differ in which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from robustness.claims.outcome import Outcome, Rights, Tested
from robustness.claims.record import Distortion, Interval, OrderEvidence, OrderPair, PatternPair, PatternsEvidence
from robustness.errors import RobustnessError
from robustness.noise import Noise
from robustness.statistics.intervals import Floats
from robustness.statistics.paired import holm
from robustness.statistics.sampling import Sampling, mean_interval, p_value_mean_above


def patterns_differ(
    rights: Rights, sampling: Sampling, alpha: float, negligible: float, distortions: Sequence[Distortion] = ()
) -> Tested:
    """Whether accuracy differs between noises, every two of them compared on the same images.

    rights: of one model, under two noises or more. negligible: a difference of accuracy, above 0.

    Supported: some two differ significantly, however little (two-sided tests of all pairs, Holm at `alpha`). Refuted: no two
    do, and every difference lies within plus and minus `negligible` (two one-sided tests at `alpha` each, of every pair; D. J.
    Schuirmann, J. Pharmacokin. Biopharm. 15, 1987). Either is wrong with probability `alpha` at most. The intervals in the
    evidence hold together (Bonferroni).
    """
    pairs = _pairs(rights)
    differences = [_difference(rights, pair) for pair in pairs]
    intervals = [mean_interval(values, sampling, alpha / len(pairs)) for values in differences]
    p_values = [min(1.0, 2 * min(_p_value(rights, order, sampling) for order in (pair, pair[::-1]))) for pair in pairs]
    alarms = holm(p_values, alpha)
    found = [
        PatternPair(
            noises=(str(pair[0]), str(pair[1])),
            accuracies=_accuracies(rights, pair),
            difference=float(values.mean()),
            interval=interval,
            p_value=p_value,
            alarm=alarm,
        )
        for pair, values, interval, p_value, alarm in zip(pairs, differences, intervals, p_values, alarms, strict=True)
    ]
    one_sided = [mean_interval(values, sampling, min(2 * alpha, 0.499)) for values in differences]
    largest = [max(-low, high) for low, high in one_sided]  # that a difference may be
    if any(alarms):
        outcome = Outcome.SUPPORTED
        place = min(range(len(pairs)), key=lambda place: p_values[place])
        words = f"{sum(alarms)} of {len(pairs)} pairs of noises differ significantly, most clearly {_shown(found[place])}"
    else:
        outcome = Outcome.REFUTED if max(largest) <= negligible else Outcome.UNDECIDED
        place = int(np.argmax(largest))
        at_most = f"by {largest[place]:.4f} at most, {_shown(found[place])}"
        words = f"none of {len(pairs)} pairs of noises differs significantly; {at_most}"
    evidence = PatternsEvidence(confidence=1 - alpha, negligible=negligible, pairs=tuple(found), distortions=tuple(distortions))
    return Tested(outcome, words, evidence)


def order_differs(
    models: Mapping[str, Rights], sampling: Sampling, alpha: float, distortions: Sequence[Distortion] = ()
) -> Tested:
    """Whether models differ in which of two noises disrupts them more.

    models: by name, two or more, under the same noises, on the same images.

    Supported: of some two noises the first disrupts one model significantly more, and the second another. Refuted: of every two
    the same one disrupts all models significantly more. One-sided tests of all models, pairs and directions, Holm at `alpha`,
    so either is wrong with probability `alpha` at most.
    """
    if len(models) < 2 or len({frozenset(rights) for rights in models.values()}) > 1:
        raise RobustnessError(f"two models or more under the same noises have an order to compare; here: {', '.join(models)}")
    pairs = _pairs(next(iter(models.values())))
    orders = [order for pair in pairs for order in (pair, pair[::-1])]  # the first disrupting more
    tests = [(model, order) for order in orders for model in models]
    p_values = [_p_value(models[model], order, sampling) for model, order in tests]
    p_value_of = dict(zip(tests, p_values, strict=True))
    alarms = dict(zip(tests, holm(p_values, alpha), strict=True))
    in_order = {order: [model for model in models if alarms[model, order]] for order in orders}
    found = tuple(
        OrderPair(
            noises=(str(pair[0]), str(pair[1])),
            accuracies={model: _accuracies(rights, pair) for model, rights in models.items()},
            p_values={model: (p_value_of[model, pair], p_value_of[model, pair[::-1]]) for model in models},
            disrupts_more=(tuple(in_order[pair]), tuple(in_order[pair[::-1]])),
        )
        for pair in pairs
    )
    opposite = [pair for pair in pairs if in_order[pair] and in_order[pair[::-1]]]
    same = [pair for pair in pairs if len(models) in (len(in_order[pair]), len(in_order[pair[::-1]]))]
    if opposite:
        outcome = Outcome.SUPPORTED
        first, second = opposite[0]
        words = (
            f"{first} disrupts {', '.join(in_order[first, second])} significantly more than {second}, "
            f"and the other way round {', '.join(in_order[second, first])}"
        )
    else:
        outcome = Outcome.REFUTED if len(same) == len(pairs) else Outcome.UNDECIDED
        words = (
            f"of {len(pairs)} pairs of noises {len(same)} are in one significant order for all models, none in opposite ones"
        )
    return Tested(outcome, words, OrderEvidence(confidence=1 - alpha, pairs=found, distortions=tuple(distortions)))


def _pairs(rights: Rights) -> list[tuple[Noise, Noise]]:
    if len(rights) < 2:
        raise RobustnessError(f"noises are compared two by two; here is {', '.join(map(str, rights)) or 'none'} alone")
    return list(combinations(rights, 2))


def _difference(rights: Rights, pair: tuple[Noise, Noise]) -> Floats:
    difference: Floats = rights[pair[0]].astype(np.float64) - rights[pair[1]]
    return difference


def _p_value(rights: Rights, order: tuple[Noise, Noise], sampling: Sampling) -> float:
    """Of the first noise disrupting more than the second in the population. Small: it does."""
    return p_value_mean_above(-_difference(rights, order), 0.0, sampling)


def _accuracies(rights: Rights, pair: tuple[Noise, Noise]) -> Interval:
    return float(rights[pair[0]].mean()), float(rights[pair[1]].mean())


def _shown(pair: PatternPair) -> str:
    return " and ".join(f"{noise} ({accuracy:.4f})" for noise, accuracy in zip(pair.noises, pair.accuracies, strict=True))
