"""Names, colours, and those of somebody who chose none (W23)."""

from __future__ import annotations

import pytest

from asocial.domain.errors import BadFrame
from asocial.domain.palette import PALETTE
from asocial.domain.profile import clean_color, clean_name, guest_profile


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ann", "Ann"), ("  Ann   Lee ", "Ann Lee"), ("猫", "猫"), ("x" * 32, "x" * 32), ("a" + " " * 40 + "b", "a b")],
)
def test_w23_a_name_is_trimmed_and_folded(name: str, expected: str) -> None:
    assert clean_name(name) == expected


@pytest.mark.parametrize(
    "name", ["", "   ", "\u200b\ufeff", "x" * 33, "a\nb", "a\tb", "\u202eevil", "a\u2066b", "a\u200fb", "a\x00"]
)
def test_w23_a_name_that_would_break_a_line_or_a_screen_is_refused(name: str) -> None:
    with pytest.raises(BadFrame):
        clean_name(name)


def test_w23_a_colour_is_one_of_the_palette() -> None:
    assert [clean_color(color) for color in PALETTE] == list(PALETTE)
    with pytest.raises(BadFrame, match="rust"):
        clean_color("#ff0000")


def test_w23_a_guest_is_the_same_every_time_and_guests_differ() -> None:
    guests = [guest_profile(f"user{number}") for number in range(2000)]
    assert guests == [guest_profile(f"user{number}") for number in range(2000)]
    assert {guest.color for guest in guests} == set(PALETTE)
    assert len({guest.name for guest in guests}) > 1000
    assert all(clean_name(guest.name) == guest.name for guest in guests)
