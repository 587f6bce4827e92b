"""Landmarks: short names that an owner gives to places on the plane (W115).

Names are unique in a channel; case makes no difference. Values only: each function returns new landmarks, or raises
BadFrame.
"""

from __future__ import annotations

import unicodedata
from typing import TypeAlias

import msgspec

from .errors import BadFrame
from .ids import ID_RULE, is_id
from .message import Position, check_position
from .profile import clean_name
from .sealed import LANDMARK_BYTES, check_box

LANDMARK_CHARACTERS = 40
MAX_LANDMARKS = 20


class Landmark(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`box`: in a sealed channel, name and place as its clients encrypted them; `name` is then an id (W196)."""

    name: str
    position: Position
    box: str = ""


Landmarks: TypeAlias = tuple[Landmark, ...]


def place(landmarks: Landmarks, name: str, position: Position) -> Landmarks:
    """Place a landmark, or move the one with this name. Raises PositionInvalid too."""
    check_position(position)
    # A landmark is a place of the plane, so it keeps no anchor (W180).
    placed = Landmark(clean_name(name, LANDMARK_CHARACTERS), Position(position.x, position.y))
    return _put(landmarks, placed)


def place_sealed(landmarks: Landmarks, landmark_id: str, box: str) -> Landmarks:
    """Place a landmark that the server cannot read, or change the one with this id (W196)."""
    if not is_id(landmark_id):
        raise BadFrame(f"the name of a sealed landmark must be {ID_RULE}")
    check_box(box, LANDMARK_BYTES)
    return _put(landmarks, Landmark(landmark_id, Position(0.0, 0.0), box))


def _put(landmarks: Landmarks, placed: Landmark) -> Landmarks:
    at = _find(landmarks, placed.name)
    if at is not None:
        return (*landmarks[:at], placed, *landmarks[at + 1 :])
    if len(landmarks) >= MAX_LANDMARKS:
        raise BadFrame(f"a channel may have at most {MAX_LANDMARKS} landmarks")
    return (*landmarks, placed)


def rename(landmarks: Landmarks, name: str, new_name: str) -> Landmarks:
    """Rename a landmark. A name that no landmark has changes nothing."""
    wanted = clean_name(new_name, LANDMARK_CHARACTERS)
    at = _find(landmarks, name)
    if at is None:
        return landmarks
    if _find(landmarks, wanted) not in (None, at):
        raise BadFrame("another landmark of this channel has that name")
    return (*landmarks[:at], Landmark(wanted, landmarks[at].position), *landmarks[at + 1 :])


def remove(landmarks: Landmarks, name: str) -> Landmarks:
    """Remove a landmark. A name that no landmark has changes nothing."""
    at = _find(landmarks, name)
    return landmarks if at is None else (*landmarks[:at], *landmarks[at + 1 :])


def _find(landmarks: Landmarks, name: str) -> int | None:
    wanted = _folded(name)
    return next((at for at, landmark in enumerate(landmarks) if _folded(landmark.name) == wanted), None)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
