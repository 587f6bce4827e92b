"""Whether a text has a visible character (W8, W23).

web/tests/shared/text/text.test.ts compares the ranges with Unicode.
"""

from __future__ import annotations

import unicodedata

import pytest

from asocial.domain.errors import BadFrame, PayloadEmpty
from asocial.domain.message import clean_draft, clean_payload
from asocial.domain.profile import clean_name
from asocial.domain.visible import BLANK, DEFAULT_IGNORABLE, is_visible

NOTHING = {
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Hangul choseong filler": "\u115f",
    "Hangul jungseong filler": "\u1160",
    "Braille pattern blank": "\u2800",
    "combining grapheme joiner": "\u034f",
    "variation selector 16": "\ufe0f",
    "variation selector 17": "\U000e0100",
    "Khmer inherent vowel": "\u17b4",
    "Mongolian variation selector": "\u180b",
    "unassigned and default-ignorable": "\ufff0",
    "private use": "\ue000",
    "noncharacter": "\ufffe",
    "noncharacter of another plane": "\U0001ffff",
    "noncharacter of the BMP's block": "\ufdd0",
    "tag space": "\U000e0020",
    "soft hyphen": "\u00ad",
    "zero width space": "\u200b",
    "no-break space": "\u00a0",
    "ideographic space": "\u3000",
    "line separator": "\u2028",
    "musical null notehead": "\U0001d159",
    "Khitan filler": "\U00016fe4",
    "musical formatting": "\U0001d173",
    "a mark without a base": "\u0301",
    "an enclosing mark without a base": "\u20dd",
    "several of them": "\u3164 \u2800\u200d\ufe0f\u00a0",
}
SOMETHING = {
    "a letter": "a",
    "a digit": "7",
    "punctuation": ".",
    "a letter with a mark": "e\u0301",
    "a Hangul syllable": "\ud55c",
    "a spacing mark": "\u0903",
    "an emoji": "\U0001f98a",
    "an emoji sequence": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "an emoji of a newer Unicode": "\U0001fae9",
    "a Braille cell": "\u2801",
    "a letter among fillers": "\u3164\u3164x\u3164",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in NOTHING.items()])
def test_w8_w23_invisible_text_is_no_name_no_message_and_no_draft(text: str) -> None:
    assert not is_visible(text)
    with pytest.raises(BadFrame):
        clean_name(text)
    with pytest.raises(PayloadEmpty):
        clean_payload(text)
    assert clean_draft(text) == ""


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in SOMETHING.items()])
def test_w8_w23_one_visible_character_is_enough(text: str) -> None:
    assert is_visible(text)
    assert clean_name(text)
    assert clean_payload(text)
    assert clean_draft(text) == text


def test_the_empty_text_and_ascii_controls_show_nothing() -> None:
    assert not is_visible("")
    assert not any(is_visible(chr(code)) for code in (*range(0x21), 0x7F))
    assert all(is_visible(chr(code)) for code in range(0x21, 0x7F))


def test_every_format_character_and_every_space_shows_nothing() -> None:
    """By Python's own tables, whatever their version."""
    for code in range(0x110000):
        if 0xD800 <= code <= 0xDFFF:
            continue
        character = chr(code)
        ignorable = any(first <= code <= last for first, last in DEFAULT_IGNORABLE)
        if character.isspace() or unicodedata.category(character) == "Cf" or ignorable or code in BLANK:
            assert not is_visible(character), f"U+{code:04X}"
