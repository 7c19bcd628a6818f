"""Presets: the study's noises, and those of CIFAR-10-C and ImageNet-C with their published constants."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robustness.errors import RobustnessError
from robustness.noise import (
    KINDS,
    PRESETS,
    Gaussian,
    Impulse,
    Shot,
    Speckle,
    benchmarks,
    make_noises,
    parameter_names,
    parse_noises,
)
from robustness.noise.presets import SEVERITIES
from robustness.statistics.corruption_error import ALEXNET

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
    for kind in range(3 if name.endswith("-12") else 4):
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
        ("xyz", "unknown noise 'xyz'"),
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
        "cifar-c-12": ("severity",),
        "tiny-imagenet-c-12": ("severity",),
        "imagenet-c-12": ("severity",),
    }
    assert {kind: parameter_names(kind) for kind in KINDS} == {kind: spec.parameters() for kind, spec in KINDS.items()}


def test_no_preset_shares_its_name_with_a_kind():
    assert not set(PRESETS) & set(KINDS)


# The corruptions of the benchmarks

RAW: dict[str, Any] = {  # CORRUPTIONS at 224 pixels, as the benchmark's code writes them, and what ours are of the same
    "defocus": [(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
    "motion": [(10, 3), (15, 5), (15, 8), (15, 12), (20, 15)],
    "fog": [(1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4)],
}


def test_a_preset_says_how_many_corruptions_it_has():
    for name, (_, kinds) in benchmarks.PRESETS_OF.items():
        count = int(name.rpartition("-")[2]) if name[-1].isdigit() else 4
        assert len(set(kinds)) == len(kinds) == count
    for name in SEVERITIES:
        assert [noise.kind for noise in SEVERITIES[name][3]] == list(benchmarks.PRESETS_OF[name][1])


def test_the_fifteen_are_those_that_alexnets_errors_are_known_of():
    assert list(ALEXNET) == list(benchmarks.FIFTEEN)


@pytest.mark.parametrize("name", ["imagenet-c-15", "cifar-c-15", "tiny-imagenet-c-15"])
def test_a_preset_of_kinds_that_are_not_here_is_refused_by_their_names(name):
    with pytest.raises(RobustnessError, match=f"{name} needs glass, frost and elastic, which are .*: take {name[:-3]}-12"):
        parse_noises(f"{name}(severity=2)")


def test_once_the_kinds_are_here_it_is_not(monkeypatch):
    kinds = KINDS | dict.fromkeys(("glass", "frost", "elastic"), KINDS["fog"])
    monkeypatch.setattr(benchmarks, "KINDS", kinds)
    assert benchmarks.missing("imagenet-c-15") == ()
    assert benchmarks.missing("imagenet-c-19") == ("spatter",)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_constants_are_the_published_ones_in_our_units(severity):
    now: dict[str, Any] = {noise.kind: noise for noise in SEVERITIES["imagenet-c-12"][severity]}
    place = severity - 1
    radius, blur = RAW["defocus"][place]
    assert (now["defocus"].radius, now["defocus"].blur) == (radius, blur)
    assert (now["motion"].radius, now["motion"].sigma) == RAW["motion"][place]
    assert (now["fog"].amount, now["fog"].decay) == RAW["fog"][place]
    assert now["brightness"].levels == pytest.approx(255 * (0.1, 0.2, 0.3, 0.4, 0.5)[place])
    assert now["contrast"].loss == pytest.approx(1 - (0.4, 0.3, 0.2, 0.1, 0.05)[place])
    assert now["jpeg"].quality == (25, 18, 15, 10, 7)[place]
    last = np.arange(1, *((1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03))[place])
    assert (now["zoom"].factor, now["zoom"].steps) == (pytest.approx(last[-1]), len(last) - 1)


@pytest.mark.parametrize(
    ("name", "shares"), [("cifar-c", (0.95, 0.9, 0.85, 0.75, 0.65)), ("imagenet-c", (0.6, 0.5, 0.4, 0.3, 0.25))]
)
def test_pixelate_leaves_the_side_that_theirs_leaves(name, shares):
    side = benchmarks.SIDES[name]
    for severity, share in enumerate(shares, 1):
        noise: Any = next(noise for noise in SEVERITIES[f"{name}-12"][severity] if noise.kind == "pixelate")
        assert noise.form(side, side).rows == int(side * share)


def test_saturation_is_theirs():
    for name, a, b in [("cifar-c", 2, 0.1), ("imagenet-c", 20, 0.2), ("imagenet-c", 0.1, 0)]:
        noises: list[Any] = [make_noises("saturate", levels)[0] for levels in benchmarks.CONSTANTS[name]["saturate"]]
        (noise,) = [noise for noise in noises if noise.factor == a]
        assert (noise.factor - 1) * noise.shift == pytest.approx(b, abs=1e-5)


@pytest.mark.parametrize(
    ("preset", "side", "said"),
    [
        ("cifar-c-12", 32, ""),
        ("cifar-c-12", 40, ""),
        ("tiny-imagenet-c-12", 64, ""),
        ("imagenet-c-12", 224, ""),
        ("imagenet-c", 299, ""),
        ("paper", 40, ""),
        ("imagenet-c-12", 40, "made for images of 224 pixels, and these have 40 x 40: cifar-c-12, made for 32, is nearer"),
        ("cifar-c-12", 64, "tiny-imagenet-c-12, made for 64, is nearer"),
        ("cifar-c", 256, "imagenet-c, made for 224, is nearer"),
    ],
)
def test_a_preset_of_another_size_is_advised_against(preset, side, said):
    found = benchmarks.advice(preset, side, side)
    assert said in found
    assert bool(said) == bool(found)
