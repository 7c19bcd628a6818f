"""Weights and their cards, as classifiers: safetensors, state dicts of torch, pickles that run code."""

from __future__ import annotations

import io
import json
import pickle
import warnings
import zipfile

import pytest
import torch
from hostile import attempt, many
from hypothesis import given
from hypothesis import strategies as st
from mutations import VALUES, damaged, mutated
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from robustness.models.baseline_cnn import BaselineCNN
from robustness.models.declaration import ModelDeclaration
from robustness.models.load import load_classifier, load_trained

SIZE, CLASSES = 8, 3
NAMES = ("net.safetensors", "net.pt")
STATE = {name: tensor.clone() for name, tensor in BaselineCNN(CLASSES, SIZE).state_dict().items()}
CARD = {
    "network": "baseline-cnn",
    "fit": {"size": SIZE, "kind": "crop-or-pad"},
    "mean": [0.0, 0.0, 0.0],
    "std": [1.0, 1.0, 1.0],
    "class_names": ["stop", "go", "yield"],
    "accuracy": 0.5,
}


class Call:
    """Runs code where it is unpickled, by a function of its own choice."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


@pytest.fixture
def canary(folder):
    """A file that only code in a checkpoint would make."""
    file = folder.parent / f"{folder.name}-canary"
    yield file
    assert not file.exists()


def torch_file(content, **how):
    buffer = io.BytesIO()
    torch.save(content, buffer, **how)
    return buffer.getvalue()


WHOLE = {"net.safetensors": save(STATE), "net.pt": torch_file(STATE)}


def is_archive(file):
    try:
        if file.suffix == ".pt":
            with zipfile.ZipFile(file) as archive:
                return any(name.endswith("data.pkl") for name in archive.namelist())
        with safe_open(file, "pt"):
            return True
    except (SafetensorError, OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def tried(folder, name, content, card=CARD):
    file = folder / name
    file.write_bytes(content)
    written = card if isinstance(card, str) else json.dumps(card)
    (folder / "net.card.json").write_text(written, encoding="utf-8", errors="surrogatepass")
    declaration = ModelDeclaration("net", "baseline-cnn", str(file), SIZE)
    past = is_archive(file)
    declared, _ = attempt("checkpoint", lambda: load_classifier(declaration), "net", past, folder)
    trained, _ = attempt("checkpoint with card", lambda: load_trained(file), "net", past, folder)
    for classifier in filter(None, (declared, trained)):
        assert past
        size = classifier.fit.size
        assert 1 <= size <= 4096
        assert classifier.fit.kind in ("crop-or-pad", "resize")
        logits = classifier.logits(torch.zeros(2, 3, size, size, dtype=torch.uint8))
        assert logits.shape[0] == 2
        assert logits.shape[1] >= 1
        loaded = classifier.module.state_dict()
        assert all(tensor.dtype == torch.float32 and not tensor.is_meta for tensor in loaded.values())
        assert len(classifier.mean) == len(classifier.std) == 3
        assert all(number > 0 for number in classifier.std)
    return declared


@pytest.mark.parametrize("name", NAMES)
def test_the_checkpoint_that_is_made_wrong_is_right(folder, name):
    loaded = tried(folder, name, WHOLE[name]).module.state_dict()
    assert all(torch.equal(loaded[key], tensor) for key, tensor in STATE.items())


@many(200)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_a_damaged_checkpoint_is_refused_or_holds_numbers(folder, data, name):
    tried(folder, name, data.draw(damaged(WHOLE[name], early=1200)))


def of_meta(tensor):
    return tensor.to("meta")


def spread(tensor):
    """As large as anything, of one number."""
    return torch.zeros(1).expand(10**9)


def quantized(tensor):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are to go
        return torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.qint8)


WRONG = {
    "none": lambda tensor: None,
    "a list": lambda tensor: tensor.tolist(),
    "flat": lambda tensor: tensor.clone().reshape(-1),
    "scalar": lambda tensor: tensor.sum(),
    "empty": lambda tensor: tensor.clone()[:0],
    "deeper": lambda tensor: tensor.clone()[None],
    "one more": lambda tensor: torch.cat([tensor, tensor[:1]]),
    "one less": lambda tensor: tensor.clone()[:-1],
    "double": lambda tensor: tensor.double(),
    "half": lambda tensor: tensor.half(),
    "bfloat16": lambda tensor: tensor.bfloat16(),
    "int": lambda tensor: (tensor * 100).int(),
    "bool": lambda tensor: tensor > 0,
    "complex": lambda tensor: tensor.to(torch.complex64),
    "sparse": lambda tensor: tensor.to_sparse(),
    "meta": of_meta,
    "spread": spread,
    "quantized": quantized,
    "parameter": lambda tensor: torch.nn.Parameter(tensor),
}
OF_PICKLES = {"none", "a list", "sparse", "meta", "spread", "quantized", "parameter"}


@many(250)
@given(data=st.data(), name=st.sampled_from(NAMES))
def test_weights_of_wrong_shapes_and_types_are_refused(folder, data, name):
    state = dict(STATE)
    for _ in range(data.draw(st.integers(1, 2))):
        key = data.draw(st.sampled_from([*sorted(STATE), "12.bias", "12.weight"]))
        wrong = data.draw(st.sampled_from(sorted(set(WRONG) - (OF_PICKLES if name == "net.safetensors" else set()))))
        match data.draw(st.sampled_from(["change", "change", "change", "drop", "rename", "add"])):
            case "change":
                state[key] = WRONG[wrong](STATE[key])
            case "drop":
                state.pop(key, None)
            case "rename":
                state[f"module.{key}"] = state.pop(key, STATE[key]).clone()
            case "add":
                state[f"module.{key}"] = WRONG[wrong](STATE[key])
    tried(folder, name, save({k: v.contiguous() for k, v in state.items()}) if name == "net.safetensors" else torch_file(state))


@many(250)
@given(card=mutated(CARD) | VALUES, name=st.sampled_from(NAMES))
def test_a_wrong_card_is_refused_and_never_code(folder, card, name):
    tried(folder, name, WHOLE[name], card)


@many(60)
@given(
    card=st.sampled_from(["[" * 5000, "", "\x00", '{"fit": ' * 1_000, "9" * 5000, '{"network": "baseline-cnn"}'])
    | st.text(max_size=9)
)
def test_a_card_that_is_no_json_is_refused(folder, card):
    tried(folder, "net.safetensors", WHOLE["net.safetensors"], card)


@many(150)
@given(data=st.data())
def test_a_pickle_that_runs_code_runs_none(folder, canary, data):
    payload = data.draw(
        st.sampled_from(
            [
                Call(eval, f"open({str(canary)!r}, 'w').close()"),
                Call(exec, f"open({str(canary)!r}, 'w').close()"),
                Call(open, str(canary), "w"),
                Call(type(canary).touch, canary),
                Call(torch.save, 1, str(canary)),
                Call(torch.nn.Linear, 2, 2),
            ]
        )
    )
    content = data.draw(
        st.sampled_from(
            [
                payload,
                [payload],
                {"w": payload},
                {**STATE, "12.bias": payload},
                {"state_dict": {**STATE, "x": payload}},
                {payload: 1},
            ]
        )
    )
    protocol = data.draw(st.integers(0, 5))
    if data.draw(st.booleans()):
        written = torch_file(content, pickle_protocol=protocol, _use_new_zipfile_serialization=data.draw(st.booleans()))
    else:
        written = pickle.dumps(content, protocol)
    if data.draw(st.booleans()):
        written = data.draw(damaged(written, hits=2, early=600))
    assert tried(folder, data.draw(st.sampled_from([*NAMES, "net.pt", "net.pt"])), written) is None
    assert not canary.exists()
