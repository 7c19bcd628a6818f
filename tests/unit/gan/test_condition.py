"""What a generator can be asked for, in classes and levels of noise."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.gan.condition import Condition, ConditionVector
from robustness.noise import PRESETS, Clean, Gaussian, Offset, Periodic, Resolution, SaltAndPepper, parse_noises

PAPER = Condition(("stop", "yield"), PRESETS["paper"])


def test_the_studys_noises_take_one_number_for_each_kind():
    assert [str(noise) for noise in PAPER.highest.values()] == [
        "gaussian(sigma=50)",
        "periodic(amplitude=1)",
        "salt-and-pepper(amount=0.004)",
    ]
    assert PAPER.levels(Clean()) == [0, 0, 0]
    assert PAPER.levels(Gaussian(25)) == [0.5, 0, 0]
    assert PAPER.levels(Periodic(0.25)) == [0, 0.25, 0]
    assert PAPER.levels(SaltAndPepper(0.004)) == [0, 0, 1]


@given(st.floats(0, 50), st.floats(0, 50))
@settings(deadline=None)
def test_a_level_rises_with_the_magnitude_also_between_those_trained_on(one, other):
    low, high = sorted((one, other))
    (first, *_), (second, *_) = PAPER.levels(Gaussian(low)), PAPER.levels(Gaussian(high))
    assert 0 <= first <= second <= 1


def test_a_noise_whose_nothing_is_not_zero_starts_there():
    condition = Condition((), (Resolution(2), Resolution(5)))
    assert condition.levels(Resolution(1)) == [0]
    assert condition.levels(Resolution(3)) == [0.5]
    assert Condition((), (Offset(-20),)).levels(Offset(-5)) == [0.25]


@pytest.mark.parametrize(
    "preset", [name for name, noises in PRESETS.items() if all(noise.identity is not None for noise in noises)]
)
def test_every_preset_can_be_trained_on_and_kept_on_a_card(preset):
    condition = Condition(("stop",), parse_noises(preset))
    assert Condition.from_card(condition.to_card()) == condition
    for noise in condition.noises:
        levels = condition.levels(noise)
        assert sum(level != 0 for level in levels) == 1
        assert 0 < max(levels) <= 1


@pytest.mark.parametrize(
    ("noise", "said"),
    [
        (Gaussian(51), r"trained up to gaussian\(sigma=50\); gaussian\(sigma=51\) lies beyond"),
        (Offset(3), "does not know the noise offset"),
        (Periodic(0.5, phase=90), "did you mean 'periodic'"),
    ],
)
def test_noise_it_was_not_trained_on_is_refused(noise, said):
    with pytest.raises(RobustnessError, match=said):
        PAPER.levels(noise)


def test_a_generator_of_clean_images_says_so():
    with pytest.raises(RobustnessError, match="clean images alone"):
        Condition(("stop",)).levels(Gaussian(5))


@pytest.mark.parametrize("noise", [Clean(), Gaussian(0), Resolution(1)])
def test_a_noise_without_a_magnitude_cannot_be_told(noise):
    with pytest.raises(RobustnessError, match="no magnitude that grows from nothing"):
        Condition((), (noise,))


def test_classes_go_by_name_or_number():
    assert [PAPER.label(text) for text in ("stop", "yield", "0", "1")] == [0, 1, 0, 1]
    for text in ("2", "-1", "stopp", ""):
        with pytest.raises(RobustnessError, match="knows no class"):
            PAPER.label(text)
    with pytest.raises(RobustnessError, match="was not told of classes"):
        Condition().label("0")


@pytest.mark.parametrize(
    ("condition", "width"), [(Condition(), 0), (Condition(("a",) * 43), 43), (Condition((), PRESETS["paper"]), 3), (PAPER, 5)]
)
def test_the_vector_is_the_classs_embedding_and_the_levels(condition, width):
    vector = ConditionVector(condition)
    kinds = len(condition.highest)
    levels = torch.rand(4, kinds)
    given = vector(torch.zeros(4, dtype=torch.int64), levels)
    assert given.shape == (4, vector.width) == (4, width)
    assert torch.equal(given[:, width - kinds :], levels)
