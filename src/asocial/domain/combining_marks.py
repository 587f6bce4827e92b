"""How many combining marks one character may carry (W44).

Without a limit, stacked marks paint over the lines above and below. Real writing needs few: a letter of the Hebrew
Bible with its accents has five, and the tallest stack we know of, a Tibetan monogram, has eight.
"""

from __future__ import annotations

import re
import unicodedata

MAX_MARKS = 8
MARKS_RULE = f"a character may carry at most {MAX_MARKS} combining marks"

# Marks are neither letters nor digits nor white space, so only long runs of such characters are examined.
_SUSPECT = re.compile(rf"[^\w\s\x00-\x7f]{{{MAX_MARKS + 1},}}")
_STACKED = frozenset(("Mn", "Me"))
_BETWEEN = frozenset(("Mc", "Cf"))
"""Spacing marks and invisible joiners belong to the character before them and do not start a new stack."""


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
