"""A run as a folder to keep: the report, what it was made of, and a list of hashes that tells whether a file was changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from robustness.errors import RobustnessError
from robustness.files.atomic import replacing
from robustness.report.html.page import render_report
from robustness.report.results import Results

SUMS = "SHA256SUMS"


def write_bundle(results: Results, content: bytes, folder: Path) -> Path:
    """Write the files into a new folder; the list of hashes comes last, so that a bundle with one is whole.

    content: of results.json, which goes into the folder as it is.
    """
    thresholds = results.thresholds.text.encode()
    if not thresholds:
        raise RobustnessError(
            "these results are of a version that did not keep the thresholds file in them: run the gate again"
        )
    if hashlib.sha256(thresholds).hexdigest() != results.thresholds.sha256:
        raise RobustnessError("the thresholds file in these results is not the one that was measured: run the gate again")
    files = {
        "report.html": render_report(results, hashlib.sha256(content).hexdigest()).encode(),
        "results.json": content,
        "thresholds.toml": thresholds,
        "environment.json": f"{json.dumps(asdict(results.run), indent=2, ensure_ascii=False)}\n".encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.iterdir(), None) is not None:
            raise RobustnessError(f"{folder}: not empty, and a bundle has nothing else beside it: name a new folder")
    except OSError as error:
        raise RobustnessError(f"{folder}: {error.strerror}; name a new folder") from error
    sums = "".join(f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in files.items())
    for name, text in {**files, SUMS: sums.encode()}.items():
        with replacing(folder / name) as partial:
            partial.write_bytes(text)
    return folder
