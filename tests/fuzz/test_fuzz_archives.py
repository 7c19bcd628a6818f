"""Archives from a server on this machine: with names that lead elsewhere, links, damage, another MD5, tables of any content."""

from __future__ import annotations

import hashlib
import io
import shutil
import stat
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pooch.core
import pytest
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import TEXTS, damaged
from PIL import Image

from robustness.data import fetch, gtsrb
from robustness.data.fetch import fetch_gtsrb
from robustness.files.atomic import PARTIAL

TRAINING, TEST_IMAGES, TEST_TABLE = fetch.ARCHIVES


def picture(grey):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (grey, grey, grey)).save(buffer, "PPM")
    return buffer.getvalue()


FOLDER = "GTSRB/Final_Training/Images/00000"
FILES = {
    TRAINING: {
        f"{FOLDER}/GT-00000.csv": b"Filename;ClassId\n00000_00000.ppm;0\n",
        f"{FOLDER}/00000_00000.ppm": picture(9),
        **{f"{FOLDER[:-5]}{label:05d}/GT-{label:05d}.csv": b"Filename;ClassId\n" for label in range(1, 43)},
    },
    TEST_IMAGES: {"GTSRB/Final_Test/Images/00000.ppm": picture(7)},
    TEST_TABLE: {"GT-final_test.csv": b"Filename;ClassId\n00000.ppm;0\n"},
}


def zipped(files, links=(), method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = method
            member.external_attr = (stat.S_IFLNK if name in links else stat.S_IFREG) << 16 | 0o644 << 16
            archive.writestr(member, content)
    return buffer.getvalue()


WHOLE = {name: zipped(files) for name, files in FILES.items()}


@pytest.fixture(scope="module")
def served():
    """What the server has to give, by name, and its address."""
    contents: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content = contents[self.path.strip("/")]
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setattr(pooch.core, "time", SimpleNamespace(sleep=lambda seconds: None))
        patch.setattr(gtsrb, "COUNTS", {"train": 1, "test": 1})
        patch.setattr(fetch, "RETRIES", 0)
        yield contents, f"http://127.0.0.1:{http.server_port}/", patch
    http.shutdown()
    thread.join()
    http.server_close()


def tried(folder, served, archives, wrong_md5=()):
    """Fetch into a folder of its own, three deep, so that whatever leads out of it is seen."""
    contents, url, patch = served
    contents.update(archives)
    sums = {name: hashlib.md5(content + b"!" * (name in wrong_md5)).hexdigest() for name, content in archives.items()}
    patch.setattr(fetch, "ARCHIVES", {name: f"md5:{digest}" for name, digest in sums.items()})
    outer = folder / "outer"
    root = outer / "a" / "b" / "data"
    shutil.rmtree(outer, ignore_errors=True)
    root.mkdir(parents=True)
    past = all(zipfile.is_zipfile(io.BytesIO(content)) for content in archives.values())

    def fetch_all():
        fetch_gtsrb(root, url)
        return "done"

    done, refusal = attempt("archive", fetch_all, "", past, lines=True)
    message = refusal or ""
    left = [path for path in outer.rglob("*") if not path.is_dir() or path.is_symlink()]
    assert all(root / "gtsrb" in path.parents for path in left), left
    assert not any(path.is_symlink() or path.suffix == PARTIAL for path in left), left
    assert done or url in message or str(root) in message, message
    for name in wrong_md5:
        assert done is None
        assert name in message
        assert "MD5" in message or message.count("\n") == 1
    return done, message, {path.relative_to(root / "gtsrb").as_posix() for path in left}


@pytest.mark.filterwarnings("ignore::UserWarning")  # of zipfile, about names that stand twice
def test_the_archives_that_are_made_wrong_are_right(folder, served):
    done, _, left = tried(folder, served, WHOLE)
    assert done
    assert left == {f"archives/{name}" for name in WHOLE} | {name for files in FILES.values() for name in files}


NAMES = st.sampled_from(
    [
        *(
            "../evil",
            "../../../../evil",
            "GTSRB/../../evil",
            "/evil",
            "/tmp/../evil",
            "..\\evil",
            "C:\\evil",
            "\\\\server\\evil",
        ),
        *("a/..", "..", "./../evil", "a//../../evil", "archives/../../evil", "\x00evil", "evil\n", "\x1b[31m", "con", "ä"),
        *("GTSRB", "GTSRB/Final_Test", "GT-final_test.csv/evil", "archives/GTSRB_Final_Test_GT.zip", "a" * 300),
    ]
)


@many(60)
@given(
    archive=st.sampled_from(sorted(FILES)),
    name=NAMES,
    is_link=st.booleans(),
    first=st.booleans(),
    content=st.sampled_from([b"evil", b"/etc/passwd", b"../../../evil", b""]),
)
def test_names_that_lead_elsewhere_and_links_are_refused(folder, served, archive, name, is_link, first, content):
    files = {name: content} | FILES[archive] if first else FILES[archive] | {name: content}
    done, _, left = tried(folder, served, WHOLE | {archive: zipped(files, [name] if is_link else [])})
    if is_link or ".." in name or name.startswith(("/", "\\", "C:")):
        assert done is None
        assert not set(FILES[archive]) & left


@many(50)
@given(data=st.data())
def test_a_damaged_archive_of_its_own_md5_is_refused_or_whole(folder, served, data):
    archive = data.draw(st.sampled_from(sorted(FILES)))
    method = data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    tried(folder, served, WHOLE | {archive: data.draw(damaged(zipped(FILES[archive], method=method), hits=4))})


@many(25)
@given(archive=st.sampled_from(sorted(FILES)), content=damaged(WHOLE[TEST_TABLE]))
def test_an_archive_of_another_md5_is_refused_and_not_kept(folder, served, archive, content):
    done, _, left = tried(folder, served, WHOLE | {archive: content}, [archive])
    assert done is None
    assert f"archives/{archive}" not in left
    assert not set(FILES[archive]) & left


CELLS = (
    st.sampled_from(["0", "1", "42", "43", "-1", "", "1e9", "٣", "00000.ppm", "/dev/zero", "../a", "00000_00000.ppm"]) | TEXTS
)


@many(50)
@given(
    train=st.booleans(),
    head=st.sampled_from(
        ["Filename;ClassId", "Filename;ClassId", "ClassId;Filename", "Filename", "", "Filename;ClassId;ClassId"]
    ),
    rows=st.lists(st.lists(CELLS, min_size=1, max_size=3), max_size=2),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_tables_of_any_content(folder, served, train, head, rows, end):
    text = end.join([head, *(";".join(row) for row in rows), ""]).encode("utf-8", "replace")
    archive, name = (TRAINING, f"{FOLDER}/GT-00000.csv") if train else (TEST_TABLE, "GT-final_test.csv")
    tried(folder, served, WHOLE | {archive: zipped(FILES[archive] | {name: text})})
