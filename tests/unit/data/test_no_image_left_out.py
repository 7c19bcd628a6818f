"""Ways in which an image could have been left out of a set without a word, and what is read in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from PIL import Image, ImageFile

from robustness.data import image_files, load_image_set
from robustness.data.class_folders import class_folders
from robustness.data.decode import decode
from robustness.data.folder import list_folder
from robustness.data.image_set import ImageSet
from robustness.data.pillow import readers, whole_images
from robustness.data.reading import read_picture
from robustness.errors import RobustnessError

NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


@pytest.fixture
def pets(tmp_path):
    """A folder with one image in each of two classes."""
    folder = tmp_path / "pets"
    for name in ("cat", "owl"):
        write(folder / name / "a.png")
    return folder


def write(file: Path, kind: str = "PNG", keep: float = 1.0) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as content:
        Image.fromarray(NOISE).save(content, kind)
    file.write_bytes(file.read_bytes()[: int(keep * file.stat().st_size)])
    return file


def ftyp(brand: bytes) -> bytes:
    return b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1" + bytes(40)


def refused(folder: Path, file: Path, said: str) -> None:
    with pytest.raises(RobustnessError) as caught:
        _ = decode(list_folder(folder)).content_hash
    assert str(caught.value).startswith(f"{file}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


# Files that may be images


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA", "JPEG2000"])
@pytest.mark.parametrize("name", ["b", "b.dat", "b.png.part", "b.jpg~", "b.png_", "b.txt", ".b"])
def test_an_image_that_is_not_named_as_one_is_refused_by_its_name(pets, name, kind):
    refused(pets, write(pets / "cat" / name, kind), "not named as one")


@pytest.mark.parametrize("name", ["b.heic", "b.HEIC", "b.jxl", "b.svg", "b.CR2", "b.heif"])
def test_an_image_that_pillow_does_not_read_is_refused_by_its_name(pets, name):
    file = pets / "cat" / name
    file.write_bytes(ftyp(b"heic"))
    refused(pets, file, "convert it to PNG")


@pytest.mark.parametrize("content", [ftyp(b"heic"), ftyp(b"avif"), b"\xff\x0a" + bytes(40), b"\0\0\0\x0cJXL " + bytes(40)])
def test_the_first_bytes_of_an_image_tell_it_where_pillow_does_not_read_it(pets, content, monkeypatch):
    monkeypatch.setattr(image_files, "formats", lambda: ())
    file = pets / "owl" / "photo"
    file.write_bytes(content)
    refused(pets, file, "not named as one")


@pytest.mark.parametrize("name", ["b", "b.dat", "b.part"])
def test_an_empty_file_may_have_been_an_image(pets, name):
    (pets / "cat" / name).touch()
    refused(pets, pets / "cat" / name, "empty")


@pytest.mark.parametrize("name", ["b.png.dvc", ".b.JPG.icloud", "b.jpeg.part", "b.png.aria2"])
def test_a_file_that_stands_for_an_image_is_refused_unless_the_image_is_there(pets, name):
    file = pets / "cat" / name
    file.write_bytes(bytes(100))
    refused(pets, file, "stands for an image that is not here, b.")
    write(pets / "cat" / Path(name.strip(".")).stem)
    assert len(list_folder(pets).files) == 3


@pytest.mark.parametrize("name", ["b.png", "b.JPG", "b.Tiff"])
def test_an_empty_image_is_refused_by_its_name(pets, name):
    (pets / "cat" / name).touch()
    refused(pets, pets / "cat" / name, "not a readable image")


@pytest.mark.parametrize("name", ["b.PNG", "b.Png", "deep/er/b.png", ".b.png", "b.jpeg", "b.JPG", "b.jfif", "c.b.png"])
def test_images_by_any_usual_name_are_read_at_any_depth(pets, name):
    write(pets / "cat" / name, "JPEG" if name[-3:] in ("peg", "JPG", "fif") else "PNG")
    images = decode(list_folder(pets))
    assert (len(images), images.left_out) == (3, None)


def test_an_image_beside_the_class_folders_is_refused_by_its_name(pets):
    refused(pets, write(pets / "b.png"), "beside the classes' folders")


@pytest.mark.parametrize("where", ["", "cat"])
@pytest.mark.parametrize("name", [".ipynb_checkpoints", ".Trash-1000", "__MACOSX"])
def test_images_in_a_hidden_folder_are_refused(pets, where, name):
    write(pets / where / name / "a-checkpoint.png")
    refused(pets, pets / where / name, "hidden")


def test_a_folder_in_the_place_of_an_image_is_refused(pets):
    (pets / "cat" / "b.png").mkdir()
    refused(pets, pets / "cat" / "b.png", "a folder that is named as an image")


@pytest.mark.parametrize("count", [2, 5])
def test_the_pages_of_a_tiff_are_images_too(pets, count):
    pages = [Image.fromarray(NOISE)] * count
    pages[0].save(pets / "cat" / "b.tiff", save_all=True, append_images=pages[1:])
    refused(pets, pets / "cat" / "b.tiff", f"{count} pages, of which the first alone would be measured")


def test_a_smaller_copy_in_a_tiff_is_no_image_of_its_own(pets):
    copy = Image.fromarray(NOISE[::4, ::4])
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    Image.fromarray(NOISE).save(pets / "cat" / "b.tiff", save_all=True, append_images=[copy])
    np.testing.assert_array_equal(decode(list_folder(pets))[1], NOISE)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_an_animation_is_one_picture_the_first(pets, kind):
    frames = [Image.fromarray(NOISE), Image.fromarray(255 - NOISE)]
    file = pets / "cat" / f"b.{kind.lower()}"
    frames[0].save(file, save_all=True, append_images=frames[1:], lossless=True)
    assert len(decode(list_folder(pets))) == 3


# Links


@pytest.mark.parametrize("name", ["b.png", "b", "notes.txt"])
@pytest.mark.parametrize("where", ["", "cat"])
def test_a_link_that_leads_nowhere_or_round_in_a_circle_is_refused(pets, where, name):
    (pets / where / name).symlink_to("gone")
    refused(pets, pets / where / name, "leads nowhere")
    (pets / where / name).unlink()
    (pets / where / name).symlink_to(name)
    refused(pets, pets / where / name, "leads nowhere")


def test_a_link_to_an_image_is_read(pets, tmp_path):
    (pets / "cat" / "b.png").symlink_to(write(tmp_path / "elsewhere.png"))
    assert len(decode(list_folder(pets))) == 3


def test_a_class_may_lie_elsewhere(pets, tmp_path):
    write(tmp_path / "elsewhere" / "b.png")
    (pets / "dog").symlink_to(tmp_path / "elsewhere")
    assert decode(list_folder(pets)).class_names == ("cat", "dog", "owl")


@pytest.mark.parametrize("target", [".", "..", "cat"])
def test_a_class_that_is_a_link_into_the_same_folder_would_count_twice(pets, target):
    (pets / "dog").symlink_to(target)
    refused(pets, pets / "dog", "count twice")


def test_a_pipe_is_neither_opened_nor_passed_over(pets):
    os.mkfifo(pets / "cat" / "b")
    refused(pets, pets / "cat" / "b", "not a file")


# Leave to read


@pytest.mark.parametrize("where", ["", "cat", "cat/deep"])
def test_a_folder_that_cannot_be_listed_is_refused_by_its_name(pets, where, monkeypatch):
    write(pets / "cat" / "deep" / "b.png")
    scan = os.scandir

    def denied(path):
        if Path(path) == pets / where:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", denied)
    refused(pets, pets / where, "cannot be listed (Permission denied)")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("locked", ["cat/deep", "cat", "cat/deep/b"])
def test_what_another_user_may_not_read_is_refused_by_its_name(locked):
    with TemporaryDirectory() as parent:  # not `tmp_path`, whose parents are root's alone
        Path(parent).chmod(0o755)
        _another_user_lists(Path(parent) / "pets", locked)


def _another_user_lists(pets, locked):
    write(pets / "owl" / "a.png")
    write(pets / "cat" / "deep" / "b.png").rename(pets / "cat" / "deep" / "b")
    (pets / locked).chmod(0)
    code = (
        "import os, sys; from pathlib import Path; from PIL import Image; from robustness.data.folder import list_folder; "
        "Image.init(); os.setgid(65534); os.setuid(65534); list_folder(Path(sys.argv[1]))"
    )
    try:
        run = subprocess.run([sys.executable, "-c", code, str(pets)], capture_output=True, text=True, check=False)
    finally:
        (pets / locked).chmod(0o755)
    assert run.stderr.strip().splitlines()[-1].startswith(f"robustness.errors.RobustnessError: {pets / locked}: cannot be ")


# What is no image


def test_what_is_plainly_no_image_is_counted_and_named(pets):
    others = {
        "README": b"Pictures of pets.\n",
        "LICENSE": b"Python code in here is free.\n",
        "labels.csv": b"file,label\na.png,cat\n",
        ".gitkeep": b"",
        "cat/.DS_Store": b"\0\0\0\1Bud1" + bytes(100),
        "cat/Thumbs.db": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100),
        "cat/desktop.ini": b"[.ShellClassInfo]\r\n",
        "cat/._a.png": b"\0\x05\x16\x07\0\2\0\0Mac OS X" + bytes(100),
        "cat/._a.heic": b"\0\x05\x16\x07\0\2\0\0Mac OS X" + bytes(100),
        "cat/a.xml": b"<annotation/>",
        "cat/gone.png.json": b"{}",
        "paper.pdf": b"%PDF-1.7",
        "features.h5": b"\x89HDF\r\n\x1a\n" + bytes(100),
        "owl/empty.txt": b"",
        "owl/features.npy": b"\x93NUMPY\1\0v\0{'descr': '<f4'}" + bytes(100),
        "owl/clip.mp4": b"\0\0\0\x18ftypisom" + bytes(100),
        "__MACOSX/._b.png": b"\0\x05\x16\x07" + bytes(100),
        ".ipynb_checkpoints/notes.ipynb": b"{}",
    }
    for name, content in others.items():
        (pets / name).parent.mkdir(exist_ok=True)
        (pets / name).write_bytes(content)
    images = load_image_set(f"folder:{pets}")
    assert (len(images), images.class_names) == (2, ("cat", "owl"))
    assert images.left_out == (
        f"{len(others)} files that are no images were left out: .gitkeep, .ipynb_checkpoints/notes.ipynb, LICENSE and 15 more"
    )
    assert images.take([0]).left_out == images.left_out
    assert load_image_set(f"folder:{pets}").left_out == images.left_out  # from the cache too


def test_what_lies_beside_the_images_is_not_kept_with_them(pets):
    assert load_image_set(f"folder:{pets}").left_out is None
    (pets / "notes.md").write_text("later")
    assert load_image_set(f"folder:{pets}").left_out == "1 file that is no image was left out: notes.md"


# Half an image


@pytest.fixture
def lenient(monkeypatch):
    """Some library was imported that takes half an image for a whole one."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("keep", [0.5, 0.95])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_half_an_image_is_refused_whatever_a_library_has_set(pets, kind, keep):
    file = write(pets / "cat" / f"b.{kind.lower()}", kind, keep)
    refused(pets, file, "not a readable image")
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_half_an_image_does_not_stay_in_the_cache(pets, monkeypatch):
    file = write(pets / "cat" / "b.png", keep=0.5)
    with monkeypatch.context() as lenient:
        lenient.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        refused(pets, file, "not a readable image")
    refused(pets, file, "not a readable image")


