"""The network that the gate and the tests measure."""

from __future__ import annotations

import pytest
from blob_classifier.network import trained_network


@pytest.fixture(scope="session")
def blob_network():
    """What this release ships. A larger network would be loaded from its file here."""
    return trained_network()
