from __future__ import annotations

import pytest
from tiny_gtsrb import TEST, TRAIN

from robustness.data import gtsrb


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ROBUSTNESS_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def tiny_counts(monkeypatch):
    """GTSRB's numbers of images, as the tiny picture set has them."""
    monkeypatch.setattr(gtsrb, "COUNTS", {"train": len(TRAIN), "test": len(TEST)})