@pytest.mark.usefixtures("lenient")
def test_the_last_thread_that_reads_gives_back_what_was_set():
    with whole_images():
        with whole_images():
            assert not ImageFile.LOAD_TRUNCATED_IMAGES
        assert not ImageFile.LOAD_TRUNCATED_IMAGES
    assert ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize("limit", [None, 10])
def test_the_largest_image_is_ours_to_say(pets, monkeypatch, limit):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    if limit is None:
        monkeypatch.setattr("robustness.data.reading.MOST_PIXELS", 1000)
    with pytest.raises(RobustnessError, match=r"cat/a\.png: not a readable image \(.*pixels"):
        _ = decode(list_folder(pets)).content_hash


def test_what_another_reader_made_of_the_files_is_not_taken_for_pillows(pets, monkeypatch):
    before = readers()
    decode(list_folder(pets))

    class Black:
        def __new__(cls, file, name):
            file.close()
            return Image.new("RGB", (64, 64))

    monkeypatch.setitem(Image.OPEN, "PNG", (Black, None))
    assert readers() != before
    assert not any(image.any() for image in decode(list_folder(pets)))
    monkeypatch.undo()
    assert (readers(), bool(read_picture(pets / "cat" / "a.png").pixels.any())) == (before, True)


# Two classes of one name


