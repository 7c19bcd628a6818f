"""Whether one way to train beats another: on outcomes made by hand, and how often it errs where the gain is known."""

from __future__ import annotations

import numpy as np
import pytest
from builders import most

from robustness.claims.outcome import Outcome
from robustness.claims.outperforms import outperforms
from robustness.errors import RobustnessError
from robustness.noise import Clean, Gaussian
from robustness.statistics.sampling import Sampling

NOISES = (Clean(), Gaussian(25))
IMAGES = 2000


def trained(*accuracies, seed=0, images=IMAGES):
    """Networks of these accuracies under both noises, right on images drawn at random."""
    generator = np.random.default_rng(seed)
    return {
        f"net-{seed}-{number}": {noise: generator.random(images) < accuracy for noise in NOISES}
        for number, accuracy in enumerate(accuracies)
    }


def compare(models, others, negligible=0.01, sampling=None):
    return outperforms(models, others, sampling or Sampling(), 0.05, negligible)


def test_a_gain_far_beyond_chance_supports_the_claim_and_its_reverse_refutes():
    better, worse = trained(0.90, 0.91, 0.92), trained(0.70, 0.71, 0.72, seed=1)
    tested = compare(better, worse)
    assert tested.outcome is Outcome.SUPPORTED
    assert tested.evidence.gain == pytest.approx(0.2, abs=0.02)
    low, high = tested.evidence.interval
    assert 0.1 < low < tested.evidence.gain < high < 0.3
    assert "of 3 trainings against 0.7" in tested.words
    assert compare(worse, better).outcome is Outcome.REFUTED


def test_trainings_that_scatter_decide_nothing_however_many_images_there_are():
    """The images alone would show a gain of these very networks."""
    models, others = (0.70, 0.80, 0.95), (0.65, 0.75, 0.85)
    few, many = (compare(trained(*models, images=n), trained(*others, seed=1, images=n)) for n in (1_000, 50_000))
    assert few.outcome is many.outcome is Outcome.UNDECIDED
    widths = [tested.evidence.interval[1] - tested.evidence.interval[0] for tested in (few, many)]
    assert 0.8 * widths[0] < widths[1] < widths[0]


def test_few_images_decide_nothing_however_alike_the_trainings_are():
    def alike(count, name):
        right = [np.r_[np.arange(39) < count, one] for one in (True, False)]
        return {f"{name}{n}": dict.fromkeys(NOISES, np.roll(right[n == 0], n)) for n in range(3)}

    tested = compare(alike(30, "a"), alike(27, "b"))
    assert tested.outcome is Outcome.UNDECIDED
    assert tested.evidence.gain == pytest.approx(3 / 40)


def test_each_noise_is_shown_alone_too():
    tested = compare(trained(0.90, 0.91), trained(0.70, 0.71, seed=1))
    clean, noisy = tested.evidence.cells
    assert (clean.noise, noisy.noise) == ("clean", "gaussian(sigma=25)")
    assert len(clean.accuracies) == len(clean.accuracies_of_others) == 2
    assert tested.evidence.gain == pytest.approx((clean.gain + noisy.gain) / 2)
    assert clean.interval[0] < clean.gain < clean.interval[1]


@pytest.mark.slow
def test_no_gain_worth_the_name_refutes_it():
    alike = [trained(0.80, 0.801, 0.802, seed=seed, images=200_000) for seed in (0, 1)]
    assert compare(*alike).outcome is Outcome.REFUTED
    assert compare(*alike, negligible=1e-6).outcome is Outcome.UNDECIDED


def test_images_of_a_track_count_as_one_look():
    tracks = np.repeat(np.arange(20), 100)
    by_track = np.isin(tracks, np.arange(5))
    models = {f"a{n}": {noise: by_track | (np.arange(IMAGES) % 500 <= n) for noise in NOISES} for n in range(3)}
    others = {f"b{n}": {noise: (tracks == 1) | (np.arange(IMAGES) % 500 <= n) for noise in NOISES} for n in range(3)}
    assert compare(models, others).outcome is Outcome.SUPPORTED
    assert compare(models, others, sampling=Sampling(tracks)).outcome is Outcome.UNDECIDED


def test_one_training_named_twice_is_refused():
    (one,) = trained(0.9).values()
    with pytest.raises(RobustnessError, match="they are one training, not two"):
        compare({"a": one, "b": one}, trained(0.7, 0.8, seed=1))


@pytest.mark.parametrize("count", [0, 1])
def test_a_single_training_tells_nothing_of_chance(count):
    with pytest.raises(RobustnessError, match="two models or more of each kind"):
        compare(trained(*[0.9] * count), trained(0.7, 0.8, seed=1))


@pytest.mark.slow
def test_a_gain_of_nothing_is_seldom_said_to_be_one():
    """Images as much as trainings make the difference, which is when both together err most."""
    generator, draws, errors = np.random.default_rng(7), 200, 0
    for _ in range(draws):
        hard = generator.random(300)
        sides = [
            {
                f"{side}{n}": {noise: hard < level + generator.normal(0, 0.05, 300) for noise in NOISES}
                for n, level in enumerate(generator.normal(0.8, 0.03, 3))
            }
            for side in "ab"
        ]
        errors += compare(*sides).outcome is Outcome.SUPPORTED
    assert errors <= most(draws, 0.05)
