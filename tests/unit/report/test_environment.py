"""Where a run took place: the commit and whether the tree was clean, the CI job, the device."""

from __future__ import annotations

import os
import subprocess

from robustness.report.environment import ci_job, environment


def git(folder, *command):
    names = {f"GIT_{role}_{what}": "a@b" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(["git", *command], cwd=folder, env=os.environ | names, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_and_what_differs_from_it(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "thresholds.toml").write_text("schema = 1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    assert (environment(tmp_path).commit, environment(tmp_path).tree) == (git(tmp_path, "rev-parse", "HEAD"), "clean")
    (tmp_path / "thresholds.toml").write_text("schema = 2")
    (tmp_path / "conftest.py").write_text("")
    assert environment(tmp_path).tree == "1 changed, 1 not tracked"


def test_where_there_is_no_repository_nothing_is_said_of_one(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    found = environment(tmp_path)
    assert (found.commit, found.tree) == (None, None)
    assert found.device
    assert found.threads >= 1


def test_without_git_it_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment(tmp_path).commit is None


def test_the_job_is_named_by_its_address():
    github = {"GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    assert ci_job(github) == "https://git.example/a/b/actions/runs/7"
    assert ci_job({"CI_JOB_URL": "https://ci.example/1"}) == "https://ci.example/1"
    assert ci_job({"BUILD_URL": "https://build.example/1"}) == "https://build.example/1"
    assert ci_job({}) is None