@pytest.mark.parametrize(
    "names", [("cat", "cat"), ("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"), ("cat", "cat ")]
)
def test_classes_of_one_name_are_refused(names):
    with pytest.raises(RobustnessError, match=r"the classes 0 and 1 have one name, .*; name them apart"):
        ImageSet.from_images("mine", [NOISE, NOISE], [0, 1], names)


@pytest.mark.parametrize(
    "names", [("caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"), ("cat", "cat ")]
)
def test_folders_that_look_alike_are_refused(tmp_path, names):
    for name in names:
        write(tmp_path / name / "a.png")
    with pytest.raises(RobustnessError, match="have one name"):
        list_folder(tmp_path)


def test_letters_may_be_classes_in_both_cases(tmp_path):
    for name in ("A", "a"):
        write(tmp_path / name / "a.png")
    assert list_folder(tmp_path).class_names == ["A", "a"]


@pytest.mark.parametrize(
    "names",
    [
        ("Cat", "cat"),
        ("..", "cat"),
        (".hidden", "cat"),
        ("", "cat"),
        ("cat", "cat."),
        ("cafe\N{COMBINING ACUTE ACCENT}", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("a" * 201, "b"),
        ("robustness-classes.json", "s"),
        ("a\tb", "c"),
        ("__MACOSX", "a"),
        ("a.partial", "b"),
    ],
)
def test_classes_that_some_systems_take_for_one_folder_are_numbered(names):
    assert class_folders(names) == ["00000", "00001"]
