from __future__ import annotations

import hashlib
import io
import stat
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pooch.core
import pytest
from tiny_gtsrb import TEST, TRAIN, write_split

from robustness.data import fetch, load_image_set
from robustness.data.fetch import fetch_gtsrb
from robustness.errors import RobustnessError

TRAINING, TEST_IMAGES, TEST_TABLE = fetch.ARCHIVES
pytestmark = pytest.mark.usefixtures("tiny_counts")


class Server:
    """Serves archives from memory, and misbehaves as told: `faults` are used up, one per request."""

    def __init__(self, archives):
        self.archives = archives
        self.requests: list[str] = []
        self.faults: list[str | None] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/")
                server.requests.append(name)
                fault = server.faults.pop(0) if server.faults else None
                content = server.archives[name]
                self.send_response(500 if fault == "error" else 200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if fault else content)

            def log_message(self, *arguments):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def official(tmp_path_factory):
    """The tiny pictures as the three official archives."""
    root = tmp_path_factory.mktemp("official")
    for split in ("train", "test"):
        write_split(root, "official", split)
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def beginning(start):
        return zipped({name: content for name, content in files.items() if name.startswith(start)})

    return {
        TRAINING: beginning("GTSRB/Final_Training"),
        TEST_IMAGES: beginning("GTSRB/Final_Test"),
        TEST_TABLE: beginning("GT-"),
    }


@pytest.fixture
def server(official, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=lambda seconds: None))
    server = Server(dict(official))
    declare(monkeypatch, server)
    yield server
    server.close()


def declare(monkeypatch, server):
    sums = {name: f"md5:{hashlib.md5(content).hexdigest()}" for name, content in server.archives.items()}
    monkeypatch.setattr(fetch, "ARCHIVES", sums)


