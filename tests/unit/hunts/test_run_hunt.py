"""A declared hunt, run: what former hunts found comes first, what is found is kept, and nothing is looked for twice."""

from __future__ import annotations

import shlex
from dataclasses import replace

import builders
import hypothesis
import numpy as np
import pytest
from builders import ByLight, bench, plain_images
from hypothesis import given
from hypothesis import strategies as st
from kept import kept as kept_in

from robustness.errors import RobustnessError
from robustness.evaluation.store import Store
from robustness.gate.notes import from_text, to_text
from robustness.hunts import measure as hunting
from robustness.hunts.declare import Hunts
from robustness.hunts.measure import measure_hunt
from robustness.hunts.record import HuntRecord
from robustness.hunts.replay import is_within
from robustness.models.declaration import ModelDeclaration
from robustness.noise import Gaussian, GaussianWraparound, Offset, Periodic, Resolution, SaltAndPepper
from robustness.search.finding import finding_from_json, finding_to_json, read_finding, save_finding
from robustness.search.hunt import PROFILES
from robustness.search.perturbation import Perturbation
from robustness.search.strategies import perturbations

GREYS = (100, 105, 110, 115, 120)
SAFE = (Offset(40), Gaussian(3))
SOMETHING_NEW = hypothesis.settings(PROFILES["nightly"], max_examples=15, database=None)


def image_set(name="greys", greys=GREYS):
    """All of them dark."""
    return plain_images(greys, name)


def classifier(threshold=130.5, name="net", hashable=True, module=None):
    """Flips all images at 31 grey levels of light, the brightest at 11."""
    return builders.classifier(name, module or ByLight(threshold), architecture="by light" if hashable else None)


def steady():
    """Never flips."""
    return classifier(300)


def declared(budget="0.5", safe=SAFE, images=256, model="net"):
    return builders.hunt(model, safe, budget, images)


