"""Declared claims, tested: by outcomes made by hand, and end to end on networks that see nothing but light or contrast."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import builders
import numpy as np
import pytest
from builders import NEVER, ByContrast, ByLight, TurnedRound, bench, claim, searched

from robustness.claims.measure import examine
from robustness.claims.record import ClaimRecord
from robustness.data import Fit, ImageSet, fit_images
from robustness.declaration.scope import Scope
from robustness.errors import RobustnessError
from robustness.evaluation.evaluate import Measurement
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.gate.notes import from_text, to_text
from robustness.noise import Gaussian, Offset, Periodic, SaltAndPepper, apply
from robustness.search.critical import LEVELS
from robustness.search.matched import matched_magnitude

COUNT = 400
SIZE = 16
INDEPENDENT = Scope(independent=True)
OUTCOMES = ("supported", "refuted", "undecided")


def image_set(count=COUNT, tracks=None):
    """Smooth 16x16 images around a middle grey."""
    column = np.linspace(0, 6, SIZE)
    phases = np.random.default_rng(0).uniform(0, 6, (count, 1, 1, 3))
    waves = np.sin(column[:, None, None] + phases) * np.cos(column[:, None] - phases)
    return ImageSet.from_images("smooth", (110 + 12 * waves).astype(np.uint8), [0] * count, ["dark", "bright"], tracks)


IMAGES = image_set()


def classifier(name="net", module=None, **changes):
    return builders.classifier(name, module, SIZE, **changes)


def breaks(low, high, **more):
    return claim("breaks", Gaussian(low), Gaussian(high), of_clean=Decimal("0.9"), **more)


def first_wrong(count, total=COUNT):
    return np.arange(total) >= count


def last_wrong(count, total=COUNT):
    return first_wrong(count, total)[::-1]


class Measured:
    """Stands for the measurements: outcomes by model and kind of noise, or by level; and searches by where images flip."""

    def __init__(self, outcomes=None, flips_at=None):
        self.outcomes, self.flips_at, self.asked = outcomes, flips_at, []

    def measure(self, classifier, noise):
        self.asked.append((classifier.name, noise))
        if self.outcomes is None:  # measured as it was searched
            right = self.found.right_at(int(np.searchsorted(self.found.magnitudes, noise.level)))
        else:
            right = self.outcomes(classifier.name, noise)
        result = Result(np.where(right, 0, 1).astype(np.int16), np.zeros(len(right), np.float32))
        return Measurement(builders.case(noise=noise), result, [(int(right.sum()), len(right))], len(right), 0.0, False)

    def search(self, classifier, highest):
        self.asked.append((classifier.name, highest))
        self.found = searched([self.flips_at(image) for image in range(COUNT)], noise=highest)
        return self.found


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Kept for all tests here: noises are matched once."""
    return Store(tmp_path_factory.mktemp("matched"))


def examined(declared, measured, store, images=IMAGES, about=INDEPENDENT, models=None, seed=0):
    """measured: stands for the workbench's own measurements; None: these."""
    models = models or {name: classifier(name) for name in declared.models}
    workbench = bench(images, *models.values(), scope=about, store=store, seed=seed)
    if measured is not None:
        vars(workbench).update(measure=measured.measure, search=measured.search)
    return examine(declared, workbench)


def level_of(magnitude, highest):
    """Flips half of the images at that magnitude, and never the others."""
    return lambda image: round(LEVELS * magnitude / highest) if image % 2 else NEVER


def by_kind(**outcomes):
    """Outcomes by the kind of noise, whatever the model, or by model and kind."""
    return lambda model, noise: outcomes.get(f"{model}_{noise.kind}", outcomes.get(noise.kind))


