from __future__ import annotations

import pytest
import torch


@pytest.fixture
def exact_arithmetic(monkeypatch):
    """The CPU, since equal to the bit is promised for one machine's, and one thread, on which tiny networks are faster."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
