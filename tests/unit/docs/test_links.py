"""Every link of every page leads somewhere, and every picture is there. Nothing is fetched."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from docs_pages import ADDRESS, NAMES, PAGES, ROOT, anchors, links


def broken_links(page):
    """A sentence for each link of a page that leads nowhere."""
    text = page.read_text(encoding="utf-8")
    return [
        *(f"{target}: {fault}" for target in links(text) if not target.startswith("http") and (fault := _fault(page, target))),
        *(f"{address}: {fault}" for address in ADDRESS.findall(text) if (fault := _address_fault(address))),
    ]


def _fault(page, target):
    path, _, anchor = target.partition("#")
    file = page.parent / path if path else page
    if not file.exists():
        return "no such file"
    if anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
        return f"no such heading; there are {', '.join(anchors(file.read_text(encoding='utf-8')))}"
    return None


def _address_fault(address):
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        return str(error)
    host = parts.hostname or ""
    if parts.scheme != "https" or port is not None or parts.username is not None:
        return "https, without port or user"
    return None if "." in host and not host.startswith(".") and not host.endswith(".") else "no host"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page):
    assert broken_links(page) == []


def test_every_page_is_in_the_index():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / target).resolve() for target in links(index.read_text(encoding="utf-8"))}
    pages = {page for page in PAGES if page.is_relative_to(index.parent)}
    assert pages - listed == {index}


def test_every_picture_is_shown_and_small():
    shown = {(page.parent / target).resolve() for page in PAGES for target in links(page.read_text(encoding="utf-8"))}
    pictures = {*(ROOT / "docs" / "pictures").iterdir()}
    assert pictures - shown == set()
    assert [picture.name for picture in pictures if picture.stat().st_size > 180_000] == []


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("[a](nowhere.md)", "no such file"),
        ("![a picture](pictures/nothing.png)", "no such file"),
        ("[two\nlines](nowhere.md)", "no such file"),
        ("[a](#a-heding)", "no such heading"),
        ("[a](other.md#a-heading)", "no such heading"),
        ("[a](http://example.org/page)", "https"),
        ("<https://example>", "no host"),
        ("https://[bad", "Invalid IPv6"),
    ],
)
def test_a_planted_fault_is_found(link, fault, tmp_path):
    (tmp_path / "other.md").write_text("# Other\n\n```sh\n# A heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(f"# A heading\n\nWell, {link} it is.\n")
    (found,) = broken_links(page)
    assert fault in found


def test_what_is_right_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A `load` of heading, the 2nd!\n\n## Twice\n\n## Twice\n\n[a](#a-load-of-heading-the-2nd) [b](page.md#twice-1) "
        "`[c](code.md)` [d](https://example.org/a?b#c)\n\n```md\n[e](code.md)\n```\n"
    )
    assert broken_links(page) == []


def test_all_pages_are_looked_at():
    assert {"README.md", "CHANGELOG.md", "docs/faq.md", "docs/study/tables.md", "examples/downstream/README.md"} <= {*NAMES}
    assert all(Path(ROOT, name).is_file() for name in NAMES)
