"""Validation of payloads and positions, and the lifetime of messages (W8, W9, W12)."""

from __future__ import annotations

import pytest

from asocial.config import load
from asocial.domain.errors import BadFrame, PayloadEmpty, PayloadTooLarge, PositionInvalid
from asocial.domain.message import Life, Position, check_position, clean_draft, clean_payload


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "hello"),
        ("  hello \n", "hello"),
        ("two\r\nlines\rand three", "two\nlines\nand three"),
        ("\u3000wide\u00a0", "wide"),
        ("x" * 500, "x" * 500),
        (" " * 100 + "x" * 500, "x" * 500),
        ("👩‍👩‍👧" * 100, "👩‍👩‍👧" * 100),
        ("שלום", "שלום"),
        ("a\tb\t", "a b"),
        ("\t\nשל\tום", "של ום"),
    ],
)
def test_w8_a_payload_is_trimmed_and_its_line_ends_made_one_kind(text: str, expected: str) -> None:
    assert clean_payload(text) == expected


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "\u2003\u3000", "\r\n", "\ufeff", "\u200b \u2060"])
def test_w8_white_space_alone_is_no_message(text: str) -> None:
    with pytest.raises(PayloadEmpty):
        clean_payload(text)


@pytest.mark.parametrize("text", ["x" * 501, "x " * 251 + "y", "é" * 501])
def test_w8_more_than_500_characters_are_too_many(text: str) -> None:
    with pytest.raises(PayloadTooLarge, match="500"):
        clean_payload(text)


@pytest.mark.parametrize("code", [0x00, 0x07, 0x0B, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9F])
@pytest.mark.parametrize("clean", [clean_payload, clean_draft])
def test_w8_control_characters_are_refused_by_name_even_at_the_ends(code: int, clean: object) -> None:
    assert callable(clean)
    with pytest.raises(BadFrame, match=f"U\\+{code:04X}"):
        clean(f"a{chr(code)}")


def test_w104_the_most_characters_are_a_setting() -> None:
    assert clean_payload("x" * 600, 600) == clean_draft("x" * 600, 600) == "x" * 600
    for clean in (clean_payload, clean_draft):
        with pytest.raises(PayloadTooLarge, match="at most 3 characters; this one has 4"):
            clean("abcd", 3)


def test_w8_a_draft_keeps_its_blanks_and_may_be_empty() -> None:
    assert clean_draft(" so far ") == " so far "
    assert clean_draft("\tso\tfar\t") == " so far "
    assert clean_draft("") == ""
    assert clean_draft("  \n") == ""


@pytest.mark.parametrize("value", [1e7 + 0.001, -1e7 - 0.001, float("inf"), float("-inf"), float("nan")])
def test_w9_a_position_is_finite_and_within_ten_million(value: float) -> None:
    for position in (Position(value, 0), Position(0, value)):
        with pytest.raises(PositionInvalid):
            check_position(position)


@pytest.mark.parametrize("value", [0.0, -1e7, 1e7, 0.25])
def test_w9_the_edges_belong_to_the_plane(value: float) -> None:
    assert check_position(Position(value, -value)) == Position(value, -value)


DEFAULT = load({}, {}).messages.life


@pytest.mark.parametrize(
    ("length", "life_ms"), [(1, 5000), (60, 5000), (61, 5050), (100, 7000), (200, 12000), (500, 12000)]
)
def test_w12_a_longer_message_lives_longer_up_to_twelve_seconds(length: int, life_ms: int) -> None:
    assert DEFAULT.of("x" * length) == life_ms


def test_w12_the_base_holds_even_where_the_maximum_is_set_below_it() -> None:
    assert Life(base=20_000, per_character=50, free_characters=60, max=12_000).of("x" * 500) == 20_000
