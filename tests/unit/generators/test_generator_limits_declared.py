"""`[generators]` and `[[generator_limits]]` in a thresholds file: read, or refused with the line and the remedy."""

from __future__ import annotations

from decimal import Decimal

import pytest

from robustness.errors import RobustnessError
from robustness.generators.declare import MARKS, GeneratorDeclaration, GeneratorLimit
from robustness.kinds import read_thresholds

HEAD = """\
schema = 1

[run]
data = "signs"

[models.judge]
load = "baseline-cnn"
weights = "judge.safetensors"
size = 28

[models.large]
load = "baseline-cnn"
weights = "signs"

[[limits]]
models = ["judge"]
noise = "clean"
accuracy = 0.9

"""
GENERATOR = '[generators.one]\nload = "runs/one.safetensors"\njudge = "judge"\n'
LIMITS = '[[generator_limits]]\ngenerators = ["one"]\n'


@pytest.fixture
def read(tmp_path):
    def read(text, head=HEAD):
        (tmp_path / "thresholds.toml").write_text(head + text)
        return read_thresholds(tmp_path / "thresholds.toml")

    return read


def refusal(read, text, head=HEAD):
    with pytest.raises(RobustnessError) as caught:
        read(text, head)
    return [line.strip() for line in str(caught.value).splitlines()[1:]]


def test_a_limit_is_one_for_each_generator_and_each_mark(read):
    two = GENERATOR.replace("one", "two")
    thresholds = read(
        GENERATOR + two + '[[generator_limits]]\ngenerators = ["one", "two"]\nmax_frechet = 20\nfidelity = 1.10\n'
    )
    limits = thresholds.of(GeneratorLimit)
    assert limits[0].declaration == GeneratorDeclaration("one", "runs/one.safetensors", "judge")
    assert list(map(str, limits)) == ["one-fidelity", "one-max_frechet", "two-fidelity", "two-max_frechet"]
    assert [limit.required for limit in limits[:2]] == [Decimal("1.1"), Decimal("20")]
    assert [limit.place for limit in limits[:2]] == ["thresholds.toml:29", "thresholds.toml:28"]
    assert [limit.is_ceiling for limit in limits[:2]] == [False, True]


def test_every_mark_may_be_limited_and_a_generator_may_go_without(read):
    text = LIMITS + "".join(f"{asks} = 1\n" for asks in MARKS)
    assert [limit.asks for limit in read(GENERATOR + text).of(GeneratorLimit)] == list(MARKS)
    assert read(GENERATOR).of(GeneratorLimit) == ()


def test_training_images_are_named_where_the_data_has_none_and_only_there(read):
    folder = HEAD.replace('"signs"\n\n[models.judge]', '"folder:test"\n\n[models.judge]')
    training = GENERATOR + 'training = "folder:train"\n'
    (limit,) = read(training + LIMITS + "recall = 0.1\n", folder).of(GeneratorLimit)
    assert limit.declaration.training == "folder:train"
    (missing,) = refusal(read, GENERATOR, folder)
    assert missing.startswith("thresholds.toml:20: generators.one: training: missing; folder:test has no training split")
    (superfluous,) = refusal(read, training)
    assert superfluous.startswith("thresholds.toml:23: generators.one.training: signs has a training split of its own")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GENERATOR.replace('"judge"', '"juge"'), "22: generators.one.judge: unknown model 'juge': did you mean 'judge'?"),
        (GENERATOR.replace('"judge"', '"large"'), "22: generators.one.judge: a generator gives 28 pixels: declare large with"),
        (GENERATOR.replace("load", "lode"), "20: generators.one.load: missing"),
        (GENERATOR + "lod = 1\n", "23: generators.one.lod: unknown key: did you mean 'load'?"),
        (LIMITS + "fidelity = 1\n", "21: generator_limits[0].generators[0]: unknown generator 'one': there are none"),
        (GENERATOR + LIMITS, "23: generator_limits[0]: asks for nothing; give at least one of fidelity, worst_class"),
        (GENERATOR + LIMITS + "fidelty = 1\n", "25: generator_limits[0].fidelty: unknown key: did you mean 'fidelity'?"),
        (GENERATOR + LIMITS + "fidelity = -0.1\n", "25: generator_limits[0].fidelity: input should be greater than or"),
        (GENERATOR + LIMITS + "worst_class = inf\n", "25: generator_limits[0].worst_class: input should be a finite"),
        (GENERATOR + LIMITS + "precision = 1.1\n", "25: generator_limits[0].precision: input should be less than or"),
        (GENERATOR + LIMITS + "recall = -1\n", "25: generator_limits[0].recall: input should be greater than or"),
        (GENERATOR + LIMITS + "max_nearest = -1\n", "25: generator_limits[0].max_nearest: input should be greater than or"),
        (GENERATOR + LIMITS + "max_copied = 2\n", "25: generator_limits[0].max_copied: input should be less than or"),
        (GENERATOR + LIMITS + "max_frechet = nan\n", "25: generator_limits[0].max_frechet: input should be a finite"),
        (GENERATOR + LIMITS + "max_divergence = inf\n", "25: generator_limits[0].max_divergence: input should be a finite"),
        (GENERATOR + LIMITS + "max_collapsed = 0.5\n", "25: generator_limits[0].max_collapsed: input should be a valid int"),
        (GENERATOR + LIMITS + "max_collapsed = -1\n", "25: generator_limits[0].max_collapsed: input should be greater than"),
        (GENERATOR + '[[generator_limits]]\ngenerators = []\nrecall = 1\n', "24: generator_limits[0].generators: empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_refused_with_its_line(read, text, said):
    problems = refusal(read, text)
    assert any(problem.startswith(f"thresholds.toml:{said}") for problem in problems), problems


def test_one_mark_limited_twice_is_a_slip(read):
    (problem,) = refusal(read, GENERATOR + LIMITS + "recall = 0.1\nfidelity = 1\n" + LIMITS + "recall = 0.2\n")
    assert problem == (
        "thresholds.toml:29: generator_limits[1].recall: one-recall is limited twice, first at thresholds.toml:25"
    )
