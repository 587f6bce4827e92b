"""Whether a text shows anything (W8, W23). Characters that most fonts draw as nothing do not count.

Unicode has no single property for that. These never show by themselves:

- white space, controls, surrogates, private use, and code points that are no characters;
- default-ignorable code points (DerivedCoreProperties.txt): fillers, joiners, variation selectors, tags. Python's
  unicodedata does not have this property, so its ranges are listed here;
- marks (Mn, Me), which need a character to stand on;
- three characters that have a blank glyph by definition.

Unassigned code points count as visible: a newer Unicode than this Python's may define them, such as new emoji.
"""

from __future__ import annotations

import re
import unicodedata

DEFAULT_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
BLANK = (0x2800, 0x1D159, 0x16FE4)
"""Braille pattern blank, musical symbol null notehead, Khitan small script filler."""
_IGNORABLE = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in DEFAULT_IGNORABLE)}]")
_ASCII_INVISIBLE = "".join(map(chr, (*range(0x21), 0x7F)))
_NEVER_VISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Mn", "Me", "Zs", "Zl", "Zp"))


def is_visible(text: str) -> bool:
    """Whether at least one character of `text` shows by itself."""
    if text.isascii():  # the usual case, and much cheaper than the loop below
        return bool(text.strip(_ASCII_INVISIBLE))
    return any(map(_shows, text))


def _shows(character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) in _NEVER_VISIBLE or code in BLANK:
        return False
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noncharacters (Unicode 23.7)
        return False
    return not _IGNORABLE.match(character)
