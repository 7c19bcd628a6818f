"""Noises by their text forms, alone and mixed: `gaussian(sigma=25) + offset(levels=2)`."""

from __future__ import annotations

import math
import re

from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import TEXTS

from robustness.noise import KINDS, PRESETS, parse_noises
from robustness.search.perturbation import parse_perturbation

LOOKS_LIKE_ONE = re.compile(r"\s*[A-Za-z0-9_-]+\s*(\([^()]*\))?\s*")
PARAMETERS = sorted({name for kind in KINDS.values() for name in kind.parameters()} | {"severity"})
VALUES = st.one_of(
    st.integers(-3000, 3000).map(str),
    st.floats().map(repr),
    st.sampled_from(
        ["", "5.", ".5", "1e3", "1e999", "-0", "+5", "0x10", "1_0", "\uff12\uff15", "\u0663", "nan", "-inf", "True", "1" * 400]
    ),
    TEXTS,
)
NAMES = st.sampled_from([*KINDS, *PRESETS])
ARGUMENTS = st.tuples(st.sampled_from(PARAMETERS) | TEXTS, st.sampled_from(["=", "=", "=", "", "==", ":"]), VALUES).map("".join)
FITTING = st.sampled_from([kind for kind in KINDS.values() if kind.magnitude]).flatmap(
    lambda kind: VALUES.map(lambda value: f"{kind.kind}({kind.magnitude}={value})")
)
WRITTEN = st.builds(
    lambda name, arguments, comma, frame: frame.format(name, comma.join(arguments)),
    NAMES | TEXTS,
    st.lists(ARGUMENTS, max_size=4),
    st.sampled_from([",", ", ", ",,", ";"]),
    st.sampled_from(["{}({})", "{}({})", " {} ( {} ) ", "{}", "{}({}", "{}[{}]", "{0}({1})({1})"]),
)


def within_ranges(noise):
    return all(
        isinstance(getattr(noise, name), float)
        and math.isfinite(getattr(noise, name))
        and noise.ranges[name][0] <= getattr(noise, name) <= noise.ranges[name][1]
        for name in noise.parameters()
    )


@many(2500)
@given(text=WRITTEN | FITTING | st.text(max_size=30))
def test_a_text_gives_noises_within_their_ranges_that_read_back(text):
    past = bool(LOOKS_LIKE_ONE.fullmatch(text))
    noises, _ = attempt("noise text", lambda: parse_noises(text), "", past)
    if noises is not None:
        assert past
        assert noises
        assert all(map(within_ranges, noises))
        assert noises == tuple(noise for one in noises for noise in parse_noises(str(one)))
        numbers = re.findall(r"=([^,()]*)", text)
        assert all(re.fullmatch(r"[-+0-9.eE]+", number.strip()) for number in numbers), text


@many(700)
@given(
    texts=st.lists(WRITTEN | FITTING, min_size=1, max_size=3),
    seed=st.integers(-2, 2**64 + 1),
    joint=st.sampled_from([" + ", "+", " +"]),
)
def test_a_mixture_gives_noises_that_grow_from_nothing(texts, seed, joint):
    text = joint.join(texts)
    past = all(LOOKS_LIKE_ONE.fullmatch(part) for part in text.split(" + "))
    mixed, _ = attempt("mixture of noises", lambda: parse_perturbation(text, seed), "", past)
    if mixed is not None:
        assert 0 <= mixed.seed < 2**64
        assert all(within_ranges(noise) and noise.identity is not None and noise.level is not None for noise in mixed.noises)
        assert parse_perturbation(str(mixed), seed) == mixed
