"""The study's tables as a page in Markdown."""

from __future__ import annotations

from typing import Any


def to_markdown(study: dict[str, Any]) -> str:
    """study: what `robustness study` writes as JSON."""
    finished = [row for row in study["models"] if row["finished"]]
    return "\n".join(
        [
            "# The study's tables, measured again",
            "",
            f"{study['images']:,} images of {study['data']} (`{study['data_hash'][:12]}`), seed {study['seed']}. "
            f"Made by `{study['command']}`.",
            "",
            *_left_out(study["left_out"]),
            "## How the networks were trained",
            "",
            "| network | input | parameters | start | epochs | clean, % | trained by |",
            "|---|---|---:|---|---:|---:|---|",
            *(_training(row) for row in study["models"]),
            "",
            *_accuracies(finished),
            *_equivalents([row for row in finished if _published(row)]),
            *_readings(study["readings"]),
            "## To measure one cell again",
            "",
            f"`robustness evaluate NETWORK --thresholds {study['thresholds']} --noise NOISE`, with a noise as its column names "
            "it, for example",
            "",
            "```",
            *(
                f'robustness evaluate {row["model"]} --thresholds {study["thresholds"]} --noise "{row["cells"][1]["noise"]}"'
                for row in finished
            ),
            "```",
            "",
        ]
    )


def _left_out(models: list[str]) -> list[str]:
    return [f"Left out, since their weights are not there: {', '.join(models)}.", ""] if models else []


def _training(row: dict[str, Any]) -> str:
    clean = f"{row['clean']:.2f}" + ("" if row["finished"] else ", unfinished")
    parameters = "" if row["parameters"] is None else f"{row['parameters']:,}"
    command = f"`{row['trained_by']}`" if row["trained_by"] else ""
    return f"| {row['model']} | {row['input']} px | {parameters} | {row['start']} | {row['epochs']} | {clean} | {command} |"


def _accuracies(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    noises = [cell["noise"] for cell in rows[0]["cells"]]
    lines = [
        "## Accuracy, %",
        "",
        *(["Measured; below it in brackets what the study published.", ""] if any(_published(row) for row in rows) else []),
        f"| network | {' | '.join(noises)} | mean of the nine |",
        f"|---|{'---:|' * len(noises)}---:|",
    ]
    for row in rows:
        measured = [cell["measured"] for cell in row["cells"]]
        lines.append(f"| {row['model']} | {' | '.join(f'{value:.2f}' for value in measured)} | {sum(measured[1:10]) / 9:.2f} |")
        published = [cell["published"] for cell in row["cells"]]
        if _published(row):
            shown = ("" if value is None else f"({value:.2f})" for value in published)
            nine = [value for value in published[1:10] if value is not None]
            lines.append(f"| | {' | '.join(shown)} | ({sum(nine) / len(nine):.2f}) |")
    return [*lines, ""]


def _published(row: dict[str, Any]) -> bool:
    """Whether the study has figures for this network."""
    return any(cell["published"] is not None for cell in row["cells"])


def _equivalents(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    return [
        "## Equivalent magnitudes",
        "",
        "Where our network's accuracy falls to within half a point of the published figure.",
        "",
        "| network | noise | published, % | measured, % | equivalent magnitude |",
        "|---|---|---:|---:|---:|",
        *(
            f"| {row['model']} | {cell['noise']} | {cell['published']:.2f} | {cell['measured']:.2f} | {_equivalent(cell)} |"
            for row in rows
            for cell in row["cells"]
            if "equivalent" in cell
        ),
        "",
    ]


def _equivalent(cell: dict[str, Any]) -> str:
    if cell["equivalent"] is None:
        return f"above {cell['magnitude']} = {cell['searched_to']:g}"
    return f"{cell['magnitude']} = {cell['equivalent']:.4g}"


def _readings(readings: list[dict[str, Any]]) -> list[str]:
    if not readings:
        return []
    return [
        "## The readings tried",
        "",
        "The study's text leaves units open. Each row is one way to read it, at its min / avg / max level, for the baseline "
        "CNN.",
        "",
        "| noise | reading | published, % | measured, % |",
        "|---|---|---:|---:|",
        *(f"| {r['kind']} | {r['reading']} | {_levels(r['published'])} | {_levels(r['measured'])} |" for r in readings),
        "",
    ]


def _levels(values: list[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)
