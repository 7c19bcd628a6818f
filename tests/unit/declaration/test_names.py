"""Ids of promises: those that users have stay, and no two promises have one."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from robustness.declaration.names import slug
from robustness.errors import RobustnessError
from robustness.gate.ledger import Ledger
from robustness.hunts.declare import Hunt
from robustness.kinds import read_thresholds
from robustness.limits.limit import Limit

HEAD = 'schema = 1\n[run]\ndata = "signs"\n'
MODEL = '[models."{}"]\nload = "fixture"\nsize = 8\nfit = "resize"\n'
NOISE = '[noises."{}"]\nload = "python:mine:noise"\nmagnitude = "amount"\n'
NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12)
SHORT = st.text("abc-", min_size=1, max_size=4).map(lambda text: f"n{text}")


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def table(kind: str = "limits", model: str = "toy", **keys: str) -> str:
    return f'[[{kind}]]\nmodels = ["{model}"]\n' + "".join(f"{key} = {value}\n" for key, value in keys.items())


def limit(model: str = "toy", noise: str = "clean", accuracy: str = "0.5", **keys: str) -> str:
    return table(model=model, noise=quoted(noise), accuracy=accuracy, **keys)


def of_class(*names: str) -> str:
    return limit(classes=f"[{', '.join(map(quoted, names))}]")


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The limits of a file with these tables, once it is sure that all have ids of their own that pytest prints as they are.

    At its end each model has an accuracy, as those want beside them that a dead network keeps.
    """
    file = tmp_path_factory.mktemp("read") / "thresholds.toml"

    def read(*tables: str, models=("toy",), noises=(), kind=Limit):
        alive = "".join(limit(model, "impulse", amount="0.125") for model in models)
        file.write_text(
            HEAD + "".join(MODEL.format(name) for name in models) + "".join(map(NOISE.format, noises)) + "".join(tables) + alive
        )
        thresholds = read_thresholds(file)
        ids = [str(one) for one in thresholds.of(kind)]
        assert len(set(ids)) == len(ids)
        assert all(map(str.isascii, ids))
        assert Ledger.of(thresholds).promised[thresholds.kind_of(thresholds.of(kind)[0]).name] == ids
        return ids[: -len(models)] if kind is Limit else ids

    return read


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (["Stop"], "stop"),
        (["No entry"], "no_entry"),
        (["no-entry"], "no_entry"),
        (["Speed limit (20km/h)", "Stop"], "speed_limit_20km_h_stop"),
        (["C++", "C#"], "c_c_"),
        ([], ""),
    ],
)
def test_names_in_ascii_keep_the_ids_that_users_have(names, known, read):
    assert slug(names) == known
    if names:
        assert read(of_class(*names)) == [f"toy-clean-{known}"]


APART = {
    "punctuation": (["no entry"], ["no-entry"]),
    "case": (["Stop"], ["STOP"]),
    "another script": (["日本"], ["中国"]),
    "composed": (["caf\N{LATIN SMALL LETTER E WITH ACUTE}"], ["cafe\N{COMBINING ACUTE ACCENT}"]),
    "a letter that looks the same": (["cat"], ["c\N{CYRILLIC SMALL LETTER A}t"]),
    "one that becomes ASCII when it is small": (["k"], ["\N{KELVIN SIGN}"]),
    "spaces": (["a b"], ["a  b"]),
    "signs": (["C++"], ["C#"]),
    "a comma": (["a,b"], ["a", "b"]),
    "emoji": (["\N{CAT FACE}"], ["\N{DOG FACE}"]),
    "order": (["a", "b"], ["b", "a"]),
    "long": (["x" * 5000 + " 1"], ["x" * 5000 + "-1"]),
}


@pytest.mark.parametrize("names", APART.values(), ids=APART.keys())
def test_limits_on_classes_with_names_alike_are_told_apart(names, read):
    assert len(read(*(of_class(*one) for one in names))) == 2


