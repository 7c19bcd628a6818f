"""From a model that breaks its limits to weights that keep them, as far as held-out images can tell."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from robustness.data import Fit, ImageSet, Preparation
from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.hardening.aims import Seen, aims, balanced, judge, measured_on_the_test_set, noises_of, on_held_out
from robustness.hardening.copies import image_keys, refuse_copies, with_copies_together
from robustness.hardening.trainable import check_is_trainable, put_back, to_train
from robustness.limits.limit import Limit
from robustness.models.checkpoint import versions
from robustness.models.class_map import without_outside
from robustness.models.load import weights_file
from robustness.models.state import hash_state
from robustness.training.fit import train
from robustness.training.mix import NoiseMix
from robustness.training.recipes import Recipe
from robustness.training.split import split_by_track


@dataclass(frozen=True)
class Judged:
    """A limit on the gate's images before the training, and on held-out images before and after it.

    after: of the weights as they are loaded from their file; None where nothing was trained.
    """

    limit: Limit
    gate: Seen
    before: Seen | None = None
    after: Seen | None = None

    @property
    def is_seen(self) -> bool:
        """Whether held-out images can tell: not where the limit clearly holds on them untrained, and breaks on the gate's.

        They are easier to the network, most often because it was trained on them before.
        """
        return self.before is not None and (self.gate.kept or not self.before.clearly)

    @property
    def holds(self) -> bool:
        return self.is_seen and self.after is not None and self.after.kept


@dataclass(frozen=True)
class Hardened:
    """epochs: done in all; 0 where all limits held and nothing was trained. held_out: images. others: see `Aims`."""

    model: str
    judged: tuple[Judged, ...]
    others: tuple[tuple[str, str], ...]
    held_out: int = 0
    epochs: int = 0

    @property
    def remaining(self) -> tuple[Judged, ...]:
        """Limits that are not known to hold."""
        return tuple(one for one in self.judged if not one.holds) if self.epochs else ()


def harden(bench: Workbench, model: str, training: ImageSet, recipe: Recipe, seed: int, out: Path, command: str) -> Hardened:
    """Train a declared model on under the noises of the limits that it breaks, and write `out` (safetensors) with its card.

    training: images with the classes of the gate's; copies of the gate's are refused. A share of them, whole tracks, is held
    out: it alone says when to stop. The gate's images say which limits break, and nothing else.
    """
    thresholds = bench.thresholds
    declaration, aimed = thresholds.models[model], aims(thresholds, model)
    check_is_trainable(declaration)
    if out.suffix != ".safetensors" or out.is_dir():
        raise RobustnessError(f"{out}: weights go into a file; name one that ends in .safetensors")
    if declaration.weights is not None and out.resolve() == weights_file(declaration, thresholds.base).resolve():
        raise RobustnessError(f"{out}: holds the weights that this training starts from; name another --out")
    classifier = bench.classifier(model)
    _check_classes(training, bench.images)
    keys = image_keys(training, classifier.fit)
    refuse_copies(training, keys, bench.images, classifier.fit)

    found = measured_on_the_test_set(aimed.limits, bench)
    judged = tuple(Judged(limit, Seen.of(found[limit])) for limit in aimed.limits)
    if all(one.gate.kept for one in judged):
        return Hardened(model, judged, aimed.others)

    trained = to_train(classifier, declaration, thresholds.base)
    images = replace(training, tracks=with_copies_together(training, keys))
    places, held_out_places = split_by_track(images, recipe.validation_share, seed)
    if not len(held_out_places):
        raise RobustnessError(f"{training.name}: no class has images of two objects, so none can be held out to judge by")
    held_out = images.take(held_out_places)
    limits = [on_held_out(limit, found[limit], len(bench.images)) for limit in aimed.limits]

    def seen() -> tuple[Seen, ...]:
        return judge(limits, trained, held_out, thresholds)

    start = hash_state(trained.module.state_dict())
    judged = tuple(replace(one, before=before) for one, before in zip(judged, seen(), strict=True))
    broken = [one.limit for one in judged if not (one.gate.kept and one.before and one.before.kept)]
    noises = {limit: noises_of(limit, classifier) for limit in aimed.limits}
    mix = NoiseMix((*balanced([*noises.values()]), *balanced([noises[limit] for limit in broken])))  # to forget none of them
    about = {
        "start": start,
        "classes": [*trained.class_map.logits, trained.class_map.open] if trained.class_map else [],
        "limits": [f"{limit} {limit.asks} {limit.required} {limit.seed}" for limit in limits] + [f"noise {thresholds.seed}"],
        "held out": hashlib.sha256(held_out_places.tobytes()).hexdigest(),
    }
    recipe = replace(recipe, batch_size=_batch_size(recipe.batch_size, len(places)))
    resume = out.with_suffix(".resume")

    def enough() -> bool:
        now = seen()
        tqdm.write(_progress(limits, now))
        return all(one.is_seen and after.clearly for one, after in zip(judged, now, strict=True))

    progress = train(trained, images, recipe, seed, resume, mix, about, enough)
    card: dict[str, Any] = {
        "network": declaration.load,
        "start": f"the weights {start}, hardened",
        "thresholds": thresholds.sha256,
        "data": training.name,
        "data_hash": training.content_hash,
        "images": len(training),
        "held_out": len(held_out),
        "recipe": asdict(recipe),
        "mix": mix.told,
        "seed": seed,
        "command": command,
        **asdict(progress),
        "class_names": list(training.class_names),
        "versions": versions(),
    }
    loaded = put_back(trained, declaration, thresholds.base, out, {**card, **_size(classifier.fit)})
    after = judge(limits, loaded, held_out, thresholds)
    hardened = Hardened(
        model,
        tuple(replace(one, after=now) for one, now in zip(judged, after, strict=True)),
        aimed.others,
        len(held_out),
        len(progress.losses),
    )
    if not hardened.remaining:
        resume.unlink(missing_ok=True)
    return hardened


def _check_classes(training: ImageSet, test_set: ImageSet) -> None:
    ours, theirs = training.class_names, without_outside(test_set.class_names)
    if ours != theirs:
        first = next((pair for pair in zip(ours, theirs, strict=False) if pair[0] != pair[1]), None)
        differing = f"{len(ours)} and {len(theirs)} of them" if first is None else f"{first[0]!r} where it has {first[1]!r}"
        raise RobustnessError(
            f"{training.name}: other classes than {test_set.name}, which the gate measures: {differing}; a class has to have "
            "the same number in both"
        )


def _batch_size(size: int, images: int) -> int:
    """The nearest size that leaves no image alone in a batch, where batch normalisation has nothing to work with."""
    return next(each for each in range(size, size + images) if images % each != 1 or images == 1)


def _size(fit: Preparation) -> dict[str, Any]:
    """What built-in networks are read by, where that says all of a preparation."""
    short = fit.height == fit.width and fit == Fit(fit.height, fit.kind)
    return {"fit": {"size": fit.size, "kind": fit.kind}} if short else {}


def _progress(limits: Sequence[Limit], seen: Sequence[Seen]) -> str:
    open_ones = [(limit, now) for limit, now in zip(limits, seen, strict=True) if not now.clearly]
    line = f"{len(limits) - len(open_ones)} of {len(limits)} limits hold on held-out images, with a standard error to spare"
    if not open_ones:
        return line
    limit, now = open_ones[0]
    return f"{line}; {limit} {'just holds' if now.kept else 'breaks'}: {now.words}"