@pytest.fixture
def hunted(tmp_path, monkeypatch):
    """Runs a hunt in the current folder, with one store; by default of half of the predictions, on the network that flips."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(PROFILES, "nightly", SOMETHING_NEW)
    store = Store(tmp_path / "store")

    def run(of=None, network=None, images=None, profile="dev", name="run", beside=(), file=tmp_path / "t.toml", **changes):
        of, network = of or declared(), network or classifier()
        before = network.module.answers
        promises = [of, *beside]
        started = {"hunt": Hunts().start(builders.thresholds(*promises, file=file))}
        workbench = bench(images or image_set(), network, promises=promises, file=file, store=store, started=started)
        found = measure_hunt(of, replace(workbench, run=name, profile=profile, **changes))
        vars(run)["answers"] = network.module.answers - before
        return found

    return run


@pytest.fixture
def no_hunt(monkeypatch):
    """A hunt for something new is a failure."""

    def refuse(*_):
        raise AssertionError("hunted again")

    return lambda: monkeypatch.setattr(hunting, "hunt", refuse)


def kept(tmp_path):
    return {file.name: file.read_bytes() for file in (tmp_path / "findings").iterdir()}


def finding(perturbation, seed=0):
    return builders.finding(perturbation=str(perturbation), seed=seed)


def rewritten(tmp_path, **changes):
    """The one finding there is, replaced by one with other fields."""
    (file,) = (tmp_path / "findings").glob("*.json")
    changed = replace(read_finding(file), **changes)
    file.unlink()
    (tmp_path / "findings" / f"{changed.name}.json").write_text(finding_to_json(changed))
    return f"findings/{changed.name}.json"


# What lies within.


@pytest.mark.parametrize(
    ("noises", "safe", "within"),
    [
        ([Offset(20)], [Offset(40)], True),
        ([Offset(40)], [Offset(40)], True),
        ([Offset(40.1)], [Offset(40)], False),
        ([Offset(0)], [Offset(40)], True),
        ([Offset(-1)], [Offset(40)], False),
        ([Offset(-20)], [Offset(-40)], True),
        ([Offset(-40.1)], [Offset(-40)], False),
        ([Offset(20)], [Offset(-40)], False),
        ([Gaussian(2)], [Offset(40)], False),
        ([GaussianWraparound(2)], [Gaussian(3)], False),
        ([Offset(20), Gaussian(1.5)], [Offset(40), Gaussian(3)], True),
        ([Gaussian(1.5), Offset(20)], [Offset(40), Gaussian(3)], True),
        ([Offset(30), Gaussian(1.5)], [Offset(40), Gaussian(3)], False),
        ([Offset(20), Gaussian(1.5), SaltAndPepper(0.001)], [Offset(40), Gaussian(3)], False),
        ([Offset(10), Gaussian(0.75), SaltAndPepper(0.05)], [SaltAndPepper(0.1), Offset(40), Gaussian(3)], True),
        ([Offset(10), Gaussian(0.75), SaltAndPepper(0.051)], [SaltAndPepper(0.1), Offset(40), Gaussian(3)], False),
        ([Resolution(2)], [Resolution(3)], True),
        ([Resolution(2), Gaussian(1.5)], [Resolution(3), Gaussian(3)], True),
        ([Resolution(2.1), Gaussian(1.5)], [Resolution(3), Gaussian(3)], False),
        ([Periodic(0.1, 0.25, 30, 15)], [Periodic(0.1)], True),
        ([Periodic(0.101, 0.25, 30, 15)], [Periodic(0.1)], False),
    ],
    ids=str,
)
def test_noises_lie_within_where_their_shares_add_up_to_no_more_than_one(noises, safe, within):
    assert is_within(finding(Perturbation(tuple(noises), 0)), declared(safe=tuple(safe))) is within


SAFES = [SAFE, (Offset(-7), Resolution(2.3), Periodic(0.033)), (SaltAndPepper(0.001),), (Gaussian(0.7), Periodic(1), Offset(1))]


@given(st.sampled_from(SAFES).flatmap(lambda safe: st.tuples(st.just(safe), perturbations(safe))))
def test_whatever_a_hunt_tries_lies_within_and_a_hundredth_more_does_not(drawn):
    safe, tried = drawn
    assert is_within(finding(tried), declared(safe=safe))
    highest = {noise.kind: noise for noise in safe}
    shares = [(noise.level - noise.identity) / (highest[noise.kind].level - noise.identity) for noise in tried.noises]
    if sum(shares) > 0:
        whole = [noise.at(noise.identity + (noise.level - noise.identity) / sum(shares)) for noise in tried.noises]
        assert is_within(finding(Perturbation(tuple(whole), 0)), declared(safe=safe))
        more = [noise.at(noise.identity + 1.01 * (noise.level - noise.identity)) for noise in whole]
        assert not is_within(finding(Perturbation(tuple(more), 0)), declared(safe=safe))
        assert not is_within(finding(tried), declared(safe=[noise for noise in safe if noise.kind != tried.noises[0].kind]))


# What is found.


def test_what_a_hunt_finds_stops_the_release_and_is_kept(hunted, tmp_path):
    found = hunted()
    assert (found.hunt, found.place, found.model) == ("net-offset+gaussian", "thresholds.toml:7", "net")
    assert (found.safe, found.budget) == (("offset(levels=40)", "gaussian(sigma=3)"), "0.5")
    assert (found.profile, found.tried) == ("dev", 30)
    assert (found.images, found.right, found.flipped, found.stops, found.known) == (5, 5, 3, True, False)
    written = read_finding(tmp_path / found.file)
    assert written == found.finding
    assert (written.budget, written.flipped, written.flipped_images) == ("0.5", 3, (2, 3, 4))
    assert found.replay == f"robustness flips replay {found.file} --thresholds t.toml"
    assert found.explain() == f"thresholds.toml:7 net-offset+gaussian\n  {found.words}\n  replay: {found.replay}"
    assert (
        f"{written.perturbation}, seed {written.seed}, flips 3 of 5 right predictions, 0.6000; the budget is 0.5."
        in found.words
    )
    assert f"Image 4, dark, becomes bright from {written.smallest} on" in found.words
    assert "earlier hunt" not in found.words


def test_where_nothing_is_found_it_is_said_how_hard_was_looked(hunted, tmp_path):
    found = hunted(network=steady())
    assert (found.images, found.right, found.flipped, found.stops) == (5, 5, 0, False)
    assert (found.finding, found.file, found.replay, found.mended) == (None, None, None, ())
    assert found.words == (
        "no noise up to offset(levels=40), gaussian(sigma=3), alone or mixed, flips more than 0.5 of 5 right predictions, "
        "of up to 30 tried (profile dev)"
    )
    assert not (tmp_path / "findings").exists()


def test_what_became_of_a_hunt_crosses_to_the_controller_as_it_is(hunted):
    for found in (hunted(), hunted(network=steady())):
        assert from_text(to_text(found), [HuntRecord]) == found


def test_only_so_many_images_are_looked_at(hunted):
    found = hunted(declared(images=3, budget="0"))
    assert (found.images, found.right) == (3, 3)
    assert found.finding.images == 3


def test_a_command_to_replay_is_fit_for_a_shell(hunted, tmp_path):
    (tmp_path / "my gate; rm").mkdir()
    found = hunted(file=tmp_path / "my gate; rm" / "t.toml")
    (file,) = (tmp_path / "my gate; rm" / "findings").glob("*.json")
    assert shlex.split(found.replay) == [
        *("robustness", "flips", "replay"),
        *(f"my gate; rm/findings/{file.name}", "--thresholds", "my gate; rm/t.toml"),
    ]


def test_a_model_that_lives_in_a_fixture_is_replayed_by_its_test(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    models = [ModelDeclaration("net", "fixture", size=8)]
    workbench = bench(image_set(), classifier(), promises=[declared()], file=tmp_path / "t.toml", models=models)
    in_fixture = replace(
        workbench,
        store=Store(tmp_path / "store"),
        started={"hunt": []},
        test="test_mine.py::test_hunt[net-offset]",
        fixture=lambda declaration: ByLight(130.5),
    )
    assert measure_hunt(declared(), in_fixture).replay == "pytest 'test_mine.py::test_hunt[net-offset]'"


# What former hunts found.


def test_a_known_finding_that_still_breaks_ends_the_hunt(hunted, no_hunt, tmp_path):
    first, before = hunted(), kept(tmp_path)
    no_hunt()
    again = hunted(profile="nightly")
    assert again == replace(first, known=True, profile="nightly", tried=15, words=again.words)
    smallest = first.finding.smallest
    assert "the budget is 0.5 (found by an earlier hunt). Image 4, dark, is named dark without noise, and bright under " in (
        again.words
    )
    assert again.words.endswith(smallest)
    assert kept(tmp_path) == before


def test_of_a_known_finding_it_is_said_what_the_network_does_now(hunted, no_hunt, tmp_path):
    """A network that gives way sooner flips four of the five; the fifth, the finding's own, it names wrong without noise."""
    first, before = hunted(), kept(tmp_path)
    no_hunt()
    again = hunted(network=classifier(117.5))
    assert (first.finding.flipped, first.finding.right) == (3, 5)
    assert (again.flipped, again.right, again.before, again.after) == (4, 4, "bright", "bright")
    assert "flips 4 of 4 right predictions, 1.0000" in again.words
    assert "Image 4, dark, is named bright without noise, and bright under " in again.words
    assert again.finding == first.finding  # the file's content
    assert kept(tmp_path) == before


