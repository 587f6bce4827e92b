"""Checks of what others encrypted: the server cannot make them, so each client does (W199).

Each function returns the fields that a client may use, or raises ContentInvalid.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, get_args

from ..frames import COLORS, LANDMARK_CHARACTERS, NAME_CHARACTERS, POSITION_LIMIT, STROKE_POINTS, ReactionKind
from ..text import NOT_IN_TEXTS, is_visible

MARKS = 8
KINDS = frozenset(get_args(ReactionKind))

_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_HALF = re.compile(r"[\ud800-\udfff]")
"""Half of a surrogate pair is no character."""

Fields = dict[str, Any]


class ContentInvalid(Exception):
    """The content breaks a rule of the protocol."""


def check(kind: str, content: Mapping[str, Any], payload_characters: int) -> Fields:
    """The content of a frame of this kind (W193)."""
    match kind:
        case "chat":
            text = _text(content, "payload", payload_characters, NOT_IN_TEXTS)
            return {"payload": text, "position": _position(content), **_profile(content)}
        case "typing":
            text = _text(content, "payload", payload_characters, NOT_IN_TEXTS)
            return {"payload": text, "position": _position(content)}
        case "stroke":
            return {"points": _points(content, 2), **_profile(content)}
        case "drawing":
            return {"points": _points(content, 1)}
        case "cursor":
            return {"position": _position(content)}
        case "reaction":
            if content.get("kind") not in KINDS:
                raise ContentInvalid("no such reaction")
            return {"kind": content["kind"], "position": _position(content)}
        case "view":
            size = {side: _number(content.get(side), 2 * POSITION_LIMIT) for side in ("width", "height")}
            if min(size.values()) <= 0:
                raise ContentInvalid("a view without a size")
            return {"position": _position(content), **size}
        case "profile":
            return _profile(content)
        case "landmark":
            name = _text(content, "name", LANDMARK_CHARACTERS, _NOT_IN_NAMES)
            return {"name": name, "position": _position(content)}
    raise ContentInvalid("no such kind")


def _profile(content: Mapping[str, Any]) -> Fields:
    if content.get("color") not in COLORS:
        raise ContentInvalid("no such colour")
    name = _text(content, "name", NAME_CHARACTERS, _NOT_IN_NAMES)
    return {"name": name, "color": content["color"], "on_map": content.get("on_map") is not False}


def _text(content: Mapping[str, Any], field: str, characters: int, forbidden: re.Pattern[str]) -> str:
    text = content.get(field)
    if not isinstance(text, str) or not is_visible(text) or len(text) > characters:
        raise ContentInvalid(f"{field} is missing, empty or too long")
    if forbidden.search(text) or _HALF.search(text) or _has_too_many_marks(text):
        raise ContentInvalid(f"{field} has characters that are not allowed")
    return text


def _has_too_many_marks(text: str) -> bool:
    """W44: spacing marks and format characters do not start a new count."""
    if text.isascii():
        return False
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
            if marks > MARKS:
                return True
        elif category not in ("Mc", "Cf"):
            marks = 0
    return False


def _number(value: object, limit: float = POSITION_LIMIT) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ContentInvalid("not a number")
    if not math.isfinite(value) or abs(value) > limit:
        raise ContentInvalid("a number out of range")
    return value


def _position(content: Mapping[str, Any]) -> Fields:
    position = content.get("position")
    if not isinstance(position, dict):
        raise ContentInvalid("no position")
    return {"x": _number(position.get("x")), "y": _number(position.get("y"))}


def _points(content: Mapping[str, Any], least: int) -> list[list[float]]:
    points = content.get("points")
    if not isinstance(points, list) or not least <= len(points) <= STROKE_POINTS:
        raise ContentInvalid("too few or too many points")
    if not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise ContentInvalid("a point needs two numbers")
    return [[_number(x), _number(y)] for x, y in points]
