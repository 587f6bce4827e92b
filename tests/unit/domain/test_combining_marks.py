"""W44: how many combining marks one character may have."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asocial.domain.combining_marks import MAX_MARKS, has_too_many_marks

ACUTE = "\u0301"
TEXTS_OF_REAL_LANGUAGES = {
    "Vietnamese, decomposed": unicodedata.normalize("NFD", "Tiếng Việt: những chữ được đặt dấu"),
    "Biblical Hebrew": "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם",
    "Arabic with vowels": "بِسْمِ ٱللَّٰهِ ٱلرَّحْمَٰنِ ٱلرَّحِيمِ",
    "Thai": "ก็ไม่รู้เหมือนกัน น้ำใจ",
    "Hindi": "स्त्री और पुरुष; क्ष्म्य",
    "Tamil": "க்ஷௌ ஸ்ரீ",
    "Burmese": "မြန်မာဘာသာ ကျွန်ုပ်",
    "Khmer": "ភាសាខ្មែរ ស្ត្រី",
    "Tibetan": "བོད་སྐད། རྒྱུད་བླ་མ",
    "a Tibetan monogram of eight": "\u0f67\u0f90\u0fb5\u0fa8\u0fb3\u0fba\u0fbc\u0fbb\u0f82",
    "phonetics": "[ˈt͡ʃɛ̝̃̀ːs]",
    "emoji": "👩🏽‍❤️‍💋‍👨🏿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 1️⃣ ☎️ 🇳🇵",
}


@pytest.mark.parametrize("text", TEXTS_OF_REAL_LANGUAGES.values(), ids=TEXTS_OF_REAL_LANGUAGES)
def test_w44_text_of_real_languages_is_unchanged(text: str) -> None:
    assert not has_too_many_marks(text)
    assert not has_too_many_marks(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("text", "too_many"),
    [
        ("Z" + ACUTE * MAX_MARKS, False),
        ("Z" + ACUTE * (MAX_MARKS + 1), True),
        ("a" * 50 + "Z" + ACUTE * 90, True),
        (("Z" + ACUTE * MAX_MARKS) * 20, False),
        (ACUTE * (MAX_MARKS + 1), True),
        ("Z" + "\u20dd" * (MAX_MARKS + 1), True),
        ("ส" + "\u0e47" * (MAX_MARKS + 1), True),
        ("Z" + (ACUTE * 3 + "\u200d") * 4, True),
        ("Z" + (ACUTE * 3 + "\u034f") * 3, True),
        ("क" + (ACUTE * 3 + "\u0903") * 4, True),
        ("Z" + (ACUTE * 3 + "!") * 9, False),
        ("。" * 40, False),
        ("😀" * 40, False),
    ],
)
def test_w44_eight_marks_are_enough(text: str, too_many: bool) -> None:
    assert has_too_many_marks(text) is too_many


def slowly(text: str) -> bool:
    """The rule, word for word."""
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
        elif category not in ("Mc", "Cf"):
            marks = 0
        if marks > MAX_MARKS:
            return True
    return False


@given(
    st.text(st.sampled_from("aक1 \n!😀。_" + ACUTE + "\u20dd\u0e47\u0903\u200d\u0300\ufe0f"), max_size=60) | st.text()
)
def test_w44_the_fast_check_agrees_with_the_slow_one(text: str) -> None:
    assert has_too_many_marks(text) is slowly(text)
