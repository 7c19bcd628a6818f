"""From results to `report.html`: one file that opens offline, readable with scripts off."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from robustness.claims.record import ClaimRecord, Distortion, GainEvidence, OrderEvidence, PatternsEvidence
from robustness.errors import some
from robustness.files.atomic import replacing
from robustness.generators.record import GeneratorRecord
from robustness.hunts.record import HuntRecord
from robustness.limits.record import FlipsFound, LimitRecord, WaveMap
from robustness.report.html import charts
from robustness.report.html.class_tables import class_tables
from robustness.report.html.comparison import Run, side_by_side, what_changed
from robustness.report.html.confusion_charts import confusion_charts
from robustness.report.html.corruption_maps import corruption_maps
from robustness.report.html.first_breaks import first_breaks, in_a_sentence
from robustness.report.html.flip_charts import flip_charts
from robustness.report.html.generator_sections import generator_sections
from robustness.report.results import Results
from robustness.report.text.terminal import verdict_sentence

HEADLINE = 160
"""Characters: about two lines."""
NAMED = 8
"""Models in the headline."""
SHOWN_APART = (LimitRecord, HuntRecord, ClaimRecord, GeneratorRecord)
"""Records with sections of their own; what a kind that has none measured stands beside the other limits."""


def render_report(results: Results) -> str:
    """The report as HTML. Whatever comes from the user is escaped."""
    accuracies = [limit for limit in results.limits if limit.is_plain]
    drawn = charts.accuracy_charts(results)
    breaks = first_breaks(results)
    claims = sorted(results.of(ClaimRecord), key=lambda claim: not claim.stops)
    bearing = {results.hypotheses[claim.says] for claim in claims if claim.says in results.hypotheses}
    return _template("report").render(
        results=results,
        sentence=_headline(results),
        named=some(list(results.models), NAMED),
        first=in_a_sentence(breaks),
        breaks={model: {one.family: one for one in breaks if one.model == model} for model in results.models} if breaks else {},
        families=list(dict.fromkeys(one.family for one in breaks)),
        noises=list(dict.fromkeys(limit.noise for limit in accuracies)),
        own_noises={limit.noise for limit in results.limits if not limit.bit_identical},
        columns=list(dict.fromkeys(limit.model for limit in accuracies)),
        cells={(limit.model, limit.noise): limit for limit in accuracies},
        corruption_maps=corruption_maps(results),
        charts=drawn,
        drawn={line.model: line.number for chart in drawn for line in chart.lines},
        canvas=charts,
        flips=flip_charts(results),
        confusions=confusion_charts(results),
        class_tables=class_tables(results),
        drops=[(limit, limit.change) for limit in results.limits if limit.change],
        maps=[(limit, limit.details) for limit in results.limits if isinstance(limit.details, WaveMap)],
        other_limits=list(filter(_is_other, results.limits)),
        others=[record for record in results.records if not isinstance(record, SHOWN_APART)],
        hunts=sorted(results.of(HuntRecord), key=lambda hunt: not hunt.stops),
        claims=[(claim, results.hypotheses.get(claim.says), _distortions(claim)) for claim in claims],
        gains=[(claim, claim.evidence.cells) for claim in claims if isinstance(claim.evidence, GainEvidence)],
        hypotheses=sorted(bearing, key=lambda hypothesis: hypothesis.name),
        generators=generator_sections(results),
    )


def _headline(results: Results) -> str:
    """The verdict; where naming what broke makes it long, that is left to the list that follows."""
    sentence = verdict_sentence(results)
    return sentence if len(sentence) <= HEADLINE else verdict_sentence(results, named=False)


def _is_other(limit: LimitRecord) -> bool:
    """Whether no section but the general one shows it."""
    return not (limit.is_plain or limit.change or isinstance(limit.details, FlipsFound | WaveMap))


def _distortions(claim: ClaimRecord) -> tuple[Distortion, ...]:
    return claim.evidence.distortions if isinstance(claim.evidence, OrderEvidence | PatternsEvidence) else ()


def render_comparison(runs: Sequence[Run]) -> str:
    """Several runs on one page, as HTML."""
    rows = side_by_side(runs)
    title = f"{runs[-1].name} beside {', '.join(run.name for run in runs[:-1])}"
    return _template("comparison").render(title=title, words=what_changed(runs, rows), runs=runs, rows=rows)


def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html.jinja")


@lru_cache
def _environment() -> Environment:
    """Strict: a name that a template reads and that is not there is an error."""
    environment = Environment(
        loader=PackageLoader("robustness.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["headings"] = _headings
    environment.globals.update(vars(environment.get_template("macros.html.jinja").module))
    return environment


def _headings(sections: Markup) -> list[tuple[str, Markup]]:
    """The id and title of each section that is there."""
    return [(match[1], Markup(match[2])) for match in re.finditer(r'<h2 id="(\w+)">(.*?)</h2>', sections)]


def write_report(results: Results, folder: Path) -> Path:
    """Write report.html into the folder, whole or not at all."""
    file = folder / "report.html"
    with replacing(file) as partial:
        partial.write_text(render_report(results), encoding="utf-8")
    return file
