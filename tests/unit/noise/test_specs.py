"""Noises as values: what they accept, their text form, and what an error says."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st
from noise_strategies import NOISES

import robustness.noise
from robustness.errors import RobustnessError
from robustness.evaluation import order
from robustness.noise import (
    KINDS,
    Clean,
    Gaussian,
    Offset,
    Periodic,
    Resolution,
    SaltAndPepper,
    Uniform,
    custom,
    make_noise,
    parse_noise,
)

WITH_MAGNITUDE = {kind: spec.magnitude for kind, spec in KINDS.items() if spec.magnitude}


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
        (Uniform(12.5), "uniform(half_width=12.5)"),
        (Offset(-3), "offset(levels=-3)"),
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
        ("xyz", "unknown noise 'xyz': valid: "),
        ("gaussian", "gaussian needs sigma, for example gaussian"),
        ("periodic(phase=3)", "periodic needs amplitude"),
        ("gaussian(sigma=-1)", "sigma lies between 0 and 2550"),
        ("speckle(sigma=10.1)", "speckle: sigma lies between 0 and 10, not 10.1"),
        ("shot(gain=256)", "gain lies between 0 and 255"),
        ("impulse(amount=-0.1)", "amount lies between 0 and 1"),
        ("offset(levels=-256)", "levels lies between -255 and 255"),
        ("resolution(factor=0.5)", "factor lies between 1 and 1000"),
        ("periodic(amplitude=1, frequency=1.5)", "frequency lies between 0 and 1"),
        ("gaussian(sigma=2550.001)", "sigma lies between 0 and 2550"),
        ("salt-and-pepper(amount=1.0001)", "amount lies between 0 and 1"),
        ("gaussian(sigma=nan)", "sigma lies between"),
        ("gaussian(sigma=inf)", "sigma lies between"),
        ("periodic(amplitude=1, orientation=-inf)", "orientation lies between -360 and 360"),
        ("gaussian(sigma=1, sigma=2)", "sigma stands twice"),
        ("gaussian(sigma=a lot)", "is a number, not 'a lot'"),
        ("gaussian(sigma=)", "is a number, not ''"),
        ("gaussian(sigma=2_5)", "is a number, not '2_5'"),
        ("gaussian(sigma=\uff12)", "is a number, not"),
        ("gaussian(a\nb=1)", "cannot read 'a\\nb=1'"),
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
        make_noise(kind, {WITH_MAGNITUDE[kind]: value})


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, spec in KINDS.items() for name in spec.parameters()])
def test_ranges_are_closed(kind, name):
    spec = KINDS[kind]
    low, high = spec.ranges[name]
    others = {WITH_MAGNITUDE[kind]: spec.ranges[WITH_MAGNITUDE[kind]][0]}
    assert getattr(make_noise(kind, others | {name: low}), name) == low
    assert getattr(make_noise(kind, others | {name: high}), name) == high
    for beyond in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf), math.nan, 10**400):
        with pytest.raises(RobustnessError, match=f"{kind}: {name} lies between"):
            make_noise(kind, others | {name: beyond})


@pytest.mark.parametrize("kind", KINDS)
def test_the_identity_is_a_magnitude(kind):
    spec = KINDS[kind]
    assert spec.kind == kind
    assert list(spec.ranges) == list(spec.parameters())
    if spec.magnitude and spec.identity is not None:
        assert str(make_noise(kind, {spec.magnitude: spec.identity})) == f"{kind}({spec.magnitude}={spec.identity:g})"


@pytest.mark.parametrize("kind", WITH_MAGNITUDE)
def test_the_example_in_an_error_is_a_noise(kind):
    with pytest.raises(RobustnessError, match=f"{kind} needs .*, for example ") as error:
        parse_noise(kind)
    example = parse_noise(str(error.value).partition("for example ")[2])
    assert example.kind == kind
    assert example.identity is None or example != example.at(example.identity)


@given(NOISES)
def test_family_and_level_make_up_a_noise(noise):
    if noise.magnitude is None:
        assert (noise.family, noise.level) == (str(noise), None)
        return
    assert noise.at(noise.level) == noise
    assert noise.at(noise.ranges[noise.magnitude][1]).family == noise.family
    assert noise.magnitude not in noise.family


def test_a_family_says_what_a_curve_has_in_common():
    assert Gaussian(5).family == "gaussian"
    assert Periodic(1, frequency=0.1, phase=3).family == "periodic(frequency=0.1, phase=3)"


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
    assert Resolution(3).at(2) == Resolution(2)


def test_at_refuses_what_the_kind_refuses():
    with pytest.raises(RobustnessError, match="lies between"):
        Gaussian(5).at(-1)
    with pytest.raises(RobustnessError, match="no magnitude"):
        Clean().at(1)


def test_no_two_kinds_draw_the_same_words():
    """But for wrap-around, which meets those of Gaussian noise so that the two differ in their overflow alone."""
    streams = [spec.stream for kind, spec in KINDS.items() if spec.stream and kind != "gaussian-wraparound"]
    streams += [
        (KINDS["snow"].stream or 0) + 1,
        custom.STREAM,
        order.STREAM,
    ]  # a streak's angle, seeds, the order of evaluation
    assert len(set(streams)) == len(streams)


def test_any_kind_can_be_imported_by_its_name():
    for spec in KINDS.values():
        assert getattr(robustness.noise, spec.__name__) is spec
    with pytest.raises(ImportError, match="cannot import name 'Fgo'"):
        from robustness.noise import Fgo  # noqa: F401
