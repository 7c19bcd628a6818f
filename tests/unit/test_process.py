"""What belongs to the whole process is as it was, also after an error."""

from __future__ import annotations

import os
from contextlib import suppress

import torch

from robustness.process import environment, torch_threads


def test_variables_have_other_values_inside_and_their_own_afterwards(monkeypatch):
    monkeypatch.setenv("SET_BEFORE", "former")
    monkeypatch.delenv("UNSET_BEFORE", raising=False)
    with suppress(ZeroDivisionError), environment({"SET_BEFORE": "a", "UNSET_BEFORE": "b"}):
        assert (os.environ["SET_BEFORE"], os.environ["UNSET_BEFORE"]) == ("a", "b")
        raise ZeroDivisionError
    assert (os.environ["SET_BEFORE"], os.environ.get("UNSET_BEFORE")) == ("former", None)


def test_torch_has_its_threads_back():
    former = torch.get_num_threads()
    with suppress(ZeroDivisionError), torch_threads(former + 1):
        assert torch.get_num_threads() == former + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == former
