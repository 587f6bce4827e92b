"""Text on its way to and from a terminal."""

from __future__ import annotations

import pytest
from asocial_client.text import NOT_IN_TEXTS, clean, cut, is_visible, printable, split

from asocial.domain import message, visible


@pytest.mark.parametrize(
    ("line", "payload"),
    [
        ("plain\n", "plain"),
        ("\x1b[1;31mred\x1b[0m and \x1b]8;;http://a\x1b\\a link\x1b]8;;\x07", "red and a link"),
        ("50%\rdone\r\n", "50%\ufffddone"),
        ("a\tb", "a\tb"),
        ("\x1b(B\x1b[m", ""),
    ],
)
def test_a_line_of_a_program_becomes_a_payload(line: str, payload: str) -> None:
    assert clean(line) == payload


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("short", ["short"]),
        ("", []),
        ("one two three four", ["one two", "three four"]),
        ("abcdefghijklmno", ["abcdefghij", "klmno"]),
        ("a bcdefghijklmn", ["a bcdefghi", "jklmn"]),
        ("exactly 10", ["exactly 10"]),
    ],
)
def test_a_long_line_is_split_at_spaces_and_nothing_is_lost(line: str, pieces: list[str]) -> None:
    assert split(line, 10) == pieces
    assert "".join(pieces).replace(" ", "") == line.replace(" ", "")


def test_a_long_line_is_cut_with_an_ellipsis() -> None:
    assert cut("exactly 10", 10) == ["exactly 10"]
    assert cut("eleven char", 10) == ["eleven ch…"]


def test_w46_what_others_wrote_cannot_control_the_terminal_or_turn_the_line_around() -> None:
    assert printable("a\x1b[2Jb\x9b") == "a\ufffd[2Jb\ufffd"
    assert printable("שלום") == "\u2068שלום\u2069"
    assert printable("hello") == "hello"


def test_w8_the_client_has_the_servers_rules() -> None:
    characters = [chr(code) for code in range(0x110000)]
    assert [is_visible(each) for each in characters] == [visible.is_visible(each) for each in characters]
    assert NOT_IN_TEXTS == message._CONTROL


@pytest.mark.parametrize("text", ["", " \t\n", "\u200b\u2800", "\u0301"])
def test_w8_what_shows_nothing_is_not_visible(text: str) -> None:
    assert not is_visible(text)
    assert is_visible(f"{text}a")
