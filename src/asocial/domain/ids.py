"""The shape of names that clients choose: channels, users, messages."""

from __future__ import annotations

import re
import uuid

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

GUEST_PREFIX = "g-"
"""What the server's ids for guests begin with."""
_ISSUED = re.compile(r"[gG][-_].*|(?=.*[a-z])(?=.*[A-Z]).{16}")
"""Ids that are guests', or look like one. Guests' ids had no prefix once: 16 random characters, nearly always of both
cases."""
ID_RULE = "1 to 64 of the characters A-Z a-z 0-9 _ -"
DEFAULT_CHANNEL = "default"


def is_id(text: str) -> bool:
    """Whether `text` is a channel name, a user id or a message id."""
    return _ID.fullmatch(text) is not None


def new_message_id() -> str:
    """A UUID, for what clients expect an id of and give none."""
    return str(uuid.uuid4())


def may_be_claimed(user_id: str) -> bool:
    """Whether a client may claim this id (W105): it is no guest's, and does not look like one."""
    return _ISSUED.fullmatch(user_id) is None
