"""A finding's file: the same bytes for the same finding, read back strictly, and tried again on other networks."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from decimal import Decimal

import numpy as np
import pytest
from banded_classifier import GREYS, NAMES, WEAK, classifier, image_set, steady
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from robustness.errors import RobustnessError
from robustness.files.atomic import PARTIAL
from robustness.noise import Gaussian, Offset, Periodic
from robustness.search.critical import LEVELS
from robustness.search.finding import Finding, finding_from_json, finding_to_json, read_finding, save_finding
from robustness.search.hunt import PROFILES, Batch, hunt, minimise
from robustness.search.perturbation import Perturbation, parse_perturbation
from robustness.search.replay import make_finding, replay

NONE = Decimal(0)
SAFE = (Gaussian(20), Periodic(0.05))
PLANTED = Perturbation((Gaussian(11), Offset(1)), 4)
FILES = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@pytest.fixture(scope="module")
def planted():
    batch = Batch(classifier(), image_set(), 100)
    found = minimise(batch, PLANTED, NONE)
    return make_finding(found, batch, Decimal("0.20")), batch.pictures(found.place, found.smallest)


@pytest.fixture
def file(planted, tmp_path):
    finding, (before, after) = planted
    return save_finding(finding, tmp_path / "findings", before, after, may_share=True)


def rewritten(file, **changes):
    """The file with other fields, and the digest that belongs to them."""
    finding = replace(read_finding(file), **changes)
    file.write_text(finding_to_json(finding))
    return file


def test_a_finding_says_what_was_found_where(planted):
    finding = planted[0]
    assert asdict(finding) | {"model_hash": "", "perturbation": "", "smallest": ""} == {
        "schema": 1,
        "model": "banded",
        "model_hash": "",
        "data": "plain",
        "data_hash": image_set().content_hash,
        "contract": (Gaussian.contract, Offset.contract),
        "perturbation": "",
        "seed": 4,
        "images": 5,
        "right": 4,
        "flipped": 1,
        "budget": "0.20",
        "flipped_images": (70 + WEAK,),
        "image": 70 + WEAK,
        "label": NAMES[WEAK],
        "before": NAMES[WEAK],
        "after": NAMES[WEAK + 1],
        "smallest": "",
    }
    least = parse_perturbation(finding.perturbation, 4)
    assert [noise.kind for noise in least.noises] == ["gaussian", "offset"]
    assert 0.9 < (least.noises[0].level or 0) / 11 < 1
    assert finding.smallest == finding.perturbation
    assert "Banded" in finding.model_hash


def test_what_is_saved_is_read_back(planted, file):
    assert read_finding(file) == planted[0]
    assert file.name == f"banded-{planted[0].sha256[:8]}.json"
    assert {path.name for path in file.parent.iterdir()} == {file.name, f"{file.stem}.png"}
    assert str(file.parent) not in file.read_text()


def test_the_picture_shows_the_image_before_and_after(planted, file):
    shown = np.asarray(Image.open(file.with_suffix(".png")))
    before, after = planted[1]
    assert shown.shape == (8 * 4, (8 + 2 + 8) * 4, 3)
    assert (before == GREYS[WEAK]).all()
    assert (shown[::4, : 8 * 4 : 4] == before).all()
    assert (shown[3::4, -8 * 4 + 3 :: 4] == after).all()
    assert (shown[:, 8 * 4 : 10 * 4] == 255).all()
    assert (after != before).any()


def test_a_hunted_band_is_saved_replayed_and_mended(tmp_path):
    batch = Batch(classifier(), image_set(), 100)
    found = hunt(batch, SAFE, NONE, PROFILES["ci"], "key")
    assert found is not None
    finding = make_finding(found, batch, NONE)
    before, after = batch.pictures(found.place, found.smallest)
    file = save_finding(finding, tmp_path, before, after, may_share=True)
    again = replay(read_finding(file), classifier(), image_set())
    assert (again.right, again.flipped, again.broken, again.same_model) == (4, 1, True, True)
    assert (again.named_before, again.named_after) == (NAMES[WEAK], NAMES[WEAK + 1])
    assert (again.before == GREYS[WEAK]).all()
    assert 7 < np.abs(again.after.astype(float) - GREYS[WEAK]).mean() < 9
    mended = replay(read_finding(file), steady(), image_set())
    assert (mended.right, mended.flipped, mended.broken, mended.same_model) == (4, 0, False, False)
    assert (mended.named_before, mended.named_after) == (NAMES[WEAK], NAMES[WEAK])
    assert (mended.after == again.after).all()


def test_two_hunts_write_the_same_bytes(tmp_path):
    for folder in ("first", "second"):
        batch = Batch(classifier(), image_set(), 100)
        found = hunt(batch, SAFE, NONE, PROFILES["ci"], folder)
        assert found is not None
        before, after = batch.pictures(found.place, found.smallest)
        save_finding(make_finding(found, batch, NONE), tmp_path / folder, before, after, may_share=False)
    written = [{path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()} for folder in ("first", "second")]
    assert written[0] == written[1]
    assert len(written[0]) == 3


@pytest.mark.parametrize(("budget", "broken"), [("0.25", False), ("0.2499999999999999999999999999", True), ("0.2", True)])
def test_a_replay_compares_with_the_budget_exactly(file, budget, broken):
    assert replay(read_finding(rewritten(file, budget=budget)), classifier(), image_set()).broken is broken


def test_a_replay_takes_the_finding_s_images_and_no_more(file):
    again = replay(read_finding(rewritten(file, images=3, right=3)), classifier(), image_set())
    assert again.right < 4


def test_a_finding_about_an_image_that_is_not_there_is_refused(file):
    with pytest.raises(RobustnessError, match=r"is about image -2, which plain does not have"):
        replay(read_finding(rewritten(file, image=-2)), classifier(), image_set())


def test_a_replay_on_other_images_is_refused(file):
    with pytest.raises(RobustnessError, match=r"finding banded-\w{8} was made on other data, plain \w{12}, not fewer \w{12}"):
        replay(read_finding(file), classifier(), image_set().take([0, 1, 2], "fewer"))


def test_a_replay_under_another_noise_contract_is_refused(file, monkeypatch):
    monkeypatch.setattr(Offset, "contract", 9)
    with pytest.raises(RobustnessError, match=r"was made under noise contract 2 \+ 2, now .* is 2 \+ 9"):
        replay(read_finding(file), classifier(), image_set())


def test_pictures_of_data_that_may_not_be_shared_are_kept_from_git(planted, tmp_path):
    (tmp_path / ".gitignore").write_text("*.tmp")
    finding, (before, after) = planted
    for _ in range(2):
        save_finding(finding, tmp_path, before, after, may_share=False)
    assert (tmp_path / ".gitignore").read_text() == "*.tmp\n*.png\n"


def test_a_finding_whose_picture_cannot_be_written_leaves_nothing(planted, tmp_path):
    before, after = planted[1]
    with pytest.raises(ValueError, match="dimension"):
        save_finding(planted[0], tmp_path / "findings", before, after[:4], may_share=True)
    (tmp_path / "blocked" / f"{planted[0].name}.json").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        save_finding(planted[0], tmp_path / "blocked", before, after, may_share=True)
    assert not list(tmp_path.rglob(f"*{PARTIAL}"))
    assert not list(tmp_path.glob("findings/*"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(RobustnessError, match="none.json: no such finding"):
        read_finding(tmp_path / "none.json")
    with pytest.raises(RobustnessError, match=f"{tmp_path.name}: Is a directory$"):
        read_finding(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a finding"),
        (b"\xff\xfe{", "not a finding"),
        (b"[" * 100_000, "not a finding"),
        (b"[1, 2]", "JSON of something else"),
        (b'{"schema": 2}', "reads findings of schema 1, not 2"),
        (b"{}", "reads findings of schema 1, not None"),
        (b'{"schema": 1}', "not a finding: model is missing; model_hash is missing"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, content, message):
    file = tmp_path / "other.json"
    file.write_bytes(content)
    with pytest.raises(RobustnessError, match=f"other.json: .*{message}"):
        read_finding(file)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("seed", "3", "seed: input should be a valid integer"),
        ("right", True, "right: input should be a valid integer"),
        ("right", 4.0, "right: input should be a valid integer"),
        ("model", 3, "model: input should be a valid string"),
        ("contract", 2, "contract: input should be a valid"),
        ("flipped_images", [1, "2"], "flipped_images.1: input should be a valid integer"),
        ("colour", "red", "colour is unknown"),
        ("seed", 5, "damaged: the content is not what was saved"),
        ("sha256", None, "damaged: the content is not what was saved"),
    ],
)
def test_a_wrong_field_is_refused_by_name(file, field, value, message):
    file.write_text(json.dumps(json.loads(file.read_text()) | {field: value}))
    with pytest.raises(RobustnessError, match=f"{file.name}: .*{message}"):
        read_finding(file)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("perturbation", "gaussian(sigma=5) + mist(density=1)", "unknown noise 'mist'"),
        ("smallest", "gaussian", "gaussian needs sigma"),
        ("seed", -1, "a seed lies between 0 and"),
        *(
            ("budget", budget, f"the budget is not a share below 1: {budget!r}")
            for budget in ("a few", "NaN", "1/0", "-0.1", "1", "7", "1E999999999", "0E-999999999")
        ),
        ("flipped", 2, "contradict each other"),
        ("flipped", 0, "contradict each other"),
        ("flipped_images", (), "contradict each other"),
        ("right", 6, "contradict each other"),
        ("images", -1, "contradict each other"),
    ],
)
def test_a_finding_of_noises_that_are_not_known_here_is_refused(file, field, value, message):
    with pytest.raises(RobustnessError, match=f"{file.name}: .*{message}"):
        read_finding(rewritten(file, **{field: value}))


def refused(file):
    """The finding, or what it was refused for."""
    try:
        return read_finding(file)
    except RobustnessError as error:
        return str(error)


def test_the_name_of_a_model_may_be_changed_by_hand(planted, file):
    file.write_text(file.read_text().replace('"model": "banded"', '"model": "striped"'))
    assert read_finding(file) == replace(planted[0], model="striped")


PROTECTED = [field.name for field in fields(Finding) if field.name != "model"] + ["sha256"]


@FILES
@given(field=st.sampled_from(PROTECTED), value=st.just(...) | ANY_JSON)
def test_a_changed_or_missing_field_is_refused_or_the_same(planted, file, field, value):
    content = json.loads(finding_to_json(planted[0]))
    before = content.pop(field)
    if value is not ...:
        content[field] = value
    file.write_text(json.dumps(content))
    if value == before and type(value) is type(before):
        assert refused(file) == planted[0]
    else:
        assert str(file) in refused(file)


@FILES
@given(data=st.data())
def test_a_damaged_byte_is_refused_or_makes_no_difference(planted, file, data):
    content = bytearray(finding_to_json(planted[0]).encode())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(content[: data.draw(st.integers(len(content) - 4, len(content)))])
    read = refused(file)
    assert replace(read, model="banded") == planted[0] if isinstance(read, Finding) else str(file) in read


@given(
    perturbation=st.sampled_from([PLANTED, Perturbation((Periodic(0.05, 0.25, 5.0, 15.0),), 2**64 - 1)]),
    text=st.text(max_size=10),
    numbers=st.lists(st.integers(0, 2**63 - 1), min_size=1, max_size=5, unique=True).map(sorted),
)
@FILES
def test_any_finding_comes_back_from_its_file(planted, tmp_path, perturbation, text, numbers):
    finding = replace(
        planted[0],
        perturbation=str(perturbation),
        smallest=str(perturbation.at(3, LEVELS)),
        seed=perturbation.seed,
        label=text,
        model_hash=text,
        flipped_images=tuple(numbers),
        flipped=len(numbers),
        right=5,
    )
    before, after = planted[1]
    assert read_finding(save_finding(finding, tmp_path, before, after, may_share=False)) == finding
    assert finding_from_json(finding_to_json(finding)) == finding
