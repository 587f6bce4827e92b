"""The shape of names that clients choose: channels, users, messages."""

from __future__ import annotations

import re
import uuid

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

ID_RULE = "1 to 64 of the characters A-Z a-z 0-9 _ -"
DEFAULT_CHANNEL = "default"


def is_id(text: str) -> bool:
    """Whether `text` is a channel name, a user id or a message id."""
    return _ID.fullmatch(text) is not None


def new_message_id() -> str:
    """A UUID, for what clients expect an id of and give none."""
    return str(uuid.uuid4())
