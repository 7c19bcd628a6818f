"""Which limits a training aims for, what it shows for them, and what held-out images say of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import halves
import numpy as np
import pytest
import torch
from torch import nn

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.hardening.aims import aims, balanced, judge, noises_of, on_held_out
from robustness.kinds import read_thresholds
from robustness.limits.asks.ask import Found
from robustness.limits.record import DropFound
from robustness.noise import Gaussian, Periodic

LIMITS = """
[[limits]]
models = ["halves"]
noise = "gaussian"
sigma = [50, 100]
accuracy = [0.9, 0.8]
monotone = 0.1

[[limits]]
models = ["halves"]
noise = "periodic"
amplitude = 0.5
worst_class = 0.5
relative = 0.5
max_flips = 0.5

[[limits]]
models = ["halves"]
noise = "salt-and-pepper"
break_point = 0.1
of_clean = 0.5

[[limits]]
models = ["other"]
noise = "clean"
accuracy = 0.1
"""
OTHER = halves.MODEL + halves.MODEL.replace("models.halves", "models.other")


def read(project, limits=LIMITS, model=OTHER):
    return read_thresholds(halves.write_thresholds(project / "aims.toml", model, limits))


def test_limits_on_accuracy_are_aimed_at_and_others_are_told_with_the_reason(project):
    aimed = aims(read(project), "halves")
    asked = sorted(limit.asks for limit in aimed.limits)
    assert asked == ["accuracy", "accuracy", "break_point", "relative", "worst_class"]
    assert {limit.model for limit in aimed.limits} == {"halves"}
    told = dict(aimed.others)
    assert len(told) == 2
    assert all("need not keep" in why for why in told.values())


def test_a_limit_whose_waiver_has_expired_is_no_aim_since_no_training_keeps_it(project):
    limits = halves.LIMITS + '\n[[limits]]\nmodels = ["halves"]\nnoise = "gaussian"\nsigma = 9\naccuracy = 0.5\n'
    waived = limits + 'waived_until = 2020-01-01\nreason = "later"\n'
    (name, why), *more = aims(read(project, waived), "halves").others
    assert not more
    assert name == "halves-gaussian(sigma=9)"
    assert "waiver has expired, on 2020-01-01" in why


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ('group = "north"', "about the images of 'north' alone, of which training images need not have any"),
        ('seeds = [1, 2]\nover_seeds = "mean"', "about several noise seeds together, and a training looks at one"),
    ],
)
def test_what_a_training_does_not_look_at_is_no_aim(project, key, why):
    more = f'\n[[limits]]\nmodels = ["halves"]\nnoise = "gaussian"\nsigma = 9\naccuracy = 0.5\n{key}\n'
    assert [reason for _, reason in aims(read(project, halves.LIMITS + more), "halves").others] == [why]


def test_a_model_without_such_a_limit_is_refused(project):
    with pytest.raises(RobustnessError, match="no limit on other that a training can aim for"):
        aims(read(project, halves.LIMITS), "other")


def test_every_noise_of_a_limit_is_shown_and_clean_images_are_none(project):
    thresholds = read(project)
    with Workbench(thresholds) as bench:
        classifier = bench.load("halves")
        shown = {limit.asks: noises_of(limit, classifier) for limit in aims(thresholds, "halves").limits}
    assert shown["relative"] == (Periodic(amplitude=0.5),)
    assert [noise.level for noise in shown["break_point"]] == pytest.approx([step / 100 for step in range(1, 11)])


def test_each_limit_has_as_many_noises_so_that_none_is_drowned():
    many = tuple(Gaussian(sigma) for sigma in range(1, 11))
    noises = list(balanced([many, (Periodic(amplitude=1),), (), many]))
    assert noises.count(Periodic(amplitude=1)) == 10
    assert sorted(noise.sigma for noise in noises if isinstance(noise, Gaussian)) == list(range(1, 11))


def test_of_a_drop_is_asked_the_accuracy_that_it_leaves(project):
    limit = read(project, halves.LIMITS).promises[1]
    drop = replace(limit, asks="max_drop", required=Decimal("0.02"))
    found = DropFound(baseline="v1", right_before=180, broken=9, mended=0, allowed=4, drop=0.045, low=0, high=1, p_value=0.1)
    left = on_held_out(drop, Found(0.045, None, "", change=found), 200)
    assert (left.asks, left.required, left.noise) == ("accuracy", Decimal("0.88"), drop.noise)
    assert on_held_out(limit, Found(0.9, True, ""), 200) is limit


def test_held_out_images_are_judged_by_the_network_as_it_is_now(project):
    """One whose weights change is no case that was measured before."""
    thresholds = read(project, halves.LIMITS)
    held_out = load_image_set("python:halves_to_harden:training", base=project).take(np.arange(40))
    with Workbench(thresholds) as bench:
        classifier = bench.load("halves")
    limits = aims(thresholds, "halves").limits
    before = judge(limits, classifier, held_out, thresholds)
    assert [seen.kept for seen in before] == [True, False]
    with torch.no_grad():
        for weight in classifier.module.parameters():
            weight.neg_()
    after = judge(limits, classifier, held_out, thresholds)
    assert [seen.value for seen in after] == pytest.approx([0, 1 - (before[1].value or 0)], abs=0.1)  # some are ties


@pytest.mark.parametrize(("right", "kept", "clearly"), [(35, False, False), (36, True, False), (38, True, True)])
def test_a_limit_that_is_just_kept_is_not_clearly_kept(project, right, kept, clearly):
    """Of 40 images, 0.9 is 36; a standard error is 1.9 images more."""
    thresholds = read(project, '\n[[limits]]\nmodels = ["halves"]\nnoise = "clean"\naccuracy = 0.9\n')
    held_out = load_image_set("python:halves_to_harden:training", base=project).take(np.arange(40))
    wrong = held_out.labels.copy()
    wrong[: 40 - right] = 1 - wrong[: 40 - right]
    with Workbench(thresholds) as bench:
        classifier = bench.load("halves")
    (seen,) = judge(aims(thresholds, "halves").limits, classifier, replace(held_out, labels=wrong), thresholds)
    assert (seen.kept, seen.clearly) == (kept, clearly)


@pytest.mark.parametrize(
    ("ask", "aimed"),
    [
        ('recall = 0.5\nclass = "left"', True),
        ('precision = 0.5\nclass = "left"', True),
        ("balanced_accuracy = 0.5", True),
        ("macro_f1 = 0.5", True),
        ("top_k = 0.5\nk = 1", True),
        ("calibration_error = 0.5", False),
        ('max_confusion = 0.5\nconfusion = { from = "left", to = "right" }', False),
    ],
)
def test_shares_of_right_answers_are_aimed_at(project, ask, aimed):
    noise = '\n[[limits]]\nmodels = ["halves"]\nnoise = "gaussian"\nsigma = 9\n'
    found = aims(read(project, halves.LIMITS + noise + ask + "\n"), "halves")
    name = ask.partition(" ")[0]
    assert (name in [limit.asks for limit in found.limits]) == aimed
    assert len(found.others) == (not aimed)


@pytest.mark.parametrize(("right", "clearly"), [(18, False), (19, False), (20, True)])
def test_the_standard_error_of_one_class_is_of_its_images(project, right, clearly):
    """Of its 20 images 0.9 is 18, and a standard error is 1.3 images more; of all 40 it would be 0.9."""
    clean = '\n[[limits]]\nmodels = ["halves"]\nnoise = "clean"\n'
    thresholds = read(project, clean + 'recall = 0.9\nclass = "left"\n' + clean + "accuracy = 0.5\n")
    images = load_image_set("python:halves_to_harden:training", base=project)
    places = np.concatenate([np.flatnonzero(images.labels == label)[:20] for label in (0, 1)])
    with Workbench(thresholds) as bench:
        classifier = bench.load("halves")
    left = images.number_of("left")
    pool = images.take(places)
    labels = pool.labels.copy()
    own, other = np.flatnonzero(labels == left), np.flatnonzero(labels != left)
    labels[own[right:]], labels[other[: 20 - right]] = 1 - left, left  # so many of "left" are called so
    seen, _ = judge(aims(thresholds, "halves").limits, classifier, replace(pool, labels=labels), thresholds)
    assert (seen.kept, seen.clearly) == (True, clearly)


def test_what_cannot_be_measured_on_held_out_images_is_not_kept(project):
    thresholds = read(project, '\n[[limits]]\nmodels = ["halves"]\nnoise = "clean"\nworst_class = 0.1\n')
    held_out = load_image_set("python:halves_to_harden:training", base=project)
    with Workbench(thresholds) as bench:
        classifier = bench.load("halves")
    limits = aims(thresholds, "halves").limits
    (seen,) = judge(limits, classifier, held_out.only("left"), thresholds)
    assert (seen.kept, seen.clearly, seen.value) == (False, False, None)
    assert "no image of right" in seen.words
    last = nn.Linear(192, 2)
    nn.init.constant_(last.weight, float("nan"))
    broken = replace(classifier, module=nn.Sequential(nn.Flatten(), last))
    (seen,) = judge(limits, broken, held_out, thresholds)
    assert not seen.kept
    assert "NaN" in seen.words
