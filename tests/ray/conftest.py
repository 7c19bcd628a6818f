"""A cluster of this machine's own, on loopback, for all tests here."""

from __future__ import annotations

import os

import pytest

CORES = 4
"""Workers at once, however many cores there are."""


@pytest.fixture(scope="session")
def cluster():
    """A cluster that this process is connected to; engines use it and leave it as it is."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init(
        address="local",
        num_cpus=CORES,
        _node_ip_address="127.0.0.1",
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
    )
    yield
    ray.shutdown()


@pytest.fixture
def on_cluster(cluster, monkeypatch, tmp_path):
    """Commands and engines use the cluster, with a store of their own."""
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
