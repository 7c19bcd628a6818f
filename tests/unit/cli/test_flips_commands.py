"""`robustness flips` and `waves` on a small project: what is printed is what is so, and exit codes say how it ended."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

from robustness.cli import main
from robustness.cli.arguments import to_json
from robustness.data import load_image_set
from robustness.declaration.scope import Scope
from robustness.evaluation.evaluate import evaluate, measure
from robustness.evaluation.store import Store
from robustness.gate import workbench
from robustness.limits.asks.max_flips import describe_flips
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier
from robustness.noise import Clean, Gaussian, Offset
from robustness.search.critical import FINE, search_flips
from robustness.search.finding import finding_to_json, read_finding, save_finding
from robustness.search.hunt import Batch, minimise
from robustness.search.perturbation import Perturbation
from robustness.search.replay import make_finding
from robustness.search.waves import FREQUENCIES, ORIENTATIONS, waves

THRESHOLDS = """\
schema = 1
[run]
data = "folder:pictures"
seed = 3
[models.toy]
load = "python:toy_of_flips:light"
size = 8
fit = "resize"
[models.stripes]
load = "python:toy_of_flips:stripes"
size = 8
fit = "resize"
[models.narrow]
load = "python:toy_of_flips:narrow"
size = 8
fit = "resize"
[models.wrong]
load = "python:toy_of_flips:wrong"
size = 8
fit = "resize"
[models.mine]
load = "fixture"
size = 8
fit = "resize"
[noises.mist]
load = "python:toy_of_flips:mist"
magnitude = "share"
[[limits]]
models = ["toy"]
noise = "clean"
accuracy = 0.1
"""
TOY = """\
import torch

class Toy(torch.nn.Module):
    def __init__(self, excess):
        super().__init__()
        self.excess = excess

    def forward(self, images):
        excess = self.excess(255 * images)
        return torch.stack([excess, -excess], dim=1)  # bright, dark

def level(images):
    return images[:, :1].mean(dim=(1, 2, 3)) - LIMIT

def turned_round_by_stripes(images):
    return level(images) * torch.sign(25 - images.diff(dim=3).abs().mean(dim=(1, 2, 3)))

def bright_for_two_levels(images):
    light = images[:, :1].mean(dim=(1, 2, 3))
    return torch.where((light > 72.5) & (light < 74.5), 1.0, level(images))

def light():
    return Toy(level)

def stripes():
    return Toy(turned_round_by_stripes)

def narrow():
    return Toy(bright_for_two_levels)

def wrong():
    return Toy(lambda images: -level(images))

def mist(images, share):
    return images
