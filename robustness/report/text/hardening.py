"""What a hardening came to, in words."""

from __future__ import annotations

from robustness.hardening.aims import Seen
from robustness.hardening.harden import Hardened, Judged
from robustness.report.text.table import table

HEAD = ("limit", "asks", "gate's images, before", "held out, before", "held out, after")


def hardened_lines(hardened: Hardened) -> list[str]:
    """The limits as lines of text, and what is not known of the model."""
    rows = [
        (str(one.limit), str(one.limit.required), _told(one.gate), _told(one.before), _told(one.after))
        for one in hardened.judged
    ]
    lines = table(HEAD, rows) if hardened.epochs else []
    lines += [f"not aimed at, and not measured: {name}, {why}" for name, why in hardened.others]
    many = len(hardened.judged)
    limits = f"the {many} limits on {hardened.model} that" if many > 1 else f"the limit on {hardened.model} that"
    if not hardened.epochs:
        return [
            *lines,
            f"nothing to do: {limits} a training can aim for {'hold' if many > 1 else 'holds'} on the gate's images",
        ]
    epochs = f"{hardened.epochs} {'epoch' if hardened.epochs == 1 else 'epochs'}"
    if not hardened.remaining:
        held = f"{'hold' if many > 1 else 'holds'} on {hardened.held_out:,} held-out images after {epochs}"
        return [*lines, f"{limits} a training can aim for {held}; whether the release passes, the gate alone says"]
    lines += [f"remains after {epochs}: {_remains(one)}" for one in hardened.remaining]
    return [*lines, "ask for more --epochs, which go on from here, or give more --data"]


def _told(seen: Seen | None) -> str:
    if seen is None:
        return ""
    value = "not measured" if seen.value is None else f"{seen.value:.4f}"
    return f"{value} {'holds' if seen.kept else 'breaks'}"


def _remains(one: Judged) -> str:
    if not one.is_seen:
        return (
            f"{one.limit}, of which held-out images say nothing: it held on them untrained and broke on the gate's, most often "
            "because the network was trained on them before; give images that it has not seen, or ask the gate"
        )
    return f"{one.limit}: {one.after.words if one.after else 'not measured'}"
