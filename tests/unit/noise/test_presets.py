"""Presets: the study's noises, and those of CIFAR-10-C and ImageNet-C with their published constants."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.noise import KINDS, PRESETS, Gaussian, Impulse, Shot, Speckle, make_noises, parameter_names, parse_noises
from robustness.noise.presets import SEVERITIES

PUBLISHED = {
    # hendrycks/robustness at ca36008, ImageNet-C/create_c/make_cifar_c.py: `c` of gaussian_noise and so on
    "cifar-c": {
        "gaussian": (0.04, 0.06, 0.08, 0.09, 0.10),
        "shot": (500, 250, 100, 75, 50),
        "impulse": (0.01, 0.02, 0.03, 0.05, 0.07),
        "speckle": (0.06, 0.1, 0.12, 0.16, 0.2),
    },
    # the same at 20caed9, ImageNet-C/imagenet_c/imagenet_c/corruptions.py; imagecorruptions 1.1.2 has the same
    "imagenet-c": {
        "gaussian": (0.08, 0.12, 0.18, 0.26, 0.38),
        "shot": (60, 25, 12, 5, 3),
        "impulse": (0.03, 0.06, 0.09, 0.17, 0.27),
        "speckle": (0.15, 0.2, 0.35, 0.45, 0.6),
    },
}


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", PUBLISHED)
def test_severities_have_the_published_constants(name, severity):
    constants = {kind: values[severity - 1] for kind, values in PUBLISHED[name].items()}
    noises = SEVERITIES[name][severity]
    assert [type(noise) for noise in noises] == [Gaussian, Shot, Impulse, Speckle]
    gaussian, shot, impulse, speckle = (noise.level for noise in noises)
    assert gaussian == pytest.approx(255 * constants["gaussian"], rel=1e-12)  # of levels, theirs of the full range
    assert shot == pytest.approx(255 / constants["shot"], rel=1e-12)  # theirs are the photons at white
    assert impulse == constants["impulse"]
    assert speckle == constants["speckle"]


@pytest.mark.parametrize("name", SEVERITIES)
def test_a_preset_is_all_its_severities_mildest_first(name):
    assert list(SEVERITIES[name]) == [1, 2, 3, 4, 5]
    assert PRESETS[name] == sum((SEVERITIES[name][severity] for severity in range(1, 6)), ())
    for kind in range(4):
        levels = [SEVERITIES[name][severity][kind].level for severity in range(1, 6)]
        assert levels == sorted(level for level in levels if level is not None)


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


def test_text_forms_of_presets_are_read():
    assert parse_noises("paper") == PRESETS["paper"]
    assert parse_noises(" imagenet-c ( severity = 3 ) ") == SEVERITIES["imagenet-c"][3]
    assert parse_noises("cifar-c()") == PRESETS["cifar-c"]
    assert parse_noises("gaussian(sigma=5)") == (Gaussian(5),)


@given(st.sampled_from(list(SEVERITIES)), st.integers(1, 5))
def test_a_severity_is_a_number_of_any_type(name, severity):
    assert make_noises(name, {"severity": severity}) == make_noises(name, {"severity": float(severity)})
    assert make_noises(name, {"severity": severity}) == parse_noises(f"{name}(severity={severity})")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("imagenet-c(severity=6)", "imagenet-c: severity is 1, 2, 3, 4 or 5, not 6"),
        ("imagenet-c(severity=0)", "not 0"),
        ("cifar-c(severity=2.5)", "not 2.5"),
        ("cifar-c(severity=nan)", "not nan"),
        ("cifar-c(sevrity=2)", "cifar-c has no parameter 'sevrity': did you mean 'severity'"),
        ("paper(severity=1)", "paper has no parameter 'severity': there are none"),
        ("imagnet-c", "did you mean 'imagenet-c'"),
        ("papr", "did you mean 'paper'"),
        ("gausian(sigma=5)", "did you mean 'gaussian'"),
        ("gaussian(severity=5)", "gaussian has no parameter 'severity'"),
        ("gaussian", "gaussian needs sigma"),
        ("xyz", "imagenet-c"),
    ],
)
def test_what_no_preset_means_is_refused_with_help(text, message):
    with pytest.raises(RobustnessError) as error:
        parse_noises(text)
    assert message in str(error.value)


@pytest.mark.parametrize("severity", ["3", True, [3], None, date(1979, 5, 27), 10**400], ids=lambda value: type(value).__name__)
def test_a_severity_that_is_no_number_is_refused(severity):
    with pytest.raises(RobustnessError) as error:
        make_noises("cifar-c", {"severity": severity})
    assert str(error.value) == f"cifar-c: severity is 1, 2, 3, 4 or 5, not {severity}"


def test_parameters_of_presets_and_kinds_have_names():
    assert {name: parameter_names(name) for name in PRESETS} == {
        "paper": (),
        "cifar-c": ("severity",),
        "imagenet-c": ("severity",),
    }
    assert {kind: parameter_names(kind) for kind in KINDS} == {kind: spec.parameters() for kind, spec in KINDS.items()}


def test_no_preset_shares_its_name_with_a_kind():
    assert not set(PRESETS) & set(KINDS)