"""
COUNT = 10


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A project in the current folder: ten bright pictures of 190 to 199 and ten dark ones of 50 to 59, and networks."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # what is written twice in a second would be read from it
    sys.path_importer_cache.pop(".", None)  # it remembers which folder that was
    project = tmp_path / "project"
    for name, level in (("bright", 190), ("dark", 50)):
        (project / "pictures" / name).mkdir(parents=True)
        for number in range(COUNT):
            Image.fromarray(np.full((8, 8, 3), level + number, np.uint8)).save(project / "pictures" / name / f"{number}.png")
    (project / "thresholds.toml").write_text(THRESHOLDS)
    monkeypatch.chdir(project)
    write_toy(project)
    yield project
    sys.modules.pop("toy_of_flips", None)


def write_toy(folder, limit=127.5, name="Toy"):
    """The networks; bright is what is lighter than the limit."""
    sys.modules.pop("toy_of_flips", None)
    (folder / "toy_of_flips.py").write_text(f"LIMIT = {limit}\n{TOY.replace('Toy(', f'{name}(')}")


def load(name="toy", factory="light"):
    return load_classifier(ModelDeclaration(name, f"python:toy_of_flips:{factory}", size=8, fit="resize"))


def said(capsys, *arguments):
    assert main([*arguments]) == 0
    out, err = capsys.readouterr()
    assert not err
    return out


def plain(found):
    """As the command prints it."""
    return json.loads(to_json(found))


def read(capsys, *arguments):
    return json.loads(said(capsys, *arguments, "--json"))


def refused(capsys, *arguments):
    assert main([*arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("robustness: ")
    assert err.count("\n") == 1
    return err


def rows(text):
    """Lines of words, however far apart."""
    return [" ".join(line.split()) for line in text.splitlines()]


# A search.

OFFSET = ("flips", "search", "toy", "--noise", "offset(levels=100)")


def test_a_search_says_at_which_magnitude_the_predictions_flip(capsys):
    """A dark picture of n grey levels is bright from 127.5 - n on; half a level rounds up."""
    lines = rows(said(capsys, *OFFSET))
    assert lines[0] == "toy on folder:pictures up to offset(levels=100): 20 of 20 right without noise"
    head = lines.index("right predictions flipped up to levels")
    assert lines[head + 1 : head + 6] == ["1 % 68.5", "5 % 68.5", "10 % 69.5", "25 % 72.5", "50 % 77.5"]
    assert "accuracy falls below 0.9 of clean at levels 70.5" in lines
    assert "accuracy falls below 0.5 of clean at levels beyond 100" in lines
    assert "dark: 10 of 10 right predictions" in lines
    first = lines.index("images that flip first:") + 1
    assert lines[first : first + COUNT] == [f"image {19 - n}, dark, becomes bright at levels {68.5 + n}" for n in range(COUNT)]
    assert "0 predictions wrong without noise turn right where they first change" in lines
    assert lines[-1].startswith(
        "looked at 200 magnitudes up to levels 100, 0.5 apart: each image at every 25th until it changes"
    )


def test_where_nothing_flips_nothing_is_listed(capsys):
    text = said(capsys, "flips", "search", "toy", "--noise", "gaussian(sigma=5)")
    assert "50 % beyond 5" in rows(text)
    assert "classes that lose most" not in text
    assert "images that flip first" not in text


def test_where_nothing_is_right_that_is_said_and_what_turns_right(capsys):
    lines = rows(said(capsys, "flips", "search", "wrong", *OFFSET[3:]))
    assert lines[:2] == [
        "wrong on folder:pictures up to offset(levels=100): 0 of 20 right without noise",
        "so no right prediction can flip, and no accuracy can fall",
    ]
    assert lines[3:5] == ["levels accuracy, %, if each prediction changes only once", "0 0.00"]
    assert "100 50.00" in lines
    assert "10 predictions wrong without noise turn right where they first change" in lines
    assert not [line for line in lines if line.startswith(("no interval", "accuracy falls", "right predictions flipped"))]
    assert read(capsys, "flips", "search", "wrong", *OFFSET[3:])["right"] == 0


def test_an_interval_that_lies_beyond_the_range_is_so_once(capsys, folder):
    run = '[run]\nclaim = "population"\nindependent = true\n'
    (folder / "thresholds.toml").write_text(THRESHOLDS.replace("[run]\n", run))
    text = said(capsys, "flips", "search", "toy", "--noise", "gaussian(sigma=5)")
    assert "50 % beyond 5 beyond 5" in rows(text)
    assert "at sigma beyond 5 (95 % interval: beyond 5)" in text
    assert "beyond 5 to beyond 5" not in text


def test_json_is_the_search_described(capsys):
    images = load_image_set("folder:pictures")
    search = search_flips(load(), images, Offset(100), 3, Store(), "of the test")
    assert read(capsys, *OFFSET) == plain(describe_flips(search, images, Scope()))


def test_what_the_thresholds_file_says_of_the_images_gives_an_interval(capsys, folder):
    assert "no interval: no claim about a population can be made: whether the images of folder:pictures" in said(
        capsys, *OFFSET
    )
    run = '[run]\nclaim = "population"\nindependent = true\nconfidence = 0.9\n'
    (folder / "thresholds.toml").write_text(THRESHOLDS.replace("[run]\n", run))
    text = said(capsys, *OFFSET)
    found = read(capsys, *OFFSET)
    median = found["quantiles"][-1]
    assert found["confidence"] == 0.9
    assert 0 < median["low"] < 77.5
    assert median["high"] is None
    assert f"50 % 77.5 {median['low']:g} to beyond 100" in rows(text)
    assert "right predictions flipped up to levels 90 % interval" in rows(text)
    assert "of clean at levels 70.5 (90 % interval: " in text
    assert "no interval" not in text


def test_a_flip_that_is_undone_is_missed_unless_every_level_is_tried(capsys):
    """Bright for a light of 73 and 74, and so from 14 or more on; every 25th level lies beyond."""
    arguments = ("flips", "search", "narrow", "--noise", "offset(levels=50)")
    coarse, fine = read(capsys, *arguments), read(capsys, *arguments, "--every", "1")
    assert (coarse["images"], coarse["passes"]) != (fine["images"], fine["passes"])
    assert [row["index"] for row in fine["images"]] == list(range(19, 9, -1))
    assert {row["magnitude"] for row in fine["images"]} == {13.5 + n for n in range(10)}
    assert len(coarse["images"]) < len(fine["images"])
    assert coarse["passes"] <= 14 < fine["passes"] <= 201
    assert "a flip that is undone between two of those is not seen" in coarse["resolution"]
    assert fine["resolution"] == "every one of 200 magnitudes up to levels 50, 0.25 apart"
    images = load_image_set("folder:pictures")
    search = search_flips(load("narrow", "narrow"), images, Offset(50), 3, Store(), "of the test", FINE)
    assert fine == plain(describe_flips(search, images, Scope()))


def test_a_search_goes_without_a_thresholds_file(capsys, folder):
    (folder / "thresholds.toml").unlink()
    model = ("python:toy_of_flips:light", "--data", "folder:pictures", "--size", "8")
    found = read(capsys, "flips", "search", *model, "--noise", "offset(levels=100)")
    assert [row["magnitude"] for row in found["quantiles"]] == [68.5, 68.5, 69.5, 72.5, 77.5]


def test_the_seed_is_the_file_s_or_the_one_that_is_given(capsys):
    noise = ("flips", "search", "toy", "--noise", "salt-and-pepper(amount=1)")
    at = {seed: read(capsys, *noise, *seed)["images"] for seed in ((), ("--seed", "3"), ("--seed", "4"))}
    assert at[()] == at["--seed", "3"] != at["--seed", "4"]


def test_results_of_a_search_end_with_it(capsys, tmp_path):
    said(capsys, *OFFSET)
    assert not list((tmp_path / "cache" / "results" / "runs").glob("*"))


@pytest.mark.parametrize(
    ("noise", "message"),
    [
        ("clean", "clean: a search wants a built-in noise at the highest magnitude to look at"),
        ("gaussian(sigma=0)", "gaussian(sigma=0): a search wants"),
        ("mist(share=1)", "mist(share=1): a search wants a built-in noise"),
        ("paper", "paper: a search wants one noise"),
        ("gausian(sigma=3)", "unknown noise 'gausian': did you mean 'gaussian'?"),
        ("gaussian", "gaussian needs sigma"),
    ],
)
def test_what_cannot_be_searched_is_said_in_one_line(capsys, noise, message):
    assert message in refused(capsys, "flips", "search", "toy", "--noise", noise)


def test_a_model_that_is_not_declared_is_named(capsys):
    assert "declares no model 'toi': did you mean 'toy'?" in refused(capsys, "flips", "search", "toi", *OFFSET[3:])


# A replay.


@pytest.fixture
def found(folder):
    """The file of what was found on the toy: 82 grey levels of light at most make more than two in ten of 20 flip."""
    batch = Batch(load(), load_image_set("folder:pictures"), 256)
    hunted = minimise(batch, Perturbation((Offset(82), Gaussian(1)), 7), Decimal("0.2"))
    finding = make_finding(hunted, batch, Decimal("0.2"))
    return save_finding(finding, folder / "findings", *batch.pictures(hunted.place, hunted.smallest), may_share=False)


def test_a_finding_that_still_breaks_exits_with_1(capsys, found):
    finding = read_finding(found)
    assert main(["flips", "replay", f"findings/{found.name}"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert finding.flipped == 5
    assert lines == [
        f"toy under {finding.perturbation}, seed 7: 5 of 20 right predictions flip, 0.2500; the budget is 0.2",
        f"image 19, dark: named dark, and under {finding.smallest} bright",
        "BROKEN, on a model with the weights it was found on",
    ]


def test_a_finding_that_is_mended_exits_with_0(capsys, folder, found):
    write_toy(folder, 150, "Toi")
    lines = said(capsys, "flips", "replay", str(found)).splitlines()
    assert "0 of 20 right predictions flip, 0.0000; the budget is 0.2" in lines[0]
    assert lines[1].endswith(f"named dark, and under {read_finding(found).smallest} dark")
    assert lines[2] == "MENDED, on another model than it was found on"


def test_a_finding_is_held_to_the_least_of_today_s_budgets(capsys, folder, found):
    safe, wider = "{ offset = 200, gaussian = 2 }", "{ offset = 200, gaussian = 2, shot = 1 }"
    hunts = "[[hunts]]\nmodels = ['toy']\nsafe = {}\nbudget = {}\n"
    (folder / "thresholds.toml").write_text(THRESHOLDS + hunts.format(safe, 0.9))
    lines = said(capsys, "flips", "replay", str(found)).splitlines()
    assert lines[0].endswith("0.2500; the budget is 0.9")
    assert lines[2] == "WITHIN TODAY'S BUDGET, on a model with the weights it was found on"
    (folder / "thresholds.toml").write_text(THRESHOLDS + hunts.format(safe, 0.9) + hunts.format(wider, 0.1))
    assert main(["flips", "replay", str(found)]) == 1
    assert "the budget is 0.1" in capsys.readouterr().out


def test_a_replay_can_draw_its_image(capsys, folder, found):
    assert main(["flips", "replay", str(found), "--picture", "pair.png"]) == 1
    assert capsys.readouterr().out.endswith("wrote pair.png\n")
    assert (np.asarray(Image.open(folder / "pair.png")) == np.asarray(Image.open(found.with_suffix(".png")))).all()


def test_a_picture_that_cannot_be_written_is_said_in_one_line(capsys, folder, found):
    (folder / "taken.png").mkdir()
    assert main(["flips", "replay", str(found), "--picture", "taken.png"]) == 2
    assert capsys.readouterr().err == "robustness: taken.png: Is a directory\n"


def test_a_replay_goes_by_the_thresholds_file_that_is_named(capsys, folder, found, monkeypatch):
    monkeypatch.chdir(folder.parent)
    (folder / "thresholds.toml").rename(folder / "other.toml")
    assert main(["flips", "replay", str(found), "--thresholds", "project/other.toml"]) == 1
    assert "project" not in capsys.readouterr().out
    assert "thresholds.toml: no such file" in refused(capsys, "flips", "replay", str(found))


def test_a_replay_finds_the_thresholds_file_beside_the_finding_s_folder(capsys, folder, found, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert main(["flips", "replay", f"project/findings/{found.name}"]) == 1
    (folder.parent / "thresholds.toml").write_text("of another project")
    assert main(["flips", "replay", str(found)]) == 1
    monkeypatch.chdir(found.parent)
    assert main(["flips", "replay", found.name]) == 1
    capsys.readouterr()
    (folder / "thresholds.toml").write_text(THRESHOLDS.replace("models.toy", "models.boy").replace('["toy"]', '["boy"]'))
    assert "../thresholds.toml declares no model 'toy'" in refused(capsys, "flips", "replay", found.name)


def test_a_finding_that_is_not_there_or_damaged_is_no_verdict(capsys, folder, found):
    assert "none.json: no such finding" in refused(capsys, "flips", "replay", "none.json")
    found.write_text(found.read_text().replace('"seed": 7', '"seed": 8'))
    assert f"{found.name}: damaged: the content is not what was saved" in refused(capsys, "flips", "replay", str(found))
    assert "not a finding" in refused(capsys, "flips", "replay", "thresholds.toml")


def test_a_finding_on_other_data_is_no_verdict(capsys, folder, found):
    (folder / "pictures" / "dark" / "0.png").unlink()
    message = refused(capsys, "flips", "replay", str(found))
    assert f"the finding {found.stem} was made on other data, folder:pictures" in message


@pytest.mark.parametrize("name", ["gone", "mine"])
def test_a_finding_on_a_model_that_no_command_can_load_is_no_verdict(capsys, folder, found, name):
    changed = replace(read_finding(found), model=name)
    file = folder / "changed.json"
    file.write_text(finding_to_json(changed))
    message = refused(capsys, "flips", "replay", "changed.json")
    assert f"changed.json: thresholds.toml declares no model '{name}' that a command can load" in message


# Waves.


def test_waves_prints_a_map_of_accuracies(capsys):
    lines = rows(said(capsys, "waves", "stripes"))
    assert lines[0].startswith(
        "accuracy of stripes on folder:pictures under waves of the energy of amplitude 0.1, %; 100.0 without"
    )
    assert lines[2] == "cycles per pixel pixels 0° 30° 60° 90° 120° 150°"
    table = [line.split() for line in lines[3 : 3 + len(FREQUENCIES)]]
    assert [float(row[0]) for row in table] == list(FREQUENCIES)
    assert table[0] == ["0.03125", "32", *["100.0"] * 6]
    assert table[-1] == ["0.5", "2", "0.0", "0.0", "0.0", "100.0", "0.0", "0.0"]  # at 90 degrees no row changes
    assert lines[-1].startswith("waves at 0.5 cycles per pixel (2 pixels long) take half of the accuracy; worst at ")


def test_waves_json_is_what_evaluate_measures(capsys):
    found = read(capsys, "waves", "stripes", "--amplitude", "0.07")
    assert (found["frequencies"], found["orientations"]) == (list(FREQUENCIES), list(ORIENTATIONS))
    images, model = load_image_set("folder:pictures"), load("stripes", "stripes")
    accuracies = [np.mean(evaluate(model, images, wave, 3).predictions == images.labels) for wave in waves(0.07, (8, 8))]
    assert [accuracy for row in found["accuracies"] for accuracy in row] == accuracies
    assert found["clean"] == 1
    assert 0 in accuracies
    assert found["words"].startswith("waves " if found["band"] else "no band of waves")
    assert read(capsys, "waves", "stripes")["accuracies"] != found["accuracies"]


def test_waves_are_made_for_the_size_that_the_network_sees(capsys, monkeypatch):
    measured, real = [], measure
    monkeypatch.setattr(workbench, "measure", lambda *given: measured.append(given[2]) or real(*given))
    said(capsys, "waves", "toy", "--amplitude", "0.07")
    assert measured == [Clean(), *waves(0.07, (8, 8))]


def test_waves_that_do_nothing_are_no_band(capsys, tmp_path):
    found = read(capsys, "waves", "toy", "--amplitude", "0.01")
    assert found["band"] is None
    assert found["words"].startswith("no band of waves takes half of the accuracy; worst at ")
    assert not list((tmp_path / "cache" / "results" / "runs").glob("*"))


@pytest.mark.parametrize("amplitude", ["0", "-0.1", "2.1", "nan", "inf", "-inf"])
def test_an_amplitude_beyond_what_an_image_can_hold_is_refused(capsys, amplitude):
    message = refused(capsys, "waves", "toy", f"--amplitude={amplitude}")
    assert "an amplitude lies above 0 and is at most 2, not " in message


def test_the_largest_amplitude_can_be_measured(capsys, folder):
    write_toy(folder, limit=127.4)  # waves as strong leave no more than black and white, whose mean is 127.5
    assert len(read(capsys, "waves", "toy", "--amplitude", "2")["accuracies"]) == len(FREQUENCIES)


# Help.


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("flips",), ["search", "replay"]),
        (
            ("flips", "search"),
            ["--noise SPEC", "--every {25,5,1}", "--json", "At most 14 forward passes", "Example: robustness flips"],
        ),
        (
            ("flips", "replay"),
            [
                "FILE",
                "--picture",
                "--thresholds",
                "thresholds.toml beside the finding's folder",
                "Exit codes: 0 mended or within today's budget, 1 the model still breaks, 2",
            ],
        ),
        (("waves",), ["--amplitude A", "(default: 0.1)", "55 forward passes", "Example: robustness waves"]),
    ],
    ids=" ".join,
)
def test_every_command_explains_itself(capsys, command, words):
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"usage: robustness {' '.join(command)}")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    "arguments",
    [["flips"], ["flips", "search", "toy"], ["flips", "replay"], ["waves"], ["waves", "toy", "--amplitude", "much"]],
    ids=" ".join,
)
def test_what_is_missing_is_a_usage_error(capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: robustness" in capsys.readouterr().err
