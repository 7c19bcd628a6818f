"""A hardening from end to end, and the ways in which it could say that limits hold which do not."""

from __future__ import annotations

from dataclasses import replace

import halves
import numpy as np
import pytest
import torch

from robustness.data import load_image_set
from robustness.errors import RobustnessError
from robustness.gate.workbench import Workbench
from robustness.hardening import harden as module
from robustness.hardening.aims import Seen, judge, measured_on_the_test_set
from robustness.hardening.harden import Judged, harden
from robustness.hardening.trainable import put_back
from robustness.kinds import read_thresholds
from robustness.limits.measure import measure_limit
from robustness.models.checkpoint import load_card, load_weights
from robustness.models.classifier import copied
from robustness.models.state import hash_state
from robustness.statistics.verdict import Verdict
from robustness.training import fit as loop
from robustness.training.batches import Batches
from robustness.training.fit import train
from robustness.training.recipes import RECIPES
from robustness.training.resume import save_state

RECIPE = replace(RECIPES["fine-tune"], learning_rate=0.01)


def run(project, out, file="thresholds.toml", recipe=RECIPE, seed=0, data="training", images=None):
    images = images or load_image_set(f"python:halves_to_harden:{data}", base=project)
    with Workbench(read_thresholds(project / file)) as bench:
        return harden(bench, "halves", images, recipe, seed, out, "robustness harden halves")


def gate(project, weights=None):
    """The verdicts of a gate on the model with those weights."""
    model = halves.MODEL + (f'weights = "{weights}"\n' if weights else "")
    with Workbench(read_thresholds(halves.write_thresholds(project / "gated.toml", model))) as bench:
        return [measure_limit(limit, bench).verdict for limit in bench.thresholds.promises]


@pytest.fixture(scope="module")
def hardened(code, tmp_path_factory):
    """One that is reached, once for all tests that only look at it."""
    folder = tmp_path_factory.mktemp("hardened")
    halves.write_thresholds(code / "hardened.toml")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROBUSTNESS_CACHE", str(folder / "cache"))
        return run(code, folder / "new" / "net.safetensors", "hardened.toml"), folder / "new" / "net.safetensors"


def test_a_model_that_failed_its_gate_passes_it_with_the_weights_written(project, hardened):
    found, out = hardened
    assert gate(project) == [Verdict.PASS, Verdict.FAIL]
    assert gate(project, out) == [Verdict.PASS, Verdict.PASS]
    assert not found.remaining
    assert 0 < found.epochs < RECIPE.epochs
    assert [one.gate.kept for one in found.judged] == [True, False]
    assert all(one.after is not None and one.after.clearly for one in found.judged)


def test_weights_and_card_are_left_and_no_state(hardened):
    found, out = hardened
    assert sorted(path.name for path in out.parent.iterdir()) == ["net.card.json", "net.safetensors"]
    card = load_card(out)
    assert (card["network"], card["held_out"], card["images"]) == ("python:halves_to_harden:fragile", found.held_out, 240)
    assert found.held_out == 48
    assert "gaussian(sigma=100)" in card["mix"]
    assert card["class_names"] == ["left", "right"]


def test_an_interrupted_one_goes_on_to_the_same_weights(project, hardened, tmp_path, monkeypatch):
    _, whole = hardened
    out, real = tmp_path / "net.safetensors", save_state

    def save_then_stop(*arguments):
        real(*arguments)
        raise KeyboardInterrupt

    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "save_state", save_then_stop)
            with pytest.raises(KeyboardInterrupt):
                run(project, out)
    assert not out.exists()
    found = run(project, out)
    assert out.read_bytes() == whole.read_bytes()
    assert not found.remaining


def test_one_that_was_interrupted_once_it_was_done_trains_no_further(project, hardened, tmp_path, monkeypatch):
    found, whole = hardened
    out, real = tmp_path / "net.safetensors", put_back

    def stop_at_the_end(trained, declaration, base, file, card):
        if file == out:
            raise KeyboardInterrupt
        return real(trained, declaration, base, file, card)

    with monkeypatch.context() as patch:
        patch.setattr(module, "put_back", stop_at_the_end)
        with pytest.raises(KeyboardInterrupt):
            run(project, out)
    monkeypatch.setattr(loop, "_train_epoch", None)
    assert run(project, out).epochs == found.epochs
    assert out.read_bytes() == whole.read_bytes()


def test_what_remains_is_said_and_more_epochs_go_on_from_there(project, hardened, tmp_path):
    _, whole = hardened
    out = tmp_path / "net.safetensors"
    found = run(project, out, recipe=replace(RECIPE, epochs=1))
    (one,) = found.remaining
    assert (str(one.limit), found.epochs, out.exists()) == ("halves-gaussian(sigma=100)", 1, True)
    assert out.with_suffix(".resume").exists()
    assert not run(project, out).remaining
    assert out.read_bytes() == whole.read_bytes()
    assert not out.with_suffix(".resume").exists()


