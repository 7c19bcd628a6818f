"""From what a run amounts to, to its results."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from robustness.claims.record import ClaimRecord
from robustness.data import Fit, ImageSet, Preparation
from robustness.errors import RobustnessError
from robustness.evaluation.result import Result
from robustness.evaluation.rule import RULE
from robustness.evaluation.store import Store
from robustness.gate.ledger import Ended
from robustness.gate.notes import Figure, ModelUsed, NoiseWarning, RuleMeasured
from robustness.gate.thresholds import Thresholds
from robustness.generators.record import GeneratorJudged
from robustness.limits.limit import Limit
from robustness.limits.record import LimitRecord
from robustness.noise import Custom, Noise
from robustness.report.environment import environment
from robustness.report.misclassified import misclassified
from robustness.report.mistakes import count_by_class, describe_confusions, draw_turned
from robustness.report.pictures import SIZE, describe_images, draw_gallery
from robustness.report.results import (
    DeclaredModel,
    DeclaredNoise,
    Hypothesis,
    Images,
    NoisyImages,
    PromiseTest,
    Results,
    RunDetails,
    Seen,
    ThresholdsFile,
    UnmeasuredPromise,
    kind_of,
    records_in,
)
from robustness.report.timings import describe_timings

VERSIONS = ("pytest-robustness", "torch", "torchvision", "numpy", "pillow", "pytest")

Figures = Callable[[str, Iterable[str]], dict[str, dict[str, float]]]
"""The accuracies that a study published on the image set of a name, by model and noise, of models of these names."""


def build_results(
    ended: Ended,
    thresholds: Thresholds,
    command: list[str],
    started: float,
    run: str,
    images: ImageSet | None,
    published: Figures = lambda data, models: {},
    hypotheses: Mapping[str, tuple[str, str]] | None = None,
    run_id: str = "",
) -> Results:
    """The results of a run.

    started: seconds since the epoch. run: its name, which some predictions are bound to. images: those of the thresholds file;
    None where they cannot be read. hypotheses: names and words of a study's, by what a claim that bears on each says. run_id:
    tells its results from those of every other run.
    """
    notes = [note for of_test in ended.notes.values() for note in of_test]
    measured = {
        test: tuple(note for note in of_test if isinstance(note, RuleMeasured)) for test, of_test in ended.notes.items()
    }
    figures = {
        test: {note.name: note.value for note in of_test if isinstance(note, Figure)}
        for test, of_test in ended.notes.items()
        if kind_of(test) is None
    }
    used = [note for note in notes if isinstance(note, ModelUsed)]
    fits = {note.model: note.preparation for note in used if note.preparation is not None}
    said = {claim.says for claim in ended.of(ClaimRecord)}
    limits, noises = ended.of(LimitRecord), dict.fromkeys(limit.noise for limit in thresholds.of(Limit))

    shown = next(iter(fits.values()), Fit(SIZE))
    pictures = _pictures(images, shown, list(noises), thresholds.seed)

    @cache
    def find(key: str) -> Result | None:
        return Store().read(key, run, Result)

    return Results(
        verdict=ended.verdict,
        gaps=ended.gaps,
        left_out=ended.left_out,
        unmeasured=tuple(_unmeasured(ended, thresholds)),
        errors=ended.errors,
        rules=ended.rules,
        warnings=_once_a_noise(note for note in notes if isinstance(note, NoiseWarning)),
        thresholds=ThresholdsFile(path=str(thresholds.file), sha256=thresholds.sha256, text=thresholds.text),
        report=thresholds.about,
        data=thresholds.data,
        seed=thresholds.seed,
        prediction_rule=RULE,
        confidence=thresholds.scope.confidence,
        models={
            model.name: DeclaredModel(
                name=model.name,
                load=model.load,
                weights=model.weights,
                size=model.size,
                fit=model.fit,
                mean=model.mean,
                std=model.std,
                precision=model.precision,
                prepare=model.prepare if isinstance(model.prepare, str) else None,
            )
            for model in thresholds.models.values()
        },
        model_hashes={note.model: note.hash for note in used},
        seen={note.model: _seen(note, note.preparation) for note in used if note.preparation is not None},
        noises={
            name: DeclaredNoise(
                load=kind.load,
                magnitude=kind.magnitude,
                arguments={key: str(value) for key, value in kind.arguments.items()},
            )
            for name, kind in thresholds.noises.items()
            if issubclass(kind, Custom)
        },
        generators={note.generator: note.marks for note in notes if isinstance(note, GeneratorJudged)},
        measurements={test: of_test for test, of_test in measured.items() if of_test},
        figures={test: of_test for test, of_test in figures.items() if of_test},
        published=published(images.name, thresholds.models) if images else {},
        hypotheses={
            says: Hypothesis(name=name, words=words) for says, (name, words) in (hypotheses or {}).items() if says in said
        },
        timings=describe_timings(ended, thresholds.scope.early),
        tests={
            record.name: PromiseTest(id=test, seconds=round(ended.seconds[test], 3))
            for test, of_test in ended.notes.items()
            for record in records_in(of_test)
        },
        run=RunDetails(
            id=run_id,
            files=ended.files,
            command=(Path(command[0]).name, *command[1:]),
            started=datetime.fromtimestamp(started, UTC).isoformat(timespec="seconds"),
            seconds=round(time.time() - started, 3),
            versions={name: importlib.metadata.version(name) for name in VERSIONS},
            python=platform.python_version(),
            platform=platform.platform(),
            environment=environment(thresholds.base),
        ),
        images=pictures[0],
        confusions=describe_confusions(limits, images, find) if images else (),
        per_class=count_by_class(limits, images, find) if images else (),
        misclassified=misclassified(limits, images, thresholds.seed, find) if images else (),
        turned=draw_turned(limits, fits, {str(noise): noise for noise in noises}, images, thresholds.seed, find)
        if images
        else (),
        gallery=pictures[1],
        records=ended.records,
    )


def _once_a_noise(warnings: Iterable[NoiseWarning]) -> tuple[NoiseWarning, ...]:
    """Those of the first line that has each noise, line by line, whichever test or worker came first."""
    first: dict[str, NoiseWarning] = {}
    for warning in sorted(warnings, key=lambda one: (len(one.place), one.place, one.noise, one.words)):
        first.setdefault(warning.noise, warning)
    return tuple(first.values())


def _unmeasured(ended: Ended, thresholds: Thresholds) -> Iterator[UnmeasuredPromise]:
    promises = {(thresholds.kind_of(promise).name, str(promise)): promise for promise in thresholds.promises}
    for one in ended.unmeasured:
        promise = promises[one.kind, one.id]
        yield UnmeasuredPromise(kind=one.kind, id=one.id, place=promise.place, models=promise.about, left_out=one.left_out)


def _pictures(
    image_set: ImageSet | None, fit: Preparation, noises: list[Noise], seed: int
) -> tuple[Images | None, tuple[NoisyImages, ...]]:
    """The set and a gallery of it; nothing where its images cannot be prepared, which the tests have said."""
    try:
        return (
            (None, ())
            if image_set is None
            else (
                describe_images(image_set, fit),
                draw_gallery(image_set, fit, noises, seed),
            )
        )
    except RobustnessError:
        return None, ()


def _seen(used: ModelUsed, fit: Preparation) -> Seen:
    return Seen(preparation=str(fit), height=fit.height, width=fit.width, channels=fit.channels, mean=used.mean, std=used.std)
