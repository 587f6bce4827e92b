"""The format of ids that clients choose: channels, users, messages."""

from __future__ import annotations

import re

from .random_ids import random_uuid

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
ID_PATTERN = f"^{_ID.pattern}$"
"""For JSON Schema. In Python, `$` also fits before a line break at the end, so `is_id` decides."""

GUEST_PREFIX = "g-"
"""The server's ids for guests begin with this."""
KEY_PREFIX = "key-"
"""The ids of API keys begin with this."""
_ISSUED = re.compile(r"[gG][-_].*|[kK][eE][yY][-_].*|(?=.*[a-z])(?=.*[A-Z]).{16}")
"""Ids of guests and of API keys, and ids that look like one. Earlier versions made ids without a prefix: 16 random
characters, nearly always with capital and small letters."""
ID_RULE = "1 to 64 of the characters A-Z a-z 0-9 _ -"
DEFAULT_CHANNEL = "default"
EMBED_PREFIX = "embed-"
"""Channels over pages of other sites begin with this (W182). web/embed/channel-name.ts makes their names."""


def is_id(text: str) -> bool:
    """Whether `text` is a channel name, a user id or a message id."""
    return _ID.fullmatch(text) is not None


def is_embedded(channel: str) -> bool:
    """Whether the channel lies over a page of another site: only the configuration gives it an owner."""
    return channel.startswith(EMBED_PREFIX)


def new_message_id() -> str:
    """A UUID, for a message or an event whose sender gave no id."""
    return random_uuid()


def may_be_claimed(user_id: str) -> bool:
    """Whether a client may claim this id (W105): it does not look like an id that the server makes."""
    return _ISSUED.fullmatch(user_id) is None
