from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from robustness.data import load_image_set
from robustness.errors import RobustnessError

PIXELS = np.random.default_rng(3).integers(0, 256, (5, 4, 5, 3), dtype=np.uint8)


@pytest.fixture
def table(tmp_path):
    """A table in a folder with five pictures."""
    (tmp_path / "pictures").mkdir()
    for number, pixels in enumerate(PIXELS):
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")

    def write(text, encoding="utf-8"):
        (tmp_path / "test.csv").write_text(text, encoding=encoding)
        return load_image_set("csv:test.csv", base=tmp_path)

    return write


def test_rows_are_images_in_their_order_with_classes_in_alphabetical_order(table):
    images = table("file,label\npictures/2.png,owl\npictures/0.png,cat\npictures/1.png,owl\n")
    np.testing.assert_array_equal(list(images), PIXELS[[2, 0, 1]])
    assert (images.name, images.class_names, images.labels.tolist()) == ("csv:test.csv", ("cat", "owl"), [1, 0, 1])
    assert images.tracks is None


@pytest.mark.parametrize(
    "text",
    [
        "Label;File;Patient\nowl;pictures/0.png;b\ncat;pictures/1.png;a\nowl;pictures/2.png;b\n",
        "path\tclass\tgroup\npictures/0.png\towl\tb\npictures/1.png\tcat\ta\npictures/2.png\towl\tb\n",
        "\ufefffile_name,target,track,notes\npictures/0.png,owl,b,\npictures/1.png,cat,a,x\npictures/2.png,owl,b,\n",
    ],
    ids=["semicolons", "tabs", "a byte order mark"],
)
def test_columns_have_any_of_their_names_and_groups_become_tracks(table, text):
    images = table(text)
    assert images.labels.tolist() == [1, 0, 1]
    assert images.tracks.tolist() == [0, 1, 0]
    assert images.is_of_group("b").tolist() == [True, False, True]


def test_numbers_are_the_numbers_of_logits(table):
    images = table("file,label\npictures/0.png,10\npictures/1.png,2\n")
    assert images.labels.tolist() == [10, 2]
    assert images.class_names == tuple(map(str, range(11)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,label\n", "test.csv: no rows below the head"),
        ("", r"test.csv:1: one column is named file or .*; its columns: none"),
        (
            "file,name\npictures/0.png,owl\n",
            r"test.csv:1: one column is named label or class or target; its columns: file, name",
        ),
        ("file,path,label\na,b,c\n", "test.csv:1: one column is named file or"),
        ("file,label\npictures/9.png,owl\n", r"test.csv:2: .*9.png: no such file"),
        ("file,label\npictures/0.png,owl\npictures,owl\n", r"test.csv:3: .*pictures: no such file"),
        ("file,label\npictures/0.png\n", "test.csv:2: a cell is empty or one too many"),
        ("file,label\npictures/0.png, \n", "test.csv:2: a cell is empty or one too many"),
        ("file,label\npictures/0.png,owl,3\n", "test.csv:2: a cell is empty or one too many"),
        ("file,label,group\npictures/0.png,owl,\n", "test.csv:2: a cell is empty or one too many"),
        ("file,label\npictures/0.png,owl\npictures/1.png,cat\npictures/0.png,owl\n", r"test.csv:4: .*0.png stands in 2 rows"),
        ("file,label\npictures/0.png,owl\npictures/../pictures/0.png,owl\n", r"test.csv:3: .*0.png stands in 2 rows"),
        ("file,label,label\npictures/0.png,owl,cat\n", "test.csv:1: 'label' heads two columns; keep one"),
        ("file,Label,label\npictures/0.png,owl,cat\n", "test.csv:1: 'label' heads two columns; keep one"),
        ("file,label\npictures/0.png,4000000000\n", "the label 4000000000 is a number above 32,766; write names"),
        (f"file,label\npictures/0.png,{'9' * 5000}\n", "the label 9{20} is a number above 32,766"),
        ("file,label\npictures/0.png,01\n", "the label 01 is a number with zeros before it; write 1, or a name"),
        ('file,label\n"pictures/0.png,owl\n', "test.csv: not a table in UTF-8"),
        ("file,label\npictures/0.png,caf\u00e9\npictures/1.png,cafe\u0301\n", "the classes 0 and 1 have one name"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_in_one_line(table, text, said):
    with pytest.raises(RobustnessError, match=said) as caught:
        table(text)
    assert "\n" not in str(caught.value)


def test_a_table_in_another_encoding_is_refused(table):
    with pytest.raises(RobustnessError, match="not a table in UTF-8"):
        table("file,label\npictures/0.png,caf\u00e9\n", encoding="latin-1")


def test_no_table_is_refused(tmp_path):
    with pytest.raises(RobustnessError, match=r"none\.csv: not a table .*No such file"):
        load_image_set("csv:none.csv", base=tmp_path)


def test_another_label_is_another_set(table):
    first = table("file,label\npictures/0.png,owl\npictures/1.png,cat\n").content_hash
    assert table("file,label\npictures/0.png,cat\npictures/1.png,owl\n").content_hash != first