def test_where_all_limits_hold_there_is_nothing_to_do_and_nothing_is_written(project, hardened, tmp_path):
    _, weights = hardened
    halves.write_thresholds(project / "kept.toml", halves.MODEL + f'weights = "{weights}"\n')
    found = run(project, tmp_path / "other.safetensors", "kept.toml")
    assert (found.epochs, found.remaining) == (0, ())
    assert not (tmp_path / "other.safetensors").exists()


def test_an_image_of_the_gates_test_set_is_refused_mirrored_as_it_is(project, tmp_path):
    with pytest.raises(RobustnessError, match=r"image 30 of .*overlapping: is an image of the gate's own.*image 7 of .*gate"):
        run(project, tmp_path / "net.safetensors", data="overlapping")
    with pytest.raises(RobustnessError, match="and 199 more are in it too"):
        run(project, tmp_path / "net.safetensors", data="gate")


def test_other_classes_are_refused(project, tmp_path):
    with pytest.raises(RobustnessError, match="other classes than .*'right' where it has 'left'"):
        run(project, tmp_path / "net.safetensors", data="renamed")


def test_the_weights_it_starts_from_are_not_overwritten(project, hardened, tmp_path):
    _, weights = hardened
    link = tmp_path / "link.safetensors"
    link.symlink_to(weights)
    halves.write_thresholds(project / "own.toml", halves.MODEL + f'weights = "{weights}"\n')
    for out in (weights, link):
        with pytest.raises(RobustnessError, match="holds the weights that this training starts from"):
            run(project, out, "own.toml")


@pytest.mark.parametrize("name", ["net.resume", "net.pt", "folder.safetensors"])
def test_what_no_weights_can_be_written_to_is_refused_before_anything_is_trained(project, tmp_path, name):
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(RobustnessError, match=r"name one that ends in \.safetensors"):
        run(project, tmp_path / name)


def other_limits(project):
    halves.write_thresholds(project / "other.toml", limits=halves.LIMITS.replace("0.9\n", "0.93\n"))
    return {"file": "other.toml"}


def other_noise(project):
    halves.write_thresholds(project / "other.toml", limits=halves.LIMITS.replace("100", "90"))
    return {"file": "other.toml"}


def other_noise_seed(project):
    file = halves.write_thresholds(project / "other.toml")
    file.write_text(file.read_text().replace("[run]", "[run]\nseed = 4"))
    return {"file": "other.toml"}


def other_start(project):
    from robustness.models.checkpoint import save_checkpoint

    with Workbench(read_thresholds(project / "thresholds.toml")) as bench:
        state = bench.load("halves").module.state_dict()
    save_checkpoint(project / "begun.safetensors", {name: tensor * 1.5 for name, tensor in state.items()}, {})
    halves.write_thresholds(project / "other.toml", halves.MODEL + 'weights = "begun.safetensors"\n')
    return {"file": "other.toml"}


def other_classes(project):
    model = halves.MODEL + 'classes = { left = 0, right = 1 }\noutside = "ignored"\n'
    halves.write_thresholds(project / "other.toml", model)
    return {"file": "other.toml"}


def other_images(project):
    images = load_image_set("python:halves_to_harden:training", base=project)
    return {"images": images.take(range(4, 240))}


def other_tracks(project):
    images = load_image_set("python:halves_to_harden:training", base=project)
    return {"images": replace(images, tracks=np.arange(240) // 8)}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (other_limits, "limits"),
        (other_noise, "mix"),
        (other_noise_seed, "limits"),
        (other_start, "start"),
        (other_classes, "classes"),
        (other_images, "data"),
        (other_tracks, "held out"),
        (lambda _: {"seed": 1}, "seed"),
        (lambda _: {"recipe": replace(RECIPE, learning_rate=0.02, epochs=1)}, "recipe"),
    ],
    ids=["limits", "noise", "noise seed", "start", "classes", "images", "tracks", "seed", "rate"],
)
def test_the_state_of_another_hardening_is_refused_by_what_differs(project, tmp_path, change, named):
    out = tmp_path / "net.safetensors"
    run(project, out, recipe=replace(RECIPE, epochs=1))
    with pytest.raises(RobustnessError, match=rf"net\.resume: left by another training \(other .*{named}"):
        run(project, out, **({"recipe": replace(RECIPE, epochs=1)} | change(project)))


