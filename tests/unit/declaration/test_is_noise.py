"""A level at which a noise does nothing is refused where it is declared, with its unit; the identity means clean."""

from __future__ import annotations

import pytest

from robustness.declaration.declared import check_is_noise
from robustness.errors import RobustnessError
from robustness.noise import KINDS, PRESETS, make_noise, parse_noise


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gaussian(sigma=0.1)", "sigma counts grey levels of 255; 0.1 of the full range is sigma = 25.5"),
        ("uniform(half_width=0.4)", "half_width counts grey levels of 255; 0.4 of the full range is half_width = 102"),
        ("offset(levels=0.2)", "levels counts grey levels of 255; 0.2 of the full range is levels = 51"),
        ("brightness(levels=-0.3)", "-0.3 of the full range is levels = -76.5"),
        ("salt-and-pepper(amount=1e-7)", "amount counts a share of the pixels"),
        ("speckle(sigma=0.0001)", "sigma counts a share of the light"),
        ("contrast(loss=1e-6)", "loss counts a share of the contrast"),
        ("gaussian-blur(sigma=0.1)", "sigma counts pixels"),
        ("motion(sigma=0.1)", "sigma counts pixels"),
        ("defocus(radius=0.1)", "radius counts pixels"),
        ("fog(amount=1e-6)", "amount counts a share of white"),
        ("zoom(factor=1.000001)", "factor counts how many times larger"),
        ("snow(strength=1e-9)", "strength counts a share of the effect"),
    ],
)
def test_a_level_that_changes_nothing_is_refused_with_its_unit(text, said):
    with pytest.raises(RobustnessError) as error:
        check_is_noise(parse_noise(text))
    assert str(error.value).startswith(f"{parse_noise(text)} changes not one pixel in a million: ")
    assert said in str(error.value)
    assert 'noise = "clean"' in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_the_identity_and_what_shows_are_noise(kind):
    spec = KINDS[kind]
    for level in (spec.identity, spec.typical, *spec.gallery) if spec.magnitude else ():
        if level is not None:
            check_is_noise(make_noise(kind, {str(spec.magnitude): level}))


def test_every_noise_of_a_preset_is_one():
    for noises in PRESETS.values():
        for noise in noises:
            check_is_noise(noise)


@pytest.mark.parametrize("kind", [kind for kind, spec in KINDS.items() if spec.magnitude])
def test_every_kind_says_what_its_magnitude_counts(kind):
    assert KINDS[kind].unit