def test_a_finding_that_no_longer_breaks_is_mended_and_stays(hunted, tmp_path):
    first, before = hunted(), kept(tmp_path)
    found = hunted(network=steady())
    assert (found.mended, found.stops, found.file) == ((first.file,), False, None)
    assert found.words.endswith(f"of up to 30 tried (profile dev); mended: {first.file}")
    assert kept(tmp_path) == before


def test_mended_ones_are_listed_beside_the_one_that_ends_the_hunt(hunted, no_hunt, tmp_path):
    """Findings are tried in the order of their names, so these stand on either side of it."""
    found = hunted()
    weaker = replace(read_finding(tmp_path / found.file), perturbation="offset(levels=1)")
    names = {}
    for number in range(20):
        other = replace(weaker, model_hash=str(number))
        save_finding(other, tmp_path / "findings", *[np.zeros((8, 8, 3), np.uint8)] * 2, may_share=True)
        names[f"findings/{other.name}.json"] = other
    no_hunt()
    again = hunted()
    earlier = sorted(name for name in names if name < found.file)
    assert earlier
    assert (again.file, again.known, again.stops) == (found.file, True, True)
    assert list(again.mended) == earlier
    assert again.words.endswith(f"; mended: {', '.join(earlier)}")


def test_something_new_is_hunted_for_where_all_are_mended(hunted, tmp_path):
    first = hunted()
    old = rewritten(tmp_path, perturbation="offset(levels=1)")
    found = hunted()
    assert (found.known, found.mended) == (False, (old,))
    assert found.file == first.file  # found again
    assert {f"findings/{name}" for name in kept(tmp_path) if name.endswith("json")} == {old, found.file}


