"""What to say of an unknown key: the one that means the same, or nothing that does not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

ALIKE = 0.75
"""How much two words have in common, by difflib, where one is a slip of the other; "precision" and "reason": 0.67."""
SAME: Mapping[str, str] = {
    "dtype": "precision",
    "image_size": "size",
    "input_size": "size",
    "img_size": "size",
    "resolution": "size",
    "checkpoint": "weights",
    "state_dict": "weights_key",
    "interpolation": "prepare",
    "resize": "prepare",
    "crop": "prepare",
    "transform": "prepare",
    "image_mean": "mean",
    "image_std": "std",
    "outputs": "output",
    "path": "load",
    "model": "models",
    "dataset": "data",
    "min_accuracy": "accuracy",
    "tolerance": "max_differences",
}
"""What others call a key of ours."""


def unknown_key(word: str, valid: Collection[str], elsewhere: Mapping[str, Collection[str]] | None = None) -> str:
    """A sentence for a key that a table does not have. elsewhere: the keys of other tables, by the name of these."""
    if SAME.get(word) in valid:
        return f"unknown key: did you mean {SAME[word]!r}?"
    for table, keys in (elsewhere or {}).items():
        if word in keys and word not in valid:
            return f"unknown key here: it belongs under {table}"
    match = get_close_matches(word, sorted(valid), n=1, cutoff=ALIKE)
    return f"unknown key: did you mean {match[0]!r}?" if match else f"unknown key; there are {', '.join(sorted(valid))}"
