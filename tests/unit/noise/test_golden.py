"""Frozen bytes: SHA-256 of every kind of noise at several magnitudes, in `golden.json`.

A changed hash means changed noise, and then `contract` of that kind must rise. Write the file anew with

    python tests/unit/noise/test_golden.py              # adds what is new, says what has changed and leaves that as it was
    python tests/unit/noise/test_golden.py --overwrite  # takes the changes over too
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from robustness.noise import (
    KINDS,
    PRESETS,
    Clean,
    Gaussian,
    GaussianWraparound,
    Impulse,
    Offset,
    Periodic,
    Resolution,
    SaltAndPepper,
    Shot,
    Speckle,
    Uniform,
    apply,
    parse_noises,
    reference,
)

FILE = Path(__file__).with_name("golden.json")
NOISES = dict.fromkeys(
    [
        Clean(),
        *(noise for name in sorted(PRESETS) for noise in PRESETS[name]),
        *(Gaussian(sigma) for sigma in (0, 0.3, 2550)),
        *(GaussianWraparound(sigma) for sigma in (0, 0.3, 25, 2550)),
        *(Uniform(half_width) for half_width in (0.4, 10, 63.7, 2550)),
        *(Speckle(sigma) for sigma in (0.01, 10)),
        *(Shot(gain) for gain in (0, 0.001, 255)),
        *(SaltAndPepper(amount) for amount in (1e-6, 0.5, 1)),
        *(Impulse(amount) for amount in (1e-6, 0.5, 1)),
        *(Periodic(*wave) for wave in ((0.001,), (10,), (0.3, 0), (0.3, 1, 30), (0.3, 0.05, 90, 45), (0.3, 0.2, -77.7, -11))),
        *(Offset(levels) for levels in (-255, -0.5, 0.5, 12.6, 255)),
        *(Resolution(factor) for factor in (1, 1.3, 2, 3, 4, 1000)),
        *(
            noise
            for text in (Path(__file__).with_name("golden_noises.txt")).read_text().splitlines()
            for noise in parse_noises(text)
        ),
    ]
)
SETS = (  # shape, indices, seed
    ((5, 40, 40, 3), (0, 1, 7, 12_629, 2**40), 2021),
    ((2, 33, 47, 3), (2**32 - 1, 2**63 - 1), 2**64 - 1),
    ((3, 7, 9, 1), (2, 3, 5), 0),
)


def images(shape):
    """Every grey level, in no regular order."""
    return (np.arange(np.prod(shape), dtype=np.uint64) * 2_654_435_761 >> 13).astype(np.uint8).reshape(shape)


def digest(noise, function=reference.apply):
    """SHA-256 of the noisy images of all sets, one after the other."""
    parts = (function(noise, images(shape), np.array(index), seed) for shape, index, seed in SETS)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def measured():
    return {
        kind: {
            "contract": spec.contract,
            "sha256": {str(noise): digest(noise) for noise in NOISES if noise.kind == kind},
        }
        for kind, spec in KINDS.items()
    }


def read():
    return json.loads(FILE.read_text()) if FILE.exists() else {}


def frozen():
    return {text: sha256 for kind in read().values() for text, sha256 in kind["sha256"].items()}


def test_every_kind_is_frozen_at_a_few_magnitudes():
    hashes = {kind: len(entry["sha256"]) for kind, entry in read().items()}
    assert [kind for kind, spec in KINDS.items() if hashes.get(kind, 0) < (4 if spec.magnitude else 1)] == []


def test_every_noise_of_every_preset_is_frozen():
    assert set(frozen()) == {str(noise) for noise in NOISES}
    assert {str(noise) for noises in PRESETS.values() for noise in noises} <= set(frozen())


@pytest.mark.parametrize("kind", KINDS)
def test_the_hashes_are_of_the_contract_in_force(kind):
    assert read()[kind]["contract"] == KINDS[kind].contract


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_the_references_bytes_are_frozen(noise):
    assert digest(noise) == frozen()[str(noise)]


@pytest.mark.parametrize("noise", NOISES, ids=str)
def test_the_kernels_bytes_are_frozen(noise):
    assert digest(noise, apply) == frozen()[str(noise)]


def test_the_images_hold_every_level():
    assert all(len(np.unique(images(shape))) == min(256, np.prod(shape)) for shape, *_ in SETS[:2])


def write(overwrite):
    """Bring the file up to date; returns whether it is."""
    old, new = read(), measured()
    changed = [
        text
        for kind, entry in new.items()
        for text, sha256 in entry["sha256"].items()
        if old.get(kind, entry)["sha256"].get(text, sha256) != sha256
    ]
    if changed and not overwrite:
        print(f"{len(changed)} noises have other bytes than {FILE.name} says: {', '.join(changed)}")
        print("Was that meant? Then raise `contract` of their kinds and run again with --overwrite.")
        return False
    FILE.write_text(json.dumps(new, indent=1) + "\n")
    return True


def test_other_bytes_are_not_written_without_being_told(tmp_path, monkeypatch, capsys):
    entries = read()
    entries["offset"]["sha256"]["offset(levels=255)"] = "another"
    file = tmp_path / "golden.json"
    file.write_text(json.dumps(entries))
    monkeypatch.setattr(sys.modules[__name__], "FILE", file)
    monkeypatch.setattr(
        sys.modules[__name__], "measured", lambda: json.loads(Path(__file__).with_name("golden.json").read_text())
    )
    assert not write(overwrite=False)
    assert json.loads(file.read_text()) == entries
    assert "1 noises have other bytes than golden.json says: offset(levels=255)" in capsys.readouterr().out
    assert write(overwrite=True)
    assert read() == measured()


if __name__ == "__main__":
    sys.exit(not write("--overwrite" in sys.argv[1:]))