def tree(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_was_fetched_reads_back_as_gtsrb(tmp_path, server):
    fetch_gtsrb(tmp_path / "data", server.url)
    assert server.requests == [TRAINING, TEST_IMAGES, TEST_TABLE]
    assert load_image_set("gtsrb", "train", tmp_path / "data").labels.tolist() == [picture.label for picture in TRAIN]
    assert load_image_set("gtsrb", "test", tmp_path / "data").labels.tolist() == [picture.label for picture in TEST]


def test_a_second_fetch_downloads_nothing(tmp_path, server):
    fetch_gtsrb(tmp_path / "data", server.url)
    server.requests.clear()
    fetch_gtsrb(tmp_path / "data", server.url)
    assert server.requests == []


def test_a_fetch_after_an_interrupted_one_downloads_only_what_is_missing(tmp_path, server):
    server.faults = [None, *["error"] * (1 + fetch.RETRIES)]
    with pytest.raises(RobustnessError, match=f"{server.url}{TEST_IMAGES}"):
        fetch_gtsrb(tmp_path / "data", server.url)
    server.requests.clear()
    fetch_gtsrb(tmp_path / "data", server.url)
    assert server.requests == [TEST_IMAGES, TEST_TABLE]


def test_an_archive_damaged_on_disk_is_downloaded_again(tmp_path, server):
    fetch_gtsrb(tmp_path / "data", server.url)
    (archive,) = (tmp_path / "data").rglob(TEST_TABLE)
    archive.write_bytes(archive.read_bytes()[:-1])
    server.requests.clear()
    fetch_gtsrb(tmp_path / "data", server.url)
    assert server.requests == [TEST_TABLE]


@pytest.mark.parametrize("fault", ["error", "cut"])
def test_a_download_that_fails_once_is_tried_again(tmp_path, server, fault):
    server.faults = [None, fault]
    fetch_gtsrb(tmp_path / "data", server.url)
    assert server.requests == [TRAINING, TEST_IMAGES, TEST_IMAGES, TEST_TABLE]


@pytest.mark.parametrize("fault", ["error", "cut"])
def test_a_download_that_keeps_failing_names_its_url_and_leaves_no_archive(tmp_path, server, fault):
    server.faults = [fault] * (1 + fetch.RETRIES)
    with pytest.raises(RobustnessError, match=f"{server.url}{TRAINING}.*\n.*again.*--root"):
        fetch_gtsrb(tmp_path / "data", server.url)
    assert server.faults == []
    assert tree(tmp_path / "data") == set()


def test_an_archive_with_a_wrong_md5_names_its_url_and_is_not_unpacked(tmp_path, server):
    server.archives[TEST_IMAGES] = zipped({"GTSRB/Final_Test/Images/other.ppm": b"not what was promised"})
    with pytest.raises(RobustnessError, match=f"{server.url}{TEST_IMAGES}: MD5 hash of downloaded file .* does not match"):
        fetch_gtsrb(tmp_path / "data", server.url)
    assert not any("Final_Test" in name for name in tree(tmp_path / "data"))


def test_a_server_that_is_not_there_names_the_url(tmp_path, server):
    server.close()
    with pytest.raises(RobustnessError, match=f"{server.url}{TRAINING}"):
        fetch_gtsrb(tmp_path / "data", server.url)


@pytest.mark.parametrize("member", ["../evil", "../../../evil", "GTSRB/../../evil", "/evil", "..\\evil", "C:\\evil", "evil\n"])
def test_an_archive_with_a_name_that_leads_elsewhere_is_not_unpacked(tmp_path, server, monkeypatch, own_cache, member):
    with zipfile.ZipFile(io.BytesIO(server.archives[TEST_TABLE])) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    server.archives[TEST_TABLE] = zipped(files | {member: b"evil"})
    declare(monkeypatch, server)
    with pytest.raises(RobustnessError, match=f"{TEST_TABLE}: its member .*evil.* leads out of the folder"):
        fetch_gtsrb(tmp_path / "a" / "b" / "data", server.url)
    outside = tree(tmp_path) - {f"a/b/data/gtsrb/{name}" for name in tree(tmp_path / "a/b/data/gtsrb")}
    assert {name for name in outside if not name.startswith(own_cache.name)} == set()
    assert not [name for name in tree(tmp_path) if "evil" in name]
    assert not list((tmp_path / "a/b/data/gtsrb").glob("*.csv"))


def test_an_archive_with_a_link_in_it_is_not_unpacked(tmp_path, server, monkeypatch):
    link = zipfile.ZipInfo("GTSRB/link")
    link.external_attr = stat.S_IFLNK << 16
    buffer = io.BytesIO(server.archives[TEST_TABLE])
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc")
    server.archives[TEST_TABLE] = buffer.getvalue()
    declare(monkeypatch, server)
    with pytest.raises(RobustnessError, match=f"{TEST_TABLE}: its member 'GTSRB/link' is a link"):
        fetch_gtsrb(tmp_path / "data", server.url)
    assert not list((tmp_path / "data" / "gtsrb").glob("*.csv"))


@pytest.mark.parametrize("compressed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_that_cannot_be_unpacked_leaves_no_part_of_itself(tmp_path, server, monkeypatch, compressed):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compressed) as archive:
        archive.writestr("GT-final_test.csv", b"Filename;ClassId\n" * 99)
    content = bytearray(buffer.getvalue())
    content[50:60] = b"\xff" * 10
    server.archives[TEST_TABLE] = bytes(content)
    declare(monkeypatch, server)
    with pytest.raises(RobustnessError, match=f"{server.url}{TEST_TABLE}"):
        fetch_gtsrb(tmp_path / "data", server.url)
    assert not list((tmp_path / "data" / "gtsrb").glob("*.csv*"))


def test_archives_that_lack_images_are_refused(tmp_path, server, monkeypatch):
    server.archives[TEST_TABLE] = zipped({"GT-final_test.csv": "Filename;ClassId\n00000.ppm;16\n"})
    declare(monkeypatch, server)
    with pytest.raises(RobustnessError, match=f"1 images in GTSRB's test split, not {len(TEST)}"):
        fetch_gtsrb(tmp_path / "data", server.url)


def test_an_image_cut_short_while_unpacking_is_mended_by_the_next_fetch(tmp_path, server):
    fetch_gtsrb(tmp_path / "data", server.url)
    image = next((tmp_path / "data").rglob("*.ppm"))
    whole = image.read_bytes()
    image.write_bytes(whole[:5])
    fetch_gtsrb(tmp_path / "data", server.url)
    assert image.read_bytes() == whole
