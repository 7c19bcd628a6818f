"""The pages that people read, and what stands in them: prose, code blocks, links, headings, commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    {*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")}, key=lambda page: page.as_posix()
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ADDRESS = re.compile(r"https?:[^\s)>\"'`]*")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def blocks(text, language):
    """The code blocks of one language."""
    return [content for _, name, content in FENCE.findall(text) if name == language]


def prose(text):
    """The text without its code blocks."""
    return FENCE.sub("", text)


def links(text):
    """What is linked or shown, as it is written."""
    return LINK.findall(INLINE.sub("", prose(text)))


def anchors(text):
    """The headings as GitHub names them in addresses; of several alike the second ends with -1."""
    found: list[str] = []
    for heading in HEADING.findall(prose(text)):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.append(slug if slug not in found else f"{slug}-{sum(name.startswith(slug) for name in found)}")
    return found


def commands(text):
    """The arguments of every command of ours in the shell blocks."""
    lines = [line for block in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    return [found for line in lines for part in line.split(" && ") if (found := _arguments(part)) is not None]


def mentioned(text):
    """The same of those in prose."""
    return [found for code in INLINE.findall(prose(text)) if code.startswith("robustness ") and (found := _arguments(code))]


def _arguments(line):
    words = shlex.split(line, comments=True)
    return words[words.index("robustness") + 1 :] if "robustness" in words else None
