"""From results to `report.html`: one file that opens offline, readable with scripts off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from robustness.errors import some
from robustness.files.atomic import replacing
from robustness.report import charts
from robustness.report.class_tables import class_tables
from robustness.report.comparison import Run, side_by_side, what_changed
from robustness.report.confusion_charts import confusion_charts
from robustness.report.first_breaks import first_breaks, in_a_sentence
from robustness.report.flip_charts import flip_charts
from robustness.report.generator_sections import generator_sections
from robustness.report.terminal import verdict_sentence

SHOWN_APART = ("max_drop", "max_flips", "worst_band")
"""What is asked of limits that have sections of their own."""
HEADLINE = 160
"""Characters: about two lines."""
NAMED = 8
"""Models in the headline."""
HYPOTHESES = {
    "breaks": ("H1", "there is a magnitude beyond which a network regularly fails"),
    "patterns-differ": ("H2", "some patterns disrupt more than others, and networks differ in which"),
    "order-differs": ("H2", "some patterns disrupt more than others, and networks differ in which"),
    "outperforms": ("H3", "training on what a generator makes of noisy images mends a network"),
}
"""Of the study, by what a claim that bears on it says."""


def render_report(results: dict[str, Any]) -> str:
    """The report as HTML. Whatever comes from the user is escaped."""
    limits = results["limits"]
    accuracies = [limit for limit in limits if limit["is_plain"]]
    drawn = charts.accuracy_charts(results)
    breaks = first_breaks(results)
    return _template("report").render(
        results=results,
        sentence=_headline(results),
        first=in_a_sentence(results),
        breaks={model: {one.family: one for one in breaks if one.model == model} for model in results["models"]}
        if breaks
        else {},
        families=list(dict.fromkeys(one.family for one in breaks)),
        broken=[limit for limit in limits if limit["stops"]],
        charts=drawn,
        drawn={line.model: line.number for chart in drawn for line in chart.lines},
        canvas={name: getattr(charts, name) for name in ("WIDTH", "HEIGHT", "LEFT", "RIGHT", "TOP", "BOTTOM")},
        confusions=confusion_charts(results),
        class_tables=class_tables(results),
        flips=flip_charts(results),
        maps=[limit for limit in limits if limit["asks"] == "worst_band" and limit["details"]],
        hunts=sorted(results["hunts"], key=lambda hunt: not hunt["stops"]),
        marks=results["generator_limits"],
        generators=generator_sections(results),
        claims=sorted(results["claims"], key=lambda claim: not claim["stops"]),
        HYPOTHESES=HYPOTHESES,
        hypotheses=dict(sorted({HYPOTHESES[claim["says"]] for claim in results["claims"] if claim["says"] in HYPOTHESES})),
        others=[limit for limit in limits if not limit["is_plain"] and limit["asks"] not in SHOWN_APART],
        drops=[limit for limit in limits if limit["asks"] == "max_drop"],
        noises=list(dict.fromkeys(limit["noise"] for limit in accuracies)),
        own_noises={limit["noise"] for limit in limits if not limit["bit_identical"]},
        named=some(list(results["models"]), NAMED),
        columns=list(dict.fromkeys(limit["model"] for limit in accuracies)),
        cells={(limit["model"], limit["noise"]): limit for limit in accuracies},
    )


def _headline(results: dict[str, Any]) -> str:
    """The verdict; where naming what broke makes it long, that is left to the list that follows."""
    sentence = verdict_sentence(results)
    return sentence if len(sentence) <= HEADLINE else verdict_sentence(results, naming=False)


def render_comparison(runs: Sequence[Run]) -> str:
    """Several runs on one page, as HTML."""
    rows = side_by_side(runs)
    title = f"{runs[-1].name} beside {', '.join(run.name for run in runs[:-1])}"
    return _template("comparison").render(title=title, words=what_changed(runs, rows), runs=runs, rows=rows)


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("robustness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["headings"] = _headings
    return environment.get_template(f"{name}.html.jinja")


def _headings(sections: Markup) -> list[tuple[str, Markup]]:
    """The id and title of each section that is there."""
    return [(match[1], Markup(match[2])) for match in re.finditer(r'<h2 id="(\w+)">(.*?)</h2>', sections)]


def write_report(results: dict[str, Any], folder: Path) -> Path:
    """Write report.html into the folder, whole or not at all."""
    file = folder / "report.html"
    with replacing(file) as partial:
        partial.write_text(render_report(results), encoding="utf-8")
    return file
