"""Noises as values: what they accept, their text form, and what an error says."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise_strategies import NOISES

from robustness.errors import RobustnessError
from robustness.noise import KINDS, PRESETS, Clean, Gaussian, Periodic, SaltAndPepper, make_noise, parse_noise, parse_noises

WITH_MAGNITUDE = [kind for kind, spec in KINDS.items() if spec.magnitude]


@given(NOISES)
def test_text_form_parses_back(noise):
    assert parse_noise(str(noise)) == noise


@given(NOISES)
def test_make_noise_inverts_the_parameters(noise):
    assert make_noise(noise.kind, {name: getattr(noise, name) for name in noise.parameters()}) == noise


@pytest.mark.parametrize(
    ("noise", "text"),
    [
        (Clean(), "clean"),
        (Gaussian(25), "gaussian(sigma=25)"),
        (SaltAndPepper(1e-05), "salt-and-pepper(amount=1e-05)"),
        (Periodic(0.5), "periodic(amplitude=0.5)"),
        (Periodic(1, phase=90), "periodic(amplitude=1, phase=90)"),
    ],
)
def test_text_form_is_short(noise, text):
    assert str(noise) == text


@pytest.mark.parametrize(
    ("text", "noise"),
    [
        ("  gaussian ( sigma = 5 ) ", Gaussian(5)),
        ("clean()", Clean()),
        ("periodic(phase=10,amplitude=.5)", Periodic(0.5, phase=10)),
    ],
)
def test_text_form_may_be_written_loosely(text, noise):
    assert parse_noise(text) == noise


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("gausian(sigma=25)", "did you mean 'gaussian'"),
        ("gaussian(sigm=25)", "did you mean 'sigma'"),
        ("clean(sigma=25)", "clean has no parameter 'sigma': there are none"),
        ("xyz", "valid: clean, gaussian"),
        ("gaussian", "gaussian needs sigma, for example gaussian"),
        ("periodic(phase=3)", "periodic needs amplitude"),
        ("gaussian(sigma=-1)", "sigma lies between 0 and 2550"),
        ("gaussian(sigma=2550.001)", "sigma lies between 0 and 2550"),
        ("salt-and-pepper(amount=1.0001)", "amount lies between 0 and 1"),
        ("gaussian(sigma=nan)", "sigma lies between"),
        ("gaussian(sigma=inf)", "sigma lies between"),
        ("periodic(amplitude=1, orientation=-inf)", "orientation lies between -360 and 360"),
        ("gaussian(sigma=1, sigma=2)", "sigma stands twice"),
        ("gaussian(sigma=a lot)", "is a number, not 'a lot'"),
        ("gaussian(sigma=)", "is a number, not ''"),
        ("gaussian(25)", "write name=number"),
        ("gaussian(sigma=25", "cannot read the noise"),
        ("gaussian(sigma=(25))", "cannot read the noise"),
        ("", "cannot read the noise"),
        ("gaussian(sigma=25) clean", "cannot read the noise"),
    ],
)
def test_unreadable_text_is_refused_with_help(text, message):
    with pytest.raises(RobustnessError) as error:
        parse_noise(text)
    assert message in str(error.value)


@given(st.text() | st.builds("{}({}={})".format, st.sampled_from(list(KINDS)), st.text(), st.text() | st.floats()))
def test_any_text_is_a_noise_or_a_robustness_error(text):
    try:
        noise = parse_noise(text)
    except RobustnessError:
        return
    assert parse_noise(str(noise)) == noise


@pytest.mark.parametrize("kind", WITH_MAGNITUDE)
@pytest.mark.parametrize("value", ["5", None, True, [5], 1j])
def test_a_parameter_that_is_no_number_is_refused(kind, value):
    with pytest.raises(RobustnessError, match="is a number, not"):
        make_noise(kind, {KINDS[kind].magnitude: value})


@pytest.mark.parametrize("kind", WITH_MAGNITUDE)
def test_ranges_are_closed(kind):
    spec = KINDS[kind]
    low, high = spec.ranges[spec.magnitude]
    assert getattr(make_noise(kind, {spec.magnitude: low}), spec.magnitude) == low
    assert getattr(make_noise(kind, {spec.magnitude: high}), spec.magnitude) == high
    for beyond in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf)):
        with pytest.raises(RobustnessError, match="lies between"):
            make_noise(kind, {spec.magnitude: beyond})


@given(NOISES)
def test_noises_are_frozen(noise):
    with pytest.raises(FrozenInstanceError):
        noise.sigma = 1.0


@given(NOISES, NOISES)
def test_equal_noises_hash_equal(one, other):
    twin = make_noise(one.kind, {name: getattr(one, name) for name in one.parameters()})
    assert hash(twin) == hash(one)
    assert len({one, twin, other}) == 1 + (one != other)


def test_integers_and_floats_mean_the_same():
    assert Gaussian(25) == Gaussian(25.0)
    assert str(Gaussian(25)) == str(Gaussian(25.0))


def test_at_changes_the_magnitude_and_nothing_else():
    assert Periodic(1, frequency=0.1, phase=3).at(0.5) == Periodic(0.5, frequency=0.1, phase=3)
    assert SaltAndPepper(0.1).at(0) == SaltAndPepper(0)


def test_at_refuses_what_the_kind_refuses():
    with pytest.raises(RobustnessError, match="lies between"):
        Gaussian(5).at(-1)
    with pytest.raises(RobustnessError, match="no magnitude"):
        Clean().at(1)


def test_preset_paper_is_the_studys_nine():
    assert [str(noise) for noise in PRESETS["paper"]] == [
        "gaussian(sigma=5)",
        "gaussian(sigma=25)",
        "gaussian(sigma=50)",
        "periodic(amplitude=0.25)",
        "periodic(amplitude=0.5)",
        "periodic(amplitude=1)",
        "salt-and-pepper(amount=0.001)",
        "salt-and-pepper(amount=0.002)",
        "salt-and-pepper(amount=0.004)",
    ]


def test_parse_noises_reads_presets_and_single_noises():
    assert parse_noises("paper") == PRESETS["paper"]
    assert parse_noises("gaussian(sigma=5)") == (Gaussian(5),)