def test_no_held_out_image_and_no_track_of_one_is_trained_on(project, tmp_path, monkeypatch):
    images = load_image_set("python:halves_to_harden:training", base=project)
    images = replace(images, tracks=np.arange(240) // 6)
    trained_on, judged_by = [], []
    real, real_judge = Batches, judge
    monkeypatch.setattr(
        loop, "Batches", lambda images, fit, places, *rest: trained_on.append(places) or real(images, fit, places, *rest)
    )
    monkeypatch.setattr(module, "judge", lambda *given: judged_by.append(given[2]) or real_judge(*given))
    run(project, tmp_path / "net.safetensors", recipe=replace(RECIPE, epochs=2), images=images)
    assert len(trained_on) >= 1
    assert len(judged_by) >= 2
    for places in trained_on:
        for held_out in judged_by:
            assert set((places // 6).tolist()).isdisjoint((held_out.index // 6).tolist())
            assert len(places) + len(held_out) == 240


def test_the_gates_images_are_no_part_of_what_is_trained_on_or_judged_by(project, tmp_path, monkeypatch):
    """They say which limits break, once, before anything is trained."""
    real = train
    with Workbench(read_thresholds(project / "thresholds.toml")) as bench:

        def train_without_them(*arguments):
            bench.kept["images"] = None
            return real(*arguments)

        monkeypatch.setattr(module, "train", train_without_them)
        images = load_image_set("python:halves_to_harden:training", base=project)
        found = harden(bench, "halves", images, RECIPE, 0, tmp_path / "net.safetensors", "robustness harden halves")
        assert bench.images is None
    assert not found.remaining


@pytest.mark.parametrize(
    ("gate_kept", "before", "is_seen"),
    [(True, (True, True), True), (False, (False, False), True), (False, (True, False), True), (False, (True, True), False)],
)
def test_held_out_images_that_were_always_easy_tell_nothing(gate_kept, before, is_seen):
    kept, clearly = before
    one = Judged(None, Seen(gate_kept, 0.8, ""), Seen(kept, 0.99, "", clearly), Seen(True, 1.0, "", True))
    assert (one.is_seen, one.holds) == (is_seen, is_seen)


def test_a_limit_that_only_the_gate_breaks_is_never_said_to_hold(project, tmp_path, monkeypatch):
    """As where the network has been trained on the very images that are held out."""
    real = measured_on_the_test_set

    def broken(limits, bench):
        return {limit: replace(found, kept=False, words="broken") for limit, found in real(limits, bench).items()}

    monkeypatch.setattr(module, "measured_on_the_test_set", broken)
    found = run(project, tmp_path / "net.safetensors", recipe=replace(RECIPE, epochs=6))
    assert found.epochs == 6  # nothing says when to stop
    assert [str(one.limit) for one in found.remaining] == ["halves-clean"]


def test_the_verdict_is_that_of_the_weights_in_the_file(project, tmp_path, monkeypatch):
    """Not of the network in memory: what was not saved does not count."""
    real = put_back

    def forgetful(trained, *rest):
        spoiled = replace(trained, module=copied(trained))
        with torch.no_grad():
            spoiled.module[1].weight.zero_()
            spoiled.module[1].weight[0, 0] = 1.0
        return real(spoiled, *rest)

    monkeypatch.setattr(module, "put_back", forgetful)
    found = run(project, tmp_path / "net.safetensors")
    assert found.remaining
    assert (tmp_path / "net.resume").exists()


def test_a_loss_that_is_no_number_writes_nothing_and_keeps_the_last_good_state(project, tmp_path):
    out = tmp_path / "net.safetensors"
    run(project, out, recipe=replace(RECIPE, epochs=1))
    kept = out.read_bytes()
    with pytest.raises(RobustnessError, match="the loss became|training diverged"):
        run(project, tmp_path / "other.safetensors", recipe=replace(RECIPE, learning_rate=1e37))
    assert not (tmp_path / "other.safetensors").exists()
    assert out.read_bytes() == kept


def test_a_network_without_a_gradient_is_refused(project, tmp_path):
    halves.write_thresholds(project / "stuck.toml", halves.MODEL.replace("fragile", "without_gradient"))
    with pytest.raises(RobustnessError, match="logits without a gradient"):
        run(project, tmp_path / "net.safetensors", "stuck.toml")


def test_a_network_whose_weights_are_out_of_reach_is_no_success(project, tmp_path):
    halves.write_thresholds(project / "stuck.toml", halves.MODEL.replace("fragile", "silent"))
    found = run(project, tmp_path / "net.safetensors", "stuck.toml", replace(RECIPE, epochs=2))
    assert [str(one.limit) for one in found.remaining] == ["halves-gaussian(sigma=100)"]


def test_images_of_one_object_a_class_cannot_be_held_out(project, tmp_path):
    images = load_image_set("python:halves_to_harden:training", base=project)
    with pytest.raises(RobustnessError, match="none can be held out to judge by"):
        run(project, tmp_path / "net.safetensors", images=replace(images, tracks=images.labels))


@pytest.mark.parametrize(("images", "size"), [(64, 64), (65, 65), (129, 65), (64 * 65 + 1, 66), (1, 64), (3, 64)])
def test_no_image_is_alone_in_a_batch(images, size):
    assert module._batch_size(64, images) == size
    assert images % size != 1 or images == 1


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(project, hardened, tmp_path):
    _, whole = hardened
    run(project, tmp_path / "again.safetensors")
    run(project, tmp_path / "other.safetensors", seed=1)
    hashes = [
        hash_state(load_weights(file)) for file in (whole, tmp_path / "again.safetensors", tmp_path / "other.safetensors")
    ]
    assert hashes[0] == hashes[1] != hashes[2]
