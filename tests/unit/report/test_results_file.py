"""results.json: written with the keys that tools know, read back as it was, strictly, and from earlier versions too."""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from enum import Enum

import pytest
from builders import (
    claim_record,
    flip_curve,
    flips_limit,
    hunt_record,
    limit_record,
    order_evidence,
    patterns_evidence,
    results,
    rich_results,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from robustness.claims.record import ClaimRecord
from robustness.errors import RobustnessError
from robustness.kinds import KINDS
from robustness.report.file import forget_results, read_results, results_from_json, results_to_json, write_results
from robustness.report.results import Content, Results

# The keys of schema 1: none may go, and each has the type that it had.

TOP = (
    "schema verdict gaps thresholds data seed prediction_rule confidence models noises limits hunts claims generator_limits "
    "generators left_out errors images published gallery confusions turned per_class timings model_hashes measurements run"
)
LIMIT = (
    "kind limit place model data subject is_plain noise family magnitude level identity bit_identical seed seeds asks required "
    "needed value words change details right seen total accuracy claim confidence low high to_decide verdict stops "
    "waived_until waiver key model_hash contract size fit stored seconds repeat reason"
)
HUNT = (
    "kind hunt place model safe budget profile tried images right mended within_budget beyond stops flipped finding file known "
    "before after replay words"
)
FINDING = (
    "schema model model_hash data data_hash contract perturbation seed images right flipped budget flipped_images image label "
    "before after smallest"
)
SEARCH = "noise family magnitude magnitudes right total flipped"
FLIPS = f"{SEARCH} resolution passes accuracy mended confidence band band_missing quantiles classes images"
MARKS = (
    "judge samples fidelity classes collapsed worst_class precision recall frechet nearest copied copy_distance divergence "
    "losses sheet pairs hash"
)
KEYS = {
    "": f"{TOP} hypotheses unmeasured rules warnings tests report misclassified seen figures",
    "warnings.0": "noise place words",
    "thresholds": "path sha256 text",
    "report": "title release scope intended_use data licence levels limitations responsible reviewers",
    "models.net": "name load weights size fit mean std precision prepare",
    "seen.net": "preparation height width channels mean std",
    "noises.mist": "load magnitude arguments",
    "limits.0": LIMIT,
    "limits.5.change": "baseline right_before broken mended allowed drop low high p_value broken_images mended_images",
    "limits.6.details": FLIPS,
    "limits.6.details.quantiles.0": "share magnitude low high",
    "limits.6.details.classes.0": "name flipped right",
    "limits.6.details.images.0": "index class becomes magnitude",
    "limits.7.details": "frequencies orientations accuracies clean band words",
    "limits.8.details": "source differences ties images",
    "limits.8.details.images.0": "index class says source_says margin",
    "hunts.0": HUNT,
    "hunts.0.finding": FINDING,
    "claims.0": "kind claim place says models expected outcome stops words evidence",
    "claims.0.evidence": "of_clean break_point interval confidence expected clean_accuracy looked_at search",
    "claims.0.evidence.search": SEARCH,
    "claims.1.evidence": "confidence negligible pairs distortions",
    "claims.1.evidence.pairs.0": "noises accuracies difference interval p_value alarm",
    "claims.1.evidence.distortions.0": "noise psnr ssim",
    "claims.2.evidence": "confidence pairs distortions",
    "claims.2.evidence.pairs.0": "noises accuracies p_values disrupts_more",
    "claims.3.evidence": "confidence negligible pairs",
    "claims.3.evidence.pairs.0": "levels accuracies rise at_most p_value alarm",
    "claims.4.evidence": "confidence negligible gain interval cells",
    "claims.4.evidence.cells.0": "noise accuracies accuracies_of_others gain interval",
    "generator_limits.0": "kind generator_limit place generator judge asks required value stops words",
    "generators.signs": MARKS,
    "generators.signs.classes.0": "name images right real_right low high variety fidelity collapsed",
    "images": "name images content_hash classes left_out in_order",
    "images.classes.0": "name images picture",
    "gallery.0": "noise pictures",
    "confusions.0": "model noise accuracy seen right pairs",
    "turned.0": "model noise turned pictures",
    "turned.0.pictures.0": "index name before after clean noisy",
    "per_class.0": "model noise seen right",
    "timings.0": "kind tests seconds stored images_per_second",
    "measurements.test_rules.py::test_mine.0": "kind case key right total",
    "run": "id files command started seconds versions python platform environment",
    "run.environment": "commit tree ci device threads",
}


def at(content, place):
    for step in filter(None, place.replace("rules.py", "rules/py").split(".")):
        content = content[int(step) if isinstance(content, list) else step.replace("rules/py", "rules.py")]
    return content


@pytest.mark.parametrize("place", KEYS)
def test_the_keys_of_schema_1_are_written_and_no_others(place):
    assert set(at(json.loads(results_to_json(rich_results())), place)) == set(KEYS[place].split())


def test_values_are_written_as_they_are():
    content = json.loads(results_to_json(rich_results()))
    assert (content["schema"], content["verdict"], content["confidence"]) == (1, "FAIL", 0.95)
    assert [content[f"{kind.name}s"][0]["kind"] for kind in KINDS] == [kind.name for kind in KINDS]
    assert content["measurements"]["test_rules.py::test_mine"][0]["kind"] == "measurement"
    first = content["limits"][0]
    assert (first["level"], first["identity"], first["value"], first["verdict"]) == (None, 0.0, 0.95, "PASS")
    text = results_to_json(results(limit_record("gaussian(sigma=5)", accuracy=1.0)))
    assert '"level": 5.0,' in text  # a float stays one
    assert '"accuracy": 1.0,' in text
    assert list(content)[:3] == ["schema", "verdict", "limits"]  # what is looked for first


def test_what_was_written_is_read_back_from_its_file(tmp_path):
    rich = rich_results()
    assert read_results(write_results(rich, tmp_path)) == rich
    assert results_to_json(read_results(tmp_path / "results.json")) == (tmp_path / "results.json").read_text(encoding="utf-8")
    (tmp_path / "report.html").write_text("of the same run")
    forget_results(tmp_path)
    assert not list(tmp_path.iterdir())


def values(kind):
    """A strategy for all values of a type that results are made of."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return values(inner[0])
    if origin in (typing.Union, types.UnionType):
        return st.one_of(map(values, inner))
    if origin is typing.Literal:
        return st.sampled_from(inner)
    if origin is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=2)
    if origin is tuple and inner[-1] is not Ellipsis:
        return st.tuples(*map(values, inner))
    if origin is tuple:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if dataclasses.is_dataclass(kind):
        return fields_of(kind).map(lambda chosen: kind(**chosen))
    return PLAIN[kind]


PLAIN = {
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=4) | st.sampled_from(["</script>", "\x00", "ü\u2028"]),
    type(None): st.none(),
}


def fields_of(kind):
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in dataclasses.fields(kind)]
    return st.tuples(*(values(hints[name]) for name in names)).map(lambda chosen: dict(zip(names, chosen, strict=True)))


def random_results():
    records = st.tuples(*(st.lists(values(kind.record), max_size=2) for kind in KINDS))
    made = st.tuples(fields_of(Content), records)
    return made.map(lambda pair: Results(**pair[0], records=tuple(record for of_kind in pair[1] for record in of_kind)))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(random_results())
def test_whatever_was_written_is_read_back(made):
    text = results_to_json(made)
    assert results_from_json(text) == made
    assert results_to_json(results_from_json(text)) == text


@pytest.mark.parametrize("evidence", [patterns_evidence(pairs=()), order_evidence(pairs=()), patterns_evidence(distortions=())])
def test_evidence_is_of_the_class_that_it_was(evidence):
    (read,) = results_from_json(results_to_json(results(claim_record(evidence=evidence)))).records
    assert isinstance(read, ClaimRecord)
    assert read.evidence == evidence


def written(folder, change):
    content = json.loads(results_to_json(rich_results()))
    change(content)
    (folder / "results.json").write_text(json.dumps(content))
    return folder / "results.json"


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        ("limits.1.accuracy", "0.9", "limits.1.accuracy: Input should be a valid number"),
        ("limits.0.seen", 1.5, "limits.0.seen: Input should be a valid integer"),
        ("limits.0.stops", "no", "limits.0.stops: Input should be a valid boolean"),
        ("limits.0.verdict", "GOOD", "limits.0.verdict: Input should be 'PASS', 'FAIL' or 'INCONCLUSIVE'"),
        ("hunts.0.safe", "gaussian(sigma=3)", "hunts.0.safe: Input should be a valid array"),
        ("claims.0.models", None, "claims.0.models: Input should be a valid array"),
        ("generators.signs.classes.0.name", 3, "generators.signs.classes.0.name: Input should be a valid string"),
        ("images", [], "images: Input should be an object"),
        ("verdict", "GOOD", "verdict: Input should be 'PASS', 'PARTIAL' or 'FAIL'"),
        ("run.started", None, "run.started: Input should be a valid string"),
    ],
)
def test_a_wrong_type_is_one_line_that_names_its_place(tmp_path, place, value, said):
    def change(content):
        parent, _, key = place.rpartition(".")
        at(content, parent)[key] = value

    file = written(tmp_path, change)
    with pytest.raises(RobustnessError) as refused:
        read_results(file)
    assert str(refused.value) == f"{file}: not as a gate wrote it: {said}; run the gate again"


def test_a_missing_key_is_named_and_an_unknown_one_is_ignored(tmp_path):
    with pytest.raises(RobustnessError, match=r"not as a gate wrote it: limits\.0\.model: Field required; run the gate again"):
        read_results(written(tmp_path, lambda content: content["limits"][0].pop("model")))
    file = written(tmp_path, lambda content: (content.update(later=1), content["limits"][0].update(later=[])))
    assert read_results(file) == rich_results()


def test_keys_that_an_older_file_does_not_have_are_filled_in(tmp_path):
    since = "hunts claims published generator_limits generators confusions turned per_class timings hypotheses confidence"

    def older(content):
        content.update(verdict="FAIL")
        for key in since.split():
            del content[key]
        for limit in content["limits"]:
            for key in ("change", "details", "waived_until", "waiver", "size", "fit"):
                del limit[key]

    read = read_results(written(tmp_path, older))
    assert len(read.records) == len(read.limits) == 9
    assert (read.published, read.confusions, read.timings, read.hypotheses) == ({}, (), (), {})
    assert (read.limits[0].details, read.limits[0].waived_until) == (None, None)


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (results(limit_record(stops=True)), "PASS"),
        (results(hunt_record(stops=True)), "PARTIAL"),
        (results(gaps=("1 limit not measured",)), "PASS"),
        (results(errors={"test_rule": "broken"}), "PARTIAL"),
    ],
)
def test_a_verdict_that_the_records_contradict_is_refused(tmp_path, made, verdict):
    file = write_results(dataclasses.replace(made, verdict=verdict), tmp_path)
    with pytest.raises(RobustnessError, match=f"says '{verdict}', and what it holds says otherwise; run the gate again"):
        read_results(file)


def test_a_search_is_kept_in_full():
    (read,) = results_from_json(results_to_json(results(flips_limit(shares=(0, 0.125))))).limits
    assert read.details.flipped == flip_curve(shares=(0, 0.125)).flipped
    assert len(read.details.magnitudes) == 201
