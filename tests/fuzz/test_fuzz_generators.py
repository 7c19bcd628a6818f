"""Generators: weights with a card that says how to build the network."""

from __future__ import annotations

import json

import torch
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, damaged, mutated
from safetensors.torch import save

from robustness.gan.checkpoint import load_generator
from robustness.gan.condition import Condition
from robustness.gan.recipes import NETWORKS
from robustness.noise import Gaussian

CONDITION = Condition(("stop", "yield"), (Gaussian(5), Gaussian(50)))
CARD = {
    "network": "study",
    "condition": CONDITION.to_card(),
    "losses": {"generator": [2.0, 1.5], "discriminator": [1.0, 0.5]},
    "seed": 0,
}


STATE = {
    name: tensor.half() if tensor.ndim > 1 else tensor
    for name, tensor in NETWORKS["study"].generator(CONDITION).state_dict().items()
}
WHOLE = save(STATE)
NAMES = [name for name, tensor in sorted(STATE.items()) if tensor.is_floating_point()]


def tried(folder, card, content=None, past=True):
    file = folder / "g.safetensors"
    if content is not None:
        file.write_bytes(content)
    text = card if isinstance(card, str) else json.dumps(card)
    (folder / "g.card.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    generator, _ = attempt("generator", lambda: load_generator(file), "g.", past, folder)
    if generator is not None:
        classes = len(generator.condition.class_names)
        asked = (torch.zeros(2, 100), torch.zeros(2, dtype=torch.long), torch.zeros(2, len(generator.condition.highest)))
        assert generator.module.eval()(*asked).shape == (2, 3, 28, 28)
        assert classes in (0, 2)
        assert all(len(losses) == len(generator.losses["generator"]) for losses in generator.losses.values())
    return generator


def test_the_generator_that_is_made_wrong_is_right(folder):
    assert tried(folder, CARD, WHOLE).condition == CONDITION


@many(120)
@given(card=mutated(CARD) | VALUES)
def test_a_wrong_card_is_refused_or_fits(folder, card):
    tried(folder, card, None if (folder / "g.safetensors").exists() else WHOLE)


@many(8)
@given(names=st.sampled_from([10**5, 3 * 10**4]), network=st.sampled_from(sorted(NETWORKS)))
def test_a_card_of_more_classes_than_there_are_weights_takes_no_memory(folder, names, network):
    assert tried(folder, CARD | {"network": network, "condition": {"class_names": "x" * names, "noises": []}}, WHOLE) is None


@many(30)
@given(data=st.data())
def test_damaged_weights_are_refused_or_fit(folder, data):
    tried(folder, CARD, data.draw(damaged(WHOLE, early=1500)), past=False)


@many(25)
@given(
    place=st.integers(0, 20),
    changed=st.sampled_from(["flat", "less", "int", "complex", "gone", "renamed"]),
)
def test_weights_of_wrong_shapes_and_types_are_refused(folder, place, changed):
    key = NAMES[place % len(NAMES)]
    tensor = STATE[key]
    wrong = {
        "flat": [tensor.reshape(-1)[None]],
        "less": [torch.cat([tensor.reshape(-1), tensor.reshape(-1)])],
        "int": [tensor.int()],
        "complex": [tensor.to(torch.complex64)],
        "gone": [],
        "renamed": [],
    }[changed]
    content = {name: other for name, other in STATE.items() if name != key} | dict.fromkeys([key][: len(wrong)], *wrong)
    content |= {"x": tensor} if changed == "renamed" else {}
    assert tried(folder, CARD, save(content)) is None
    tried(folder, CARD, WHOLE)
