"""How many marks may pile up on one character (W44).

Stacked without end, combining marks paint over everything above and below. Real writing needs a few: five on a
letter of the Hebrew Bible with its accents, and the tallest stack we know of, a Tibetan monogram, has eight.
"""

from __future__ import annotations

import re
import unicodedata

MAX_MARKS = 8
MARKS_RULE = f"a character carries at most {MAX_MARKS} combining marks"

# Marks are neither letters nor digits nor white space: only where so many such characters meet is more to look at.
_SUSPECT = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
_STACKED = frozenset(("Mn", "Me"))
_BETWEEN = frozenset(("Mc", "Cf"))
"""Spacing marks and invisible joiners stay with the character before them: they start no new stack."""


def has_too_many_marks(text: str) -> bool:
    """Whether a character of `text` carries more than MAX_MARKS combining marks (Unicode categories Mn and Me)."""
    for suspect in _SUSPECT.finditer(text):
        marks = 0
        for character in suspect[0]:
            category = unicodedata.category(character)
            if category in _STACKED:
                marks += 1
                if marks > MAX_MARKS:
                    return True
            elif category not in _BETWEEN:
                marks = 0
    return False