@pytest.mark.parametrize(
    ("written", "today", "broken"),
    [("0.9", "0.5", True), ("0.5", "0.9", False), ("0.5", "0.6", False), ("0.5", "0.5999999999999999999999", True)],
)
def test_today_s_budget_counts_and_not_the_finding_s(hunted, no_hunt, tmp_path, written, today, broken):
    """It flips 3 of 5, and more light than 24 levels would be needed to flip another."""
    hunted()
    file = rewritten(tmp_path, budget=written)
    if broken:
        no_hunt()
    found = hunted(declared(today, safe=(Offset(24), Gaussian(3))))
    budget_rose = not broken and written == "0.5"
    assert (found.stops, found.mended) == (broken, ())
    assert found.within_budget == ((file,) if budget_rose else ())
    assert found.words.endswith(f"; within today's budget of {today}: {file}") is budget_rose
    assert found.budget == today
    if broken:
        assert f"flips 3 of 5 right predictions, 0.6000; the budget is {today} (found by an earlier hunt)" in found.words


def test_findings_on_other_data_are_an_error_with_the_file_and_the_remedy(hunted):
    file = hunted().file
    others = image_set("others", GREYS[1:])
    with pytest.raises(RobustnessError) as refused:
        hunted(images=others)
    said = str(refused.value)
    assert file in said
    assert "was made on other data, greys" in said
    assert "not others" in said
    assert said.endswith("; delete the file if it is of no more use")


def test_findings_under_another_noise_contract_are_an_error_with_the_file_and_the_remedy(hunted, monkeypatch):
    file = hunted().file
    monkeypatch.setattr(Offset, "contract", 9)
    with pytest.raises(RobustnessError, match=rf"{file}: .*under noise contract.*; delete the file if it is of no more use$"):
        hunted()


def test_what_is_no_finding_is_an_error_whoever_s_it_is(hunted, tmp_path):
    (tmp_path / "findings").mkdir()
    (tmp_path / "findings" / "notes.json").write_text("{}")
    with pytest.raises(RobustnessError, match=r"findings/notes\.json: this version reads findings of schema 1"):
        hunted(network=steady())


OTHERS = image_set("others", GREYS[1:])
"""On which a finding on the greys cannot be replayed."""


def test_a_finding_beyond_what_is_safe_today_is_not_tried_and_that_is_said(hunted):
    file = hunted().file
    narrower = hunted(declared(safe=(Gaussian(3),)), images=OTHERS)
    assert (narrower.mended, narrower.within_budget, narrower.beyond, narrower.stops) == ((), (), (file,), False)
    assert narrower.words.endswith(f"; beyond what is declared safe today, so not tried: {file}")


def test_findings_that_another_hunt_tries_are_left_to_it(hunted, no_hunt):
    file = hunted().file
    other = hunted(declared(model="other"), classifier(300, "other"), OTHERS, beside=[declared()])
    narrower = hunted(declared(safe=(Gaussian(3),)), images=OTHERS, beside=[declared()])
    for found in (other, narrower):
        assert (found.mended, found.within_budget, found.beyond, found.stops) == ((), (), (), False)
    no_hunt()
    assert hunted().file == file


def test_a_finding_on_a_model_that_no_hunt_covers_is_an_error_with_the_file_and_the_remedy(hunted, tmp_path):
    file = hunted().file
    with pytest.raises(RobustnessError) as refused:
        hunted(declared(model="renamed"), classifier(name="renamed"))
    assert str(refused.value).startswith(
        f"{file}: a finding on the model 'net', which no hunt here covers, so it would go untried"
    )
    (tmp_path / file).write_text((tmp_path / file).read_text().replace('"net"', '"renamed"'))
    found = hunted(declared(model="renamed"), classifier(name="renamed"))
    assert (found.known, found.file) == (True, file)