OTHERS = {
    "a class like a seed": (of_class("seed3"), limit(seeds="[3]")),
    "a class like an ask": (of_class("monotone"), table(noise='"gaussian"', sigma="[5, 25]", monotone="0.01")),
    "a class like another limit's hash": (of_class("日本"), of_class(f"_{slug(['日本'])[2:]}"), of_class("中国")),
    "numbers that differ in their last digit": (
        table(noise='"gaussian"', sigma="0.3", accuracy="0.5"),
        table(noise='"gaussian"', sigma="0.30000000000000004", accuracy="0.5"),
    ),
    "levels that differ in the midst": tuple(
        table(noise='"gaussian"', sigma=f"[5, {middle}, 25]", monotone="0.5") for middle in ("10", "11")
    ),
    "levels that differ in their last digit": tuple(
        table(noise='"gaussian"', sigma=f"[5, {middle}, 25]", monotone="0.5") for middle in ("10.3", "10.300000000000002")
    ),
}


@pytest.mark.parametrize("tables", OTHERS.values(), ids=OTHERS.keys())
def test_other_limits_with_names_alike_are_told_apart(tables, read):
    assert len(read(*tables)) >= len(tables)


def test_a_hash_that_tells_limits_apart_stays_what_it_was(read):
    assert read(of_class("no entry"), of_class("no-entry")) == ["toy-clean-no_entry-56a5cfee", "toy-clean-no_entry-d3377b22"]


def test_a_model_and_a_noise_whose_names_run_into_each_other_are_told_apart(read):
    ids = read(limit("a-b", "c", amount="1"), limit("a", "b-c", amount="1"), models=("a-b", "a"), noises=("c", "b-c"))
    assert [one.rpartition("-")[0] for one in ids] == ["a-b-c(amount=1)"] * 2


def test_hunts_that_differ_in_the_last_digit_are_told_apart(read):
    hunts = [table("hunts", safe=f"{{ gaussian = {sigma} }}", budget="0.01") for sigma in ("0.3", "0.30000000000000004")]
    assert len(read(limit(), *hunts, kind=Hunt)) == 2


def test_limits_that_differ_in_the_reason_of_their_waiver_alone_are_one_limit_twice(read):
    waived = [limit(accuracy=share, waived_until="2100-01-01", reason=f'"{share}"') for share in ("0.5", "0.9")]
    with pytest.raises(RobustnessError, match="toy-clean is limited twice, first at"):
        read(*waived)


@settings(max_examples=200, deadline=None)
@given(names=st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=2, max_size=6, unique_by=tuple))
@example(names=[["no entry"], ["no-entry"], ["No Entry"], ["日本"], ["中国"]])
def test_limits_on_different_classes_have_different_ids(names, read):
    assert len(read(*(of_class(*one) for one in names))) == len(names)


@settings(max_examples=100, deadline=None)
@given(
    models=st.lists(SHORT, min_size=1, max_size=4, unique_by=lambda name: name.replace("-", "_")),
    noises=st.lists(SHORT, min_size=1, max_size=4, unique=True),
    classes=st.lists(st.sampled_from(["seed1", "a b", "a-b", "ä", "ö", "relative"]), min_size=1, max_size=3, unique=True),
)
def test_limits_on_different_models_noises_and_classes_have_different_ids(models, noises, classes, read):
    tables = [
        limit(model, noise, amount="1", classes=f"[{quoted(name)}]") for model in models for noise in noises for name in classes
    ]
    tables += [limit(model, noise, amount="1", seeds="[1, 2]") for model in models for noise in noises]
    assert len(read(*tables, models=models, noises=noises)) == len(models) * len(noises) * (len(classes) + 2)


@given(one=NAMES, other=NAMES)
def test_names_that_lose_letters_have_slugs_of_their_own(one, other):
    assume(one != other)
    assume(not one.isascii() or not other.isascii())
    assert slug([one]) != slug([other])
