"""What the tests read of a log that is being written, or that a killed process wrote."""

from __future__ import annotations

import pytest

from tests.support.log_lines import entries_of


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"event": "a", "pid": 1}', [{"event": "a", "pid": 1}]),
        ('{"event": "a", "pi', []),
        ('{"event": "a", "pi{"event": "b"}', [{"event": "b"}]),
        ('{"event": "a {not an object}"}', [{"event": "a {not an object}"}]),
        ("Traceback (most recent call last):", []),
        ("", []),
    ],
)
def test_half_a_line_is_left_out_and_hides_no_other(line: str, expected: list[dict[str, object]]) -> None:
    assert entries_of([line]) == expected
