"""For all trees. Its being here also puts this folder on `sys.path`, so that all tests can import what they share."""

from __future__ import annotations

import os
import shutil

import pytest
import torch
from hypothesis import settings

if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):  # each takes its share of the cores, and what its tests start too
    share = max(1, (os.cpu_count() or 1) // int(workers))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))
    torch.set_num_threads(share)

if not os.environ.get("CI"):  # where Hypothesis has a profile of its own, as patient as this one
    settings.register_profile("patient", deadline=None)
    settings.load_profile("patient")


@pytest.fixture
def exact_arithmetic(monkeypatch):
    """The CPU, since equal to the bit is promised for one machine's, and one thread, on which tiny networks are faster."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session", autouse=True)
def nobodys_job():
    """The gates that tests run are not to speak on the page of the job that runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def drawn_signs(tmp_path_factory):
    """The embedded set as a cache folder keeps it, drawn once: it takes two seconds."""
    from robustness.data import load_image_set

    folder = tmp_path_factory.mktemp("drawn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROBUSTNESS_CACHE", str(folder))
        load_image_set("signs")
    return folder / "images"


@pytest.fixture
def cache_with_signs(tmp_path, monkeypatch, drawn_signs):
    """A cache folder of the test's own, in which the embedded set is drawn already."""
    shutil.copytree(drawn_signs, tmp_path / "cache" / "images")
    monkeypatch.setenv("ROBUSTNESS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
