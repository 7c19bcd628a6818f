"""A hunt on networks whose weak spot is known: found, made as small as it goes, and nothing invented where there is none."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from banded_classifier import GREYS, WEAK, classifier, image_set, steady
from hypothesis import settings

from robustness.errors import RobustnessError
from robustness.evaluation.batch import BATCH
from robustness.noise import Clean, Gaussian, Offset, Periodic
from robustness.search import hunt as module
from robustness.search.critical import LEVELS
from robustness.search.hunt import PROFILES, Batch, hunt, minimise
from robustness.search.perturbation import Perturbation

SAFE = (Gaussian(20), Periodic(0.05))
NONE = Decimal(0)


class Watched(Batch):
    """Remembers what was tried."""

    def rate(self, perturbation):
        self.tried = [*getattr(self, "tried", []), perturbation]
        return super().rate(perturbation)


def batch(network=None, images=None, count=100):
    return Watched(network or classifier(), images or image_set(), count)


def forwards(batch):
    return batch.classifier.module.answers


def several(thresholds):
    """A network that names grey `n` wrong once it deviates by more than its threshold."""

    def spoil(logits, deviation):
        return torch.where(
            (deviation > torch.tensor(thresholds)[logits.argmax(dim=1)])[:, None], logits.roll(1, dims=1), logits
        )

    return steady(spoil)


def broken_levels(batch, perturbation, budget=NONE):
    """By brute force: which levels of a perturbation break the budget."""
    return [level for level in range(LEVELS + 1) if batch.rate(perturbation.at(level, LEVELS)) > budget]


@pytest.fixture
def searched(monkeypatch):
    """What Hypothesis found, before it was minimised."""
    seen = []
    monkeypatch.setattr(
        module, "minimise", lambda batch, broken, budget: seen.append(broken) or minimise(batch, broken, budget)
    )
    return seen


def test_a_batch_is_the_images_named_right_among_the_first_in_the_order():
    whole = batch()
    assert whole.images == 5
    assert sorted(whole.right.tolist()) == [0, 1, 2, 3]  # the last one's label is wrong
    first = batch(count=3)
    assert (first.images, forwards(first)) == (3, 1)
    assert set(first.right) < {0, 1, 2, 3}


def test_images_flip_where_the_network_names_them_otherwise():
    here = batch()
    flips = here.flips(Perturbation((Gaussian(10.3),), 0))
    assert here.right[flips].tolist() == [WEAK]
    assert here.rate(Perturbation((Gaussian(10.3),), 0)) == Fraction(1, 4)
    assert not here.flips(Perturbation((Gaussian(8),), 0)).any()
    assert not here.flips(Perturbation((Gaussian(13),), 0)).any()


def test_the_same_perturbation_goes_through_the_network_once():
    here = batch()
    first = here.flips(Perturbation((Gaussian(10.3),), 0))
    asked = forwards(here)
    assert here.flips(Perturbation((Gaussian(10.3),), 0)) is first
    assert forwards(here) == asked
    here.flips(Perturbation((Gaussian(10.3),), 1))
    assert forwards(here) == asked + 1


def test_more_images_than_a_batch_holds_share_batches_at_any_level():
    pixels = [np.full((8, 8, 3), GREYS[number % 4], np.uint8) for number in range(BATCH + 44)]
    many = image_set().from_images("many", pixels, [number % 4 for number in range(BATCH + 44)], image_set().class_names)
    here = batch(images=many, count=1000)
    assert forwards(here) == 5
    levels = np.arange(BATCH + 44) % (LEVELS + 1)
    perturbation = Perturbation((Gaussian(20),), 3)
    together = here.named(here.right, perturbation, levels)
    assert forwards(here) == 10
    one_by_one = [here.named(here.right[[n]], perturbation, levels[[n]])[0] for n in range(0, BATCH + 44, 7)]
    assert together[::7].tolist() == one_by_one
    assert (together != many.labels[here.right]).any()


def test_a_network_that_names_nothing_right_is_not_hunted():
    with pytest.raises(RobustnessError, match="names none of 1 images of wrong right without noise"):
        batch(images=image_set().take([4], "wrong"))


def test_a_planted_band_is_found_and_minimised_to_its_lower_edge(searched):
    here = batch()
    found = hunt(here, SAFE, NONE, PROFILES["ci"], "planted")
    assert found is not None
    first = broken_levels(here, searched[0])[0]
    assert found.perturbation == searched[0].at(first, LEVELS)
    assert found.flipped.tolist() == [WEAK]
    assert (found.place, found.after, found.smallest) == (WEAK, WEAK + 1, found.perturbation)
    assert [noise.kind for noise in found.perturbation.noises] == ["gaussian"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_the_lower_edge_of_a_narrow_band_is_the_one_of_brute_force(seed):
    here = batch(classifier(8.0, 8.2))
    sigma = next(sigma / 20 for sigma in range(400, 0, -1) if here.rate(Perturbation((Gaussian(sigma / 20),), seed)) > 0)
    broken = Perturbation((Gaussian(sigma),), seed)  # at the upper edge, 1 or 2 % above the lower one
    levels = broken_levels(here, broken)
    assert 1 < levels[0] < LEVELS
    assert minimise(here, broken, NONE).perturbation == broken.at(levels[0], LEVELS)


def test_the_finding_is_the_image_that_flips_first_though_the_budget_breaks_later():
    here = batch(several([9.0, 4.0, 2.0, 1000.0]))
    broken = Perturbation((Gaussian(20),), 5)
    found = minimise(here, broken, Decimal("0.5"))
    level = broken_levels(here, broken, Fraction(1, 2))[0]
    assert found.perturbation == broken.at(level, LEVELS)
    assert sorted(found.flipped.tolist()) == [0, 1, 2]
    earliest = broken_levels(here, broken, Fraction(0))[0]
    assert (found.place, found.after, found.smallest) == (2, 3, broken.at(earliest, LEVELS))
    assert 1 < earliest < level / 2


def test_what_breaks_at_the_first_level_is_minimised_to_it():
    here = batch(several([0.0, 1000.0, 1000.0, 1000.0]))
    found = minimise(here, Perturbation((Offset(20),), 0), NONE)
    assert str(found.perturbation) == str(found.smallest)
    assert (found.perturbation.noises[0].level or 0) <= 0.6  # rounds to one grey level


def test_a_network_that_never_flips_passes_within_a_batch_an_example():
    here = batch(steady())
    assert hunt(here, SAFE, NONE, PROFILES["ci"], "steady") is None
    assert 80 < forwards(here) <= PROFILES["ci"].max_examples + 1


def test_a_network_whose_flips_cannot_be_made_simpler_is_not_tried_forever():
    def chaotic(logits, deviation):
        return torch.where((((deviation * 1e4).long() % 7) == 3)[:, None], logits.roll(1, dims=1), logits)

    here = batch(steady(chaotic))
    assert hunt(here, SAFE, Decimal("0.5"), PROFILES["dev"], "chaos") is not None
    examples = PROFILES["dev"].max_examples
    assert len(set(here.tried)) <= 2 * examples + 13  # and those of the minimisation
    assert forwards(here) <= 2 * examples + 1 + 13 + 13 + 1


def test_the_budget_is_compared_exactly():
    third = batch(several([0.0, 1000.0, 1000.0, 1000.0]), image_set().take([0, 1, 2]))
    assert len(third.right) == 3
    below = Decimal("0.33333333333333333333333333")
    assert float(below) == 1 / 3  # which floats cannot tell apart
    assert hunt(third, SAFE, below, PROFILES["dev"], "third") is not None
    quarter = batch(several([0.0, 1000.0, 1000.0, 1000.0]))
    assert hunt(quarter, SAFE, Decimal("0.25"), PROFILES["dev"], "quarter") is None
    assert hunt(quarter, SAFE, Decimal("0.2499999999999999999999999999"), PROFILES["dev"], "quarter") is not None
    assert float(Decimal("0.2499999999999999999999999999")) == 0.25


def test_the_same_settings_find_the_same():
    first, second = batch(), batch()
    one, other = (hunt(here, SAFE, NONE, PROFILES["ci"], "same") for here in (first, second))
    assert first.tried == second.tried
    assert one is not None
    assert other is not None
    assert one.perturbation == other.perturbation


@pytest.mark.parametrize("profile", PROFILES)
def test_an_error_of_the_network_under_noise_ends_the_hunt_at_once(profile, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    spoilt = []

    def spoil(logits, deviation):
        spoilt.append(bool((deviation[:4] > 5).any()))
        return torch.where((deviation > 5)[:, None], torch.nan, logits)

    with pytest.raises(RobustnessError, match="banded gave NaN or infinite logits for . of 4 images"):
        hunt(batch(steady(spoil)), SAFE, NONE, PROFILES[profile], "nan")
    assert spoilt[-1]
    assert spoilt.count(True) == 1
    assert len(spoilt) < 30
    assert capsys.readouterr() == ("", "")


def test_the_cause_of_an_error_stays_with_it():
    def fail_under_noise(logits, deviation):
        if deviation[:4].max() > 5:
            raise ValueError("too noisy for me")
        return logits

    with pytest.raises(RobustnessError, match="too noisy for me") as raised:
        hunt(batch(steady(fail_under_noise)), SAFE, NONE, PROFILES["dev"], "cause")
    assert isinstance(raised.value.__cause__, ValueError)


def test_an_interrupt_passes_through():
    def interrupt(logits, deviation):
        if deviation[:4].max() > 5:
            raise KeyboardInterrupt
        return logits

    with pytest.raises(KeyboardInterrupt):
        hunt(batch(steady(interrupt)), SAFE, NONE, PROFILES["dev"], "interrupted")


def test_a_slow_network_is_no_failure(capsys):
    def slow(logits, _):
        time.sleep(0.3)
        return logits

    assert hunt(batch(steady(slow)), SAFE, NONE, settings(PROFILES["ci"], max_examples=5), "slow") is None
    assert capsys.readouterr() == ("", "")


def test_what_was_found_before_is_tried_first(monkeypatch, tmp_path, searched, capsys):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    nightly = settings(PROFILES["nightly"], max_examples=300)
    assert hunt(batch(), SAFE, NONE, nightly, "this network") is not None
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["hypothesis"]
    again, mended, other = batch(), batch(steady()), batch()
    assert hunt(again, SAFE, NONE, nightly, "this network") is not None
    assert again.tried[0] == searched[0] == searched[1]
    assert hunt(other, SAFE, NONE, nightly, "another network") is not None
    assert other.tried[0] != searched[0]
    assert hunt(mended, SAFE, NONE, settings(nightly, max_examples=20), "this network") is None
    assert searched[0] in mended.tried
    assert capsys.readouterr() == ("", "")


def test_nightly_tries_something_else_every_time(monkeypatch, tmp_path):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path))
    first, second = batch(steady()), batch(steady())
    for here in (first, second):
        assert hunt(here, SAFE, NONE, settings(PROFILES["nightly"], max_examples=20), "new") is None
    assert first.tried != second.tried


def test_profiles_say_how_many_are_tried_and_whether_the_same():
    said = {name: (profile.max_examples, profile.derandomize, profile.deadline) for name, profile in PROFILES.items()}
    assert said == {"dev": (30, True, None), "ci": (100, True, None), "nightly": (2000, False, None)}
    assert PROFILES["dev"].database is PROFILES["ci"].database is None


def test_noises_that_do_not_grow_from_nothing_are_refused():
    with pytest.raises(RobustnessError, match="clean: a perturbation is made of built-in noises"):
        hunt(batch(), [Clean()], NONE, PROFILES["dev"], "clean")
