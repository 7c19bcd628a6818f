"""A limit on a generator's mark, judged: the mark beside what is asked of it."""

from __future__ import annotations

from robustness.data import load_image_set
from robustness.errors import RobustnessError, some
from robustness.gan.checkpoint import generator_file, load_generator
from robustness.gate.workbench import Workbench
from robustness.generators.declare import GeneratorLimit
from robustness.generators.marks import marks_of
from robustness.generators.record import NAMES, GeneratorJudged, GeneratorRecord, Marks, mark, shown, worst_classes

OF_CLASSES = ("fidelity", "worst_class", "max_collapsed")
"""Marks of a generator that can be asked for a class."""


def measure_generator(limit: GeneratorLimit, bench: Workbench) -> GeneratorRecord:
    """Hold a generator's mark against its limit; the declared images and judge make the marks, once for all its limits."""
    declaration = limit.declaration
    judge = bench.classifier(declaration.judge)

    def judged() -> Marks:
        try:
            generator = load_generator(generator_file(declaration.load, bench.thresholds.base))
        except RobustnessError as error:
            raise RobustnessError(f"generator {declaration.name}: {error}") from error
        data = declaration.training or bench.thresholds.data
        training = load_image_set(data, "train", bench.root, bench.thresholds.base)
        marks = marks_of(generator, judge, bench.images, training, bench.thresholds.seed, bench.store, bench.run)
        bench.note(GeneratorJudged(generator=declaration.name, marks=marks))
        return marks

    return judge_limit(limit, bench.once(("marks", declaration.name), judged))


def judge_limit(limit: GeneratorLimit, judged: Marks) -> GeneratorRecord:
    """Hold a generator's marks against a limit; a `RobustnessError` where the mark it speaks of does not exist."""
    value = mark(limit.asks, judged)
    if value is None:
        raise RobustnessError(f"{limit.generator}: {_missing(limit.asks, judged)}: nothing was measured")
    required = float(limit.required)  # a share that was counted is rounded as this is: 7 of 10 keep 0.7
    keeps = value <= required if limit.is_ceiling else value >= required  # of what is no number neither is true
    bound = "at most" if limit.is_ceiling else "at least"
    details = _details(limit.asks, judged)
    return GeneratorRecord(
        generator_limit=str(limit),
        place=limit.place,
        generator=limit.generator,
        judge=judged.judge,
        asks=limit.asks,
        required=str(limit.required),
        value=value,
        stops=not keeps,
        words=f"{NAMES[limit.asks]} {shown(value, required)}{details}, the limit asks for {bound} {limit.required}",
    )


def _details(asks: str, judged: Marks) -> str:
    """Which classes a mark of classes speaks of, or what a ratio is one to."""
    worst = worst_classes(judged)
    unknown = len(judged.classes) - len(worst)
    left_out = f"; without {unknown} of which the judge names no real image right" if unknown else ""
    match asks:
        case "fidelity":
            return f" (worst class {shown(worst[0].fidelity or 0.0)}, {worst[0].name})"
        case "worst_class":
            return f" ({worst[0].name}{left_out})"
        case "max_nearest":
            return " times as far as from a real image"
        case "max_collapsed" if judged.collapsed:
            return f" ({some(list(judged.collapsed))})"
    return ""


def _missing(asks: str, judged: Marks) -> str:
    if asks in OF_CLASSES and not judged.classes:
        return f"it knows no classes, so it has no mark for {NAMES[asks]}"
    match asks:
        case "fidelity" | "worst_class":
            return f"{judged.judge} names no real image right, so there is no fidelity"
        case "max_collapsed":
            return "no class has two different real images, so none can be called collapsed"
        case "max_nearest" | "max_copied" if judged.copied is None:
            return "the training images at hand are not those it was trained on, so no copies were looked for"
        case "max_divergence":
            return "its card tells no losses of two epochs, so they cannot have diverged"
    return f"{NAMES[asks]} is no finite number"
