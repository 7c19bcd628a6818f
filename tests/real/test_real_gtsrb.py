"""The real images, and the gate on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from robustness import load_image_set

THRESHOLDS = Path(__file__).parents[2] / "examples" / "gtsrb" / "thresholds.toml"


def test_the_test_split_is_the_one_the_card_was_measured_on():
    from robustness.models.checkpoint import load_card
    from robustness.models.declaration import shipped_weights

    card = load_card(shipped_weights("baseline-cnn")["gtsrb"])
    assert load_image_set("gtsrb", "test").content_hash == card["test_data_hash"]
    assert load_image_set("gtsrb", "train").content_hash == card["data_hash"]


def test_training_images_come_in_1307_tracks():
    images = load_image_set("gtsrb", "train")
    assert images.tracks is not None
    assert len(set(images.tracks.tolist())) == 1307


def test_breaking_one_limit_fails_exactly_that_test(pytester: pytest.Pytester):
    text = THRESHOLDS.read_text()
    broken = re.sub(r"accuracy = \[0\.869, 0\.\d+,", "accuracy = [0.869, 0.9,", text)
    assert broken != text
    (pytester.path / "thresholds.toml").write_text(broken)
    run = pytester.runpytest_subprocess("thresholds.toml")
    assert run.ret == pytest.ExitCode.TESTS_FAILED
    run.assert_outcomes(passed=7, failed=1)
    run.stdout.fnmatch_lines(
        [
            "thresholds.toml:* baseline-cnn gaussian(sigma=25)",
            "  accuracy 0.73*: 9,* of 12,630 right, the limit 0.9 asks for 11,367",
            '  repeat: robustness evaluate baseline-cnn --thresholds thresholds.toml --noise "gaussian(sigma=25)"',
        ]
    )
