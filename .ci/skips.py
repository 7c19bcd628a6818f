"""Fails when a test was skipped for a reason that is not on the list."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree

ALLOWED = {
    "needs GTSRB: set ROBUSTNESS_DATA": "real data is measured in a step of its own",
}


def main(reports: list[Path]) -> int:
    skips = [
        (case.get("classname"), case.get("name"), skip.get("message", ""))
        for report in reports
        for case in ElementTree.parse(report).iter("testcase")
        for skip in case.iter("skipped")
    ]
    unexplained = [skip for skip in skips if skip[2] not in ALLOWED]
    for classname, name, reason in unexplained:
        print(f"{classname}::{name} was skipped: {reason}")
    print(f"{len(skips)} skipped, {len(unexplained)} of them without a reason on the list")
    return bool(unexplained)


if __name__ == "__main__":
    sys.exit(main([Path(report) for report in sys.argv[1:]]))
