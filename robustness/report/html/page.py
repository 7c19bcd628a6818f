"""From results to `report.html`: one file that opens offline, readable with scripts off."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from robustness.claims.record import ClaimRecord, Distortion, GainEvidence, OrderEvidence, PatternsEvidence
from robustness.errors import some
from robustness.files.atomic import replacing
from robustness.limits.record import WaveMap
from robustness.report.excuses import excused
from robustness.report.headline import headline
from robustness.report.html import charts
from robustness.report.html import confusion_charts as confusion_matrix
from robustness.report.html.checks import anchor, checks, pictures_anchor
from robustness.report.html.class_tables import class_tables
from robustness.report.html.comparison import Run, curves, keeps_images, models_of, newly_wrong, side_by_side, what_changed
from robustness.report.html.confusion_charts import confusion_charts
from robustness.report.html.corruption_maps import corruption_maps
from robustness.report.html.first_breaks import first_breaks
from robustness.report.html.first_page import prepared_models, signers
from robustness.report.html.flip_charts import flip_charts
from robustness.report.html.generator_sections import generator_sections
from robustness.report.html.stops import SHOWN, stopping_groups
from robustness.report.results import Results

NAMED = 8
"""Models below the headline."""


def render_report(results: Results, sha256: str = "") -> str:
    """The report as HTML. Whatever comes from the user is escaped. sha256: of the file that the results are kept in."""
    accuracies = [limit for limit in results.limits if limit.is_plain]
    drawn = charts.accuracy_charts(results)
    breaks = first_breaks(results)
    said = headline(results)
    claims = sorted(results.of(ClaimRecord), key=lambda claim: not claim.stops)
    bearing = {results.hypotheses[claim.says] for claim in claims if claim.says in results.hypotheses}
    return _template("report").render(
        results=results,
        sha256=sha256,
        footer=_footer(results.verdict, results.run.started, f"results.json {sha256[:16]}" if sha256 else ""),
        headline=said,
        measured=some([one.model for one in said.models if one.records], NAMED) or "nothing",
        prepared=prepared_models(results),
        signers=signers(results),
        groups=stopping_groups(results),
        shown=SHOWN,
        excused=excused(results),
        checks=checks(results),
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
        matrix=confusion_matrix,
        flips=flip_charts(results),
        confusions=confusion_charts(results),
        class_tables=class_tables(results),
        drops=[(limit, limit.change) for limit in results.limits if limit.change],
        maps=[(limit, limit.details) for limit in results.limits if isinstance(limit.details, WaveMap)],
        claims=[(claim, results.hypotheses.get(claim.says), _distortions(claim)) for claim in claims],
        gains=[(claim, claim.evidence.cells) for claim in claims if isinstance(claim.evidence, GainEvidence)],
        hypotheses=sorted(bearing, key=lambda hypothesis: hypothesis.name),
        generators=generator_sections(results),
    )


def _distortions(claim: ClaimRecord) -> tuple[Distortion, ...]:
    return claim.evidence.distortions if isinstance(claim.evidence, OrderEvidence | PatternsEvidence) else ()


def render_comparison(runs: Sequence[Run]) -> str:
    """Several runs on one page, as HTML."""
    rows = side_by_side(runs)
    title = f"{runs[-1].name} beside {', '.join(run.name for run in runs[:-1])}"
    return _template("comparison").render(
        title=title,
        words=what_changed(runs, rows),
        runs=runs,
        rows=[row for row in rows if not row.left_out],
        models=models_of(runs),
        known=keeps_images(runs),
        newly=newly_wrong(runs),
        curves=curves(runs),
        canvas=charts,
        footer=_footer(*(f"{run.results.verdict} {run.results.run.started}" for run in runs)),
    )


def _footer(*parts: str) -> str:
    """Of printed pages, as text in a style sheet: nothing in it can end it."""
    return " - ".join(re.sub(r"[^\w .:+-]", "", part) for part in parts if part)


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
    environment.filters |= {"headings": _headings, "anchor": anchor}
    environment.globals["pictures_anchor"] = pictures_anchor
    environment.globals.update(vars(environment.get_template("macros.html.jinja").module))
    return environment


def _headings(sections: Markup) -> list[tuple[str, Markup]]:
    """The id and title of each section that is there."""
    return [(match[1], Markup(match[2])) for match in re.finditer(r'<h2 id="(\w+)">(.*?)</h2>', sections)]


def write_report(results: Results, folder: Path, kept: Path) -> Path:
    """Write report.html into the folder, whole or not at all. kept: the file that the results are in, whose hash it names."""
    file = folder / "report.html"
    with replacing(file) as partial:
        sha256 = hashlib.sha256(kept.read_bytes()).hexdigest()
        partial.write_text(render_report(results, sha256), encoding="utf-8")
    return file