PATTERNS = (Gaussian(255), Offset(255))
LIGHT = (Offset(20), Offset(40), Offset(60))
CASES = {
    "breaks, inside": (breaks(20, 60), Measured(flips_at=level_of(30, 60)), "supported"),
    "breaks, before": (breaks(40, 60), Measured(flips_at=level_of(30, 60)), "refuted"),
    "breaks, not at all": (breaks(20, 60), Measured(flips_at=lambda image: NEVER), "refuted"),
    "breaks, about there": (breaks(30.3, 60), Measured(flips_at=lambda image: min(55 + image, NEVER)), "undecided"),
    "more noise, worse": (
        claim("more-noise-never-helps", *LIGHT),
        Measured(lambda _, noise: first_wrong(2 * int(noise.level))),
        "supported",
    ),
    "more noise, better": (
        claim("more-noise-never-helps", *LIGHT),
        Measured(lambda _, noise: first_wrong(100 - int(noise.level))),
        "refuted",
    ),
    "more noise, hardly": (
        claim("more-noise-never-helps", *LIGHT, negligible="0.002"),
        Measured(lambda _, noise: first_wrong(0)),
        "undecided",
    ),
    "patterns, apart": (
        claim("patterns-differ", *PATTERNS),
        Measured(by_kind(gaussian=first_wrong(10), offset=first_wrong(60))),
        "supported",
    ),
    "patterns, alike": (
        claim("patterns-differ", *PATTERNS),
        Measured(by_kind(gaussian=first_wrong(40), offset=first_wrong(40))),
        "refuted",
    ),
    "patterns, unclear": (
        claim("patterns-differ", *PATTERNS),
        Measured(by_kind(gaussian=first_wrong(40), offset=last_wrong(40))),
        "undecided",
    ),
    "order, other": (
        claim("order-differs", *PATTERNS, models=("one", "two")),
        Measured(
            by_kind(
                one_gaussian=first_wrong(10),
                one_offset=first_wrong(60),
                two_gaussian=first_wrong(60),
                two_offset=first_wrong(9),
            )
        ),
        "supported",
    ),
    "order, the same": (
        claim("order-differs", *PATTERNS, models=("one", "two")),
        Measured(by_kind(gaussian=first_wrong(10), offset=first_wrong(60))),
        "refuted",
    ),
    "order, unclear": (
        claim("order-differs", *PATTERNS, models=("one", "two")),
        Measured(by_kind(one_gaussian=first_wrong(10), two_gaussian=first_wrong(60), offset=first_wrong(60))),
        "undecided",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_claim_comes_out_as_its_data_are_made_and_stops_exactly_when_declared_otherwise(case, store):
    declared, measured, outcome = case
    for expected in OUTCOMES:
        found = examined(replace(declared, expected=expected), measured, store)
        assert (found.outcome, found.expected, found.stops) == (outcome, expected, expected != outcome)
        why = f"{outcome}, declared {expected}: {found.words}" if found.stops else f"{outcome}, as declared"
        assert found.explain() == f"t:7 {found.claim}\n  {why}"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_was_examined_crosses_to_the_controller_as_it_is(case, store):
    declared, measured, _ = case
    found = examined(declared, measured, store)
    assert from_text(to_text(found), [ClaimRecord]) == found
    assert found.models == declared.models
    assert (found.claim, found.place, found.says) == (str(declared), "t:7", declared.says)
    assert found.evidence.confidence == pytest.approx(0.95)


# What is measured.


def test_a_break_point_is_searched_up_to_the_end_of_its_range():
    measured = Measured(flips_at=level_of(30, 60))
    found = examined(breaks(20, 60), measured, None)
    assert measured.asked == [("net", Gaussian(level)) for level in (60, 20, 60)]  # searched, and measured at both ends
    assert (found.evidence.expected, found.evidence.break_point, found.evidence.of_clean) == ((20, 60), 30, "0.9")
    assert "expected at 20 to 60" in found.words


def test_levels_are_measured_from_weak_to_strong():
    measured = Measured(lambda _, noise: first_wrong(2 * int(noise.level)))
    pairs = examined(claim("more-noise-never-helps", *LIGHT), measured, None).evidence.pairs
    assert measured.asked == [("net", noise) for noise in LIGHT]
    assert [pair.levels for pair in pairs] == [(str(LIGHT[i]), str(LIGHT[j])) for i, j in ((0, 1), (0, 2), (1, 2))]


def by_hand(noise, images=IMAGES):
    """The peak signal-to-noise ratio, in dB."""
    clean = fit_images(images, Fit(SIZE))
    error = apply(noise, clean, images.index, 0).astype(float) - clean
    return 10 * math.log10(255**2 / np.square(error).mean())


@pytest.mark.parametrize("target", [15.0, 24.0])
def test_patterns_are_compared_where_they_distort_alike(target, store):
    images = image_set(200)  # all of them are looked at
    patterns = (Gaussian(255), SaltAndPepper(1), Periodic(2, frequency=0.05))
    measured = Measured(lambda *_: first_wrong(10, 200))
    found = examined(claim("patterns-differ", *patterns, target=target), measured, store, images)
    noises = [noise for _, noise in measured.asked]
    assert [type(noise) for noise in noises] == [type(noise) for noise in patterns]
    assert noises[2].frequency == 0.05
    assert [row.noise for row in found.evidence.distortions] == list(map(str, noises))
    assert found.evidence.pairs[0].noises == (str(noises[0]), str(noises[1]))
    for noise, row in zip(noises, found.evidence.distortions, strict=True):
        assert row.psnr == pytest.approx(by_hand(noise, images), abs=1e-3)
        assert target - 0.2 < row.psnr <= target


def test_patterns_may_be_matched_in_structure(store):
    measured = Measured(lambda *_: first_wrong(10))
    found = examined(claim("patterns-differ", Gaussian(255), SaltAndPepper(1), metric="ssim", target=0.6), measured, store)
    first, second = found.evidence.distortions
    assert first.ssim == pytest.approx(0.6, abs=0.01)
    assert second.ssim == pytest.approx(0.6, abs=0.01)
    assert abs(first.psnr - second.psnr) > 0.3
    assert found.claim == "net-patterns-differ-ssim=0.6"


def test_models_are_compared_under_the_same_matched_noises(store):
    _, measured, _ = CASES["order, the same"]
    measured.asked.clear()
    declared = claim("order-differs", *PATTERNS, models=("one", "two"))
    found = examined(declared, measured, store)
    assert [name for name, _ in measured.asked] == ["one", "one", "two", "two"]
    assert [noise for _, noise in measured.asked[:2]] == [noise for _, noise in measured.asked[2:]]
    assert [str(noise) for _, noise in measured.asked[:2]] == [row.noise for row in found.evidence.distortions]
    assert set(found.evidence.pairs[0].accuracies) == {"one", "two"}


def test_noises_are_matched_once_and_again_for_other_images_seeds_and_targets(tmp_path, monkeypatch):
    from robustness.claims import measure as module

    matched = []
    real = matched_magnitude
    monkeypatch.setattr(module, "matched_magnitude", lambda *given: matched.append(given) or real(*given))
    measured, store, declared = Measured(lambda *_: first_wrong(0)), Store(tmp_path), claim("patterns-differ", *PATTERNS)
    first = examined(declared, measured, store)
    again = examined(replace(declared, models=("other",)), measured, store)
    assert len(matched) == 2
    assert again.evidence == first.evidence
    examined(replace(declared, target=19.0), measured, store)
    assert len(matched) == 4
    fewer = Measured(lambda *_: first_wrong(0, 100))
    examined(declared, fewer, store, image_set(100))
    assert len(matched) == 6
    other_seed = examined(declared, measured, store, seed=1)
    assert len(matched) == 8
    assert other_seed.evidence.distortions[0] != first.evidence.distortions[0]
    examined(declared, measured, store, models={"net": classifier(fit=Fit(SIZE - 2))})
    assert len(matched) == 10


# What cannot be tested.


def test_models_that_see_images_at_different_sizes_are_refused_by_name(store):
    measured = Measured(lambda *_: first_wrong(10))
    models = {"one": classifier("one"), "two": classifier("two", fit=Fit(20, "resize"))}
    with pytest.raises(RobustnessError) as refused:
        examined(claim("order-differs", *PATTERNS, models=("one", "two")), measured, store, models=models)
    assert str(refused.value) == (
        "one+two-order-differs-psnr=20: its models see images at crop-or-pad 16 and resize 20, so no noise distorts them alike"
    )
    assert not measured.asked


@pytest.mark.parametrize("name", ["breaks, inside", "more noise, worse", "patterns, apart", "order, other"])
def test_where_dependence_is_unknown_nothing_is_measured_and_nothing_claimed(name, store):
    declared, _, _ = CASES[name]
    measured = Measured()
    with pytest.raises(RobustnessError, match=r"whether the images of smooth are independent is not known; give a design_eff"):
        examined(declared, measured, store, about=Scope())
    dependent = replace(IMAGES, dependent="they are frames of one film")
    with pytest.raises(RobustnessError, match="they are frames of one film; give a design_effect"):
        examined(declared, measured, store, images=dependent)
    assert not measured.asked


@pytest.mark.parametrize("name", ["breaks, inside", "more noise, better", "patterns, apart", "order, other"])
def test_what_is_known_of_dependence_and_the_confidence_asked_for_count(name, store):
    declared, measured, outcome = CASES[name]
    in_tracks = image_set(tracks=np.arange(COUNT) // 100)
    assert examined(declared, measured, store, in_tracks).outcome == "undecided"
    assert examined(declared, measured, store, about=Scope(design_effect=200.0)).outcome == "undecided"
    sure = examined(declared, measured, store, about=replace(INDEPENDENT, confidence=0.999))
    assert (sure.outcome, sure.evidence.confidence) == (outcome, pytest.approx(0.999))


def test_a_target_that_no_magnitude_reaches_is_refused(store):
    with pytest.raises(RobustnessError, match="brings the psnr down to .* not to 20: give a higher magnitude"):
        examined(claim("patterns-differ", Gaussian(255), Offset(5)), Measured(), store)


# End to end.


@pytest.fixture
def measurements(tmp_path):
    """Evaluations and searches of the networks themselves."""
    store, images = Store(tmp_path), image_set(60)

    def run(declared, **modules):
        return examined(declared, None, store, images, models={name: classifier(name, of) for name, of in modules.items()})

    return run


def test_a_network_that_sees_light_breaks_where_the_light_passes_its_threshold(measurements):
    """The images' means lie around 110, the threshold at 128."""
    within = claim("breaks", Offset(10), Offset(30), of_clean=Decimal("0.9"))
    found = measurements(within, net=ByLight(128))
    assert (found.outcome, found.stops) == ("supported", False)
    assert 15 <= found.evidence.break_point <= 20
    above = claim("breaks", Offset(22), Offset(40), of_clean=Decimal("0.9"))
    assert measurements(above, net=ByLight(128)).outcome == "refuted"
    assert measurements(above, net=ByLight(140)).outcome == "supported"


def test_more_light_only_helps_a_network_that_was_wrong(measurements):
    levels = claim("more-noise-never-helps", *LIGHT, negligible="0.1")
    assert measurements(levels, net=ByLight(150)).outcome == "supported"  # right, then wrong
    found = measurements(levels, net=TurnedRound(ByLight(150)))
    assert (found.outcome, found.stops) == ("refuted", True)
    assert "most clearly from offset(levels=20) (0.0000) to offset(levels=60) (1.0000)" in found.words


def test_a_network_that_sees_light_bears_gaussian_noise_better_than_as_much_light(measurements):
    patterns = claim("patterns-differ", *PATTERNS, negligible="0.1")
    found = measurements(patterns, net=ByLight(128))  # 25 grey levels of light, or as much around none
    assert found.outcome == "supported"
    assert found.evidence.pairs[0].accuracies == (1, 0)
    assert measurements(patterns, net=ByLight(250)).outcome == "refuted"


def test_a_network_that_sees_contrast_is_disrupted_the_other_way_round(measurements):
    order = claim("order-differs", *PATTERNS, models=("light", "contrast"))
    found = measurements(order, light=ByLight(128), contrast=ByContrast(15))
    assert found.outcome == "supported"
    assert found.evidence.pairs[0].disrupts_more == (("contrast",), ("light",))
    same = measurements(replace(order, models=("light", "other")), light=ByLight(128), other=ByLight(125))
    assert same.outcome == "refuted"
