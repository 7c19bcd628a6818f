"""What an error says, whoever wrote what it quotes."""

from __future__ import annotations

from robustness.errors import RobustnessError, described


def test_what_would_steer_a_terminal_is_shown_and_the_rest_is_as_it_is():
    assert str(RobustnessError("Größe\n\x1b[31m\x00\u202e")) == "Größe\n\\x1b[31m\\x00\\u202e"


def test_an_exception_of_several_lines_is_described_in_one():
    assert described(ValueError("a\n\tb")) == "ValueError: a b"