def test_a_folder_that_cannot_be_written_to_is_an_error_that_says_what_was_found(hunted, tmp_path):
    (tmp_path / "findings").symlink_to(tmp_path / "nowhere" / "at all")
    with pytest.raises(RobustnessError, match=r"^findings: .*, so what a hunt found cannot be kept: .*flips 3 of 5 right"):
        hunted()


# What is remembered.


def test_a_hunt_that_found_nothing_is_remembered_without_a_forward_pass(hunted):
    first = hunted(network=steady())
    assert hunted.answers > 20
    assert hunted(network=steady(), name="another run") == first
    assert hunted.answers == 0


def test_what_a_hunt_found_is_found_again_without_another_hunt(hunted, no_hunt, tmp_path):
    first, before = hunted(), kept(tmp_path)
    for file in (tmp_path / "findings").iterdir():
        file.unlink()
    no_hunt()
    assert hunted() == first
    assert hunted.answers <= 4  # for the picture
    assert kept(tmp_path) == before


@pytest.mark.parametrize(
    "changed",
    [
        {"of": declared("0.4")},
        {"of": declared(images=4)},
        {"of": declared(safe=(Offset(41), Gaussian(3)))},
        {"of": declared(safe=(Offset(40),))},
        {"network": classifier(301)},
        {"images": image_set(greys=GREYS[1:])},
        {"profile": "ci"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_another_hunt_is_not_the_one_remembered(hunted, changed):
    hunted(network=steady())
    hunted(**{"network": steady()} | changed)
    assert hunted.answers > 10


def test_a_raised_noise_contract_is_another_hunt(hunted, monkeypatch):
    hunted(network=steady())
    monkeypatch.setattr(Gaussian, "contract", 9)
    hunted(network=steady())
    assert hunted.answers > 10


def test_a_network_whose_code_cannot_be_hashed_is_remembered_for_one_run(hunted, tmp_path):
    networks = [classifier(300, hashable=False) for _ in range(3)]
    first = hunted(network=networks[0])
    assert hunted(network=networks[1]) == first
    assert hunted.answers == 0
    hunted(network=networks[1], name="another run")
    assert hunted.answers > 20
    Store(tmp_path / "store").end_run("run")
    hunted(network=networks[2])
    assert hunted.answers > 20


def test_a_hunt_that_tries_something_new_every_time_is_not_remembered(hunted, tmp_path):
    first = hunted(network=steady(), profile="nightly")
    assert hunted.answers > 10
    assert hunted(network=steady(), profile="nightly") == first
    assert hunted.answers > 10
    assert kept_in(tmp_path / "store") == []


# Pictures.


@pytest.mark.parametrize(
    ("name", "shared"), [("signs-test", True), ("signs-train", False), ("gtsrb-test", False), ("greys", False)]
)
def test_git_leaves_out_pictures_of_all_data_but_the_package_s_own(hunted, tmp_path, name, shared):
    found = hunted(images=image_set(name))
    stem = found.file.removeprefix("findings/").removesuffix(".json")
    files = kept(tmp_path)
    assert set(files) == {f"{stem}.json", f"{stem}.png", *([] if shared else [".gitignore"])}
    assert shared or files[".gitignore"] == b"*.png\n"
    assert files[f"{stem}.png"].startswith(b"\x89PNG")
    assert finding_from_json(files[f"{stem}.json"]).data == name


class Crowded(ByLight):
    """Has memory for 16 images at once."""

    def forward(self, batch):
        if len(batch) > 16:
            raise MemoryError
        return super().forward(batch)


def test_a_hunt_that_ran_out_of_memory_is_remembered_as_one_in_smaller_batches(hunted):
    network = classifier(module=Crowded(300))
    assert hunted(network=network).right == len(GREYS)
    assert network.batch_size == 16
    hunted(network=network)
    assert hunted.answers == 0


def test_a_replay_that_runs_out_of_memory_goes_on_in_smaller_batches(hunted):
    assert hunted().stops
    network = classifier(module=Crowded(130.5))
    assert hunted(network=network).known
    assert network.batch_size == 16
