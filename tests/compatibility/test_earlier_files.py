"""Files of earlier versions open, or are refused in one clear sentence; so are those of later ones. See README.md."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from robustness.cli import main
from robustness.errors import RobustnessError
from robustness.evaluation.baseline import read_baseline
from robustness.evaluation.case import Case
from robustness.evaluation.result import Result
from robustness.evaluation.store import Store
from robustness.files.schemas import package_version
from robustness.gan.checkpoint import load_generator
from robustness.hunts.declare import Hunt
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit
from robustness.models.checkpoint import card_path, load_card, load_class_names
from robustness.models.declaration import shipped_weights
from robustness.noise import Gaussian
from robustness.report.file import read_results
from robustness.search.finding import read_finding

FILES = Path(__file__).with_name("files")


def named(pattern):
    found = sorted(FILES.glob(pattern))
    assert found, pattern
    return pytest.mark.parametrize("file", found, ids=lambda file: file.name)


@named("results-*.json")
def test_results_make_a_report_or_are_refused(file, tmp_path, capsys):
    code = main(["report", str(file), "-o", str(tmp_path / "report.html")])
    if file.stem in ("results-14be4b1", "results-c4d7b61"):
        assert code == 2
        assert capsys.readouterr().err == (
            f"robustness: {file}: written before limits could ask for more than accuracy, and too little is in it for a "
            "report; run the gate again\n"
        )
    else:
        assert code == 0
        page = (tmp_path / "report.html").read_text(encoding="utf-8")
        assert all(limit["reason"].split(";")[0] in page for limit in json.loads(file.read_text())["limits"])


@named("baseline-*.safetensors")
def test_baselines_give_what_was_predicted_or_say_which_rule_they_followed(file):
    baseline = read_baseline(file)
    assert (baseline.data, baseline.seed) == ("folder:pictures", 0)
    case = Case("toy", baseline.data, Gaussian(25), 0, "", baseline.data_hash, "")
    frozen = baseline.cases["toy", "gaussian(sigma=25)"]
    assert (frozen.values.tolist(), frozen.rule) == ([0, 0, 0, 1, 1, 1], 1)
    with pytest.raises(RobustnessError, match=f"{file.name}: its predictions follow prediction rule 1, and now it is 2"):
        baseline.right(case, np.zeros(6, np.int64))


@named("store-*")
def test_what_a_store_holds_is_found(file, tmp_path):
    shutil.copytree(file, tmp_path / "store")  # reading marks files as used
    store, found = Store(tmp_path / "store" / "results"), 0
    for path in (tmp_path / "store").rglob("*.safetensors"):
        if not path.stem.startswith("c0ffee"):
            result = store.read(path.stem, "run", Result)
            assert result is not None
            assert result.predictions.tolist() == [3, 1, 4, 1, 5]
            assert result.margins.tolist() == [0.5, 0.25, 2, 1, 8]
            found += 1
    assert found == 1
    sentences = store.remember("c0ffee" + 58 * "0", None, lambda: ["nothing was kept"])
    assert sentences == (["nothing was kept"] if file.name == "store-a9426d1" else ["the classes stand in another order", "ü"])


@named("finding-*.json")
def test_findings_are_read(file):
    finding = read_finding(file)
    assert (finding.model, finding.data, finding.images) == ("toy", "folder:pictures", 6)
    assert finding.perturbation.startswith("gaussian(sigma=")


@named("generator-*.card.json")
def test_generators_load_with_their_card(file, tmp_path):
    weights = tmp_path / "gan.safetensors"
    shutil.copy(shipped_weights("gan")["study-gtsrb"], weights)  # trained for longer since then
    shutil.copy(file, card_path(weights))
    generator = load_generator(weights)
    assert len(generator.condition.class_names) == 43
    assert len(generator.losses["generator"]) == len(generator.losses["discriminator"]) > 0


@named("weights-*.card.json")
def test_cards_of_weights_are_read(file, tmp_path):
    shutil.copy(file, tmp_path / "weights.card.json")
    card = load_card(tmp_path / "weights.safetensors")
    assert (card["network"], card["data"], card["images"]) == ("baseline-cnn", "gtsrb-train", 39_209)
    assert len(load_class_names(tmp_path / "weights.safetensors") or ()) == 43


@named("thresholds-*.toml")
def test_thresholds_are_read(file):
    thresholds = read_thresholds(file)
    written = file.read_text(encoding="utf-8")
    limits = thresholds.of(Limit)
    assert {limit.model for limit in limits} <= set(thresholds.models)
    assert len(limits) >= written.count("[[limits]]") >= 4
    assert len(thresholds.of(Hunt)) >= written.count("[[hunts]]")


LATER = f"which pytest-robustness 9.9.0 wrote: upgrade pytest-robustness from {package_version()}"


def later_results(folder):
    content = json.loads(sorted(FILES.glob("results-*.json"))[0].read_text()) | {"schema": 2}
    content["run"]["versions"]["pytest-robustness"] = "9.9.0"
    (folder / "results.json").write_text(json.dumps(content))
    return folder / "results.json", read_results


def later_baseline(folder):
    source = FILES / "baseline-212cbef.safetensors"
    with safe_open(source, "np") as stored:
        about = json.loads(stored.metadata()["baseline"]) | {"schema": 2, "made_by": "9.9.0", "cases": {"of": "the future"}}
    save_file(load_file(source), folder / "v9.safetensors", metadata={"baseline": json.dumps(about)})
    return folder / "v9.safetensors", read_baseline


def later_finding(folder):
    (folder / "finding.json").write_text('{"schema": 2, "made_by": "9.9.0", "levels": []}')
    return folder / "finding.json", read_finding


def later_card(folder):
    card = json.loads((FILES / "generator-cf6400f.card.json").read_text()) | {"schema": 2}
    card["versions"] = {**card.get("versions", {}), "pytest-robustness": "9.9.0"}
    (folder / "gan.card.json").write_text(json.dumps(card))
    save_file({"x": np.zeros(1, np.float32)}, folder / "gan.safetensors")
    return folder / "gan.card.json", lambda _: load_generator(folder / "gan.safetensors")


@pytest.mark.parametrize("make", [later_results, later_baseline, later_finding, later_card])
def test_files_of_a_later_version_are_refused_in_one_line_that_names_it(tmp_path, make):
    file, read = make(tmp_path)
    with pytest.raises(RobustnessError) as refused:
        read(file)
    kind = make.__name__.removeprefix("later_").rstrip("s") + "s"
    assert str(refused.value) == f"{file}: this version reads {kind} of schema 1, not 2, {LATER}"


def test_thresholds_of_a_later_version_are_one_problem_whatever_else_they_say(tmp_path):
    file = tmp_path / "thresholds.toml"
    file.write_text('# ours\nschema = 2\n\n[rules]\nwhat = "nobody knows yet"\n')
    with pytest.raises(RobustnessError) as refused:
        read_thresholds(file)
    assert str(refused.value) == (
        "thresholds.toml cannot be used: 1 problem\n  thresholds.toml:2: schema: this version reads thresholds of schema 1, "
        f"not 2, which a later pytest-robustness wrote: upgrade pytest-robustness from {package_version()}"
    )
