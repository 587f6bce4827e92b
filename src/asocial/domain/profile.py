"""A member's profile: name and colour.

A first visit needs no form, so both are derived from the user id: the same person has the same name after a reconnect
and on every process, and nothing is stored. The colour derived is the one that a newcomer gets if nobody else is there
(palette.py).
"""

from __future__ import annotations

import re
import zlib
from typing import Self

import msgspec

from .combining_marks import MARKS_RULE, has_too_many_marks
from .errors import BadFrame, NameInvisible
from .guest_names import guest_name
from .palette import PALETTE
from .visible import is_visible

NAME_CHARACTERS = 32

# Control characters, and the bidirectional controls, with which a name could reorder the line that it is in
# (Unicode TR 36, 3.1: embeddings, overrides, isolates and marks).
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Profile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A name of 1 to 32 characters and a colour of PALETTE. `on_map`: others may show where the user is (W31).

    `changed_at`: when the user chose it (ms, server clock), 0 if unknown. It decides between two after an outage.
    """

    name: str
    color: str
    on_map: bool = True
    changed_at: int = 0


class Member(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A user who is present in a channel, since `joined_at` (ms, server clock)."""

    user_id: str
    name: str
    color: str
    joined_at: int
    on_map: bool = True

    @classmethod
    def of(cls, user_id: str, profile: Profile, joined_at: int) -> Self:
        return cls(user_id, profile.name, profile.color, joined_at, profile.on_map)

    @property
    def profile(self) -> Profile:
        return Profile(self.name, self.color, self.on_map)


def clean_name(name: str, max_characters: int = NAME_CHARACTERS) -> str:
    """The name trimmed, with runs of white space folded. Raises BadFrame, whose message says what is allowed."""
    if _FORBIDDEN.search(name):
        raise BadFrame("a name must not contain control or bidirectional-override characters")
    if has_too_many_marks(name):
        raise BadFrame(MARKS_RULE)
    folded = " ".join(name.split())
    if not is_visible(folded):
        raise (NameInvisible if folded else BadFrame)("a name needs at least one visible character")
    if len(folded) > max_characters:
        raise BadFrame(f"a name must have 1 to {max_characters} characters; this one has {len(folded)}")
    return folded


def clean_color(color: str) -> str:
    """`color`, if it is one of PALETTE. Raises BadFrame otherwise."""
    if color not in PALETTE:
        raise BadFrame(f"color must be one of {', '.join(PALETTE)}")
    return color


def guest_profile(user_id: str, language: str = "") -> Profile:
    """The default name and colour for a user id. Always the same for one id and language (W123)."""
    digest = zlib.crc32(user_id.encode())
    return Profile(guest_name(digest, language), PALETTE[digest // 4096 % len(PALETTE)])
