"""The rules of a message: its text, position and life (W8, W9, W12), as functions of values.

Never here: who posts it, or what time it is.
"""

from __future__ import annotations

import re
from typing import Annotated, NamedTuple

import msgspec

from .combining_marks import MARKS_RULE, has_too_many_marks
from .errors import BadFrame, PayloadEmpty, PayloadInvisible, PayloadTooLarge, PositionInvalid
from .visible import is_visible

PAYLOAD_CHARACTERS = 500
"""The most characters of a payload, unless the settings say otherwise (W104)."""
POSITION_LIMIT = 10_000_000

# C0 without \t and \n, DEL and C1: invisible, and some of them control terminals that show logs. And the two
# bidirectional overrides, which show text in another order: no language needs them, but forgers use them (Unicode TR
# 36, 3.1). Isolates, embeddings and marks are allowed: people mix directions with them, and they end with the message.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")


ANCHOR_CHARACTERS = 200
ANCHOR_PATTERN = r"^[!-~]*$(?!\n)"
"""ASCII without white space: nothing that a terminal or a page could show as something else."""

Anchor = Annotated[str, msgspec.Meta(max_length=ANCHOR_CHARACTERS, pattern=ANCHOR_PATTERN)]


class Position(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A point of the plane in CSS pixels at zoom 1; x grows to the right, y downwards."""

    x: float
    y: float
    anchor: Anchor = ""
    """What the point belongs to on a web page with an embedded channel (W180). Only clients read it."""


class Life(msgspec.Struct, frozen=True, gc=False):
    """How long messages live: `base` ms, plus `per_character` ms for each past `free_characters`, at most `max` ms."""

    base: int
    per_character: int
    free_characters: int
    max: int

    def of(self, payload: str) -> int:
        """The life of a message in ms. A longer text takes longer to read."""
        return self.of_length(len(payload))

    def of_length(self, characters: int) -> int:
        """The life of a message of so many characters, in ms."""
        if characters <= self.free_characters:
            return self.base
        extra = (characters - self.free_characters) * self.per_character
        return min(self.base + extra, max(self.base, self.max))


class Dated(NamedTuple):
    """A message or a finished stroke: the JSON of its frame, the frame, and its times in ms."""

    payload: bytes
    frame: bytes
    timestamp: int
    expires_at: int

    def is_live(self, now_ms: int, after_ms: int) -> bool:
        """Whether it still lives, and was posted after `after_ms`."""
        return self.expires_at > now_ms and self.timestamp > after_ms


def check_position(position: Position) -> Position:
    """Return `position`; raise PositionInvalid unless both coordinates are finite and within ±10,000,000."""
    # Comparisons with NaN are false.
    if -POSITION_LIMIT <= position.x <= POSITION_LIMIT and -POSITION_LIMIT <= position.y <= POSITION_LIMIT:
        return position
    raise PositionInvalid(f"x and y must be finite numbers within ±{POSITION_LIMIT:,}")


def clean_draft(payload: str, max_characters: int = PAYLOAD_CHARACTERS) -> str:
    """The draft as others see it: `\\n` for every line end, a space for every tab, white space at the ends kept.

    Empty if no character of it is visible. Raises PayloadTooLarge above `max_characters`, BadFrame for a control
    character or too many marks.
    """
    text = _within_limit(_plain(payload), max_characters)
    return text if is_visible(text) else ""


def clean_payload(payload: str, max_characters: int = PAYLOAD_CHARACTERS) -> str:
    """A message's text, trimmed: 1 to `max_characters` characters.

    Raises PayloadEmpty if no character of it is visible, and what `clean_draft` raises.
    """
    if payload.isascii() and payload.isprintable():  # the usual case: what is left to check is its length
        text = payload.strip()
        if text and len(text) <= max_characters:
            return text
    # Checked for control characters before trimming, because str.strip() treats some of them as white space.
    text = _plain(payload).strip()
    if not is_visible(text):
        raise (PayloadInvisible if text else PayloadEmpty)("a message needs at least one visible character")
    return _within_limit(text, max_characters)


def _plain(payload: str) -> str:
    if payload.isascii() and payload.isprintable():
        return payload
    text = payload.replace("\r\n", "\n").replace("\r", "\n") if "\r" in payload else payload
    if "\t" in text:
        text = text.replace("\t", " ")
    found = _CONTROL.search(text)
    if found:
        raise BadFrame(
            "a payload must not contain control characters other than tabs and line breaks; this one has "
            f"U+{ord(found[0]):04X}"
        )
    if has_too_many_marks(text):
        raise BadFrame(MARKS_RULE)
    return text


def _within_limit(text: str, max_characters: int) -> str:
    if len(text) > max_characters:
        raise PayloadTooLarge(f"a payload may have at most {max_characters} characters; this one has {len(text)}")
    return text
