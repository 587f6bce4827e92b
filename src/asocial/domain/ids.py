"""The format of ids that clients choose: channels, users, messages."""

from __future__ import annotations

import os
import re

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
_VERSION_4 = 0x4 << 76 | 0b10 << 62
_RANDOM_BITS = ~(0xF << 76 | 0b11 << 62)


def is_id(text: str) -> bool:
    """Whether `text` is a channel name, a user id or a message id."""
    return _ID.fullmatch(text) is not None


def is_embedded(channel: str) -> bool:
    """Whether the channel lies over a page of another site: only the configuration gives it an owner."""
    return channel.startswith(EMBED_PREFIX)


def new_message_id() -> str:
    """A UUID, for a message or an event whose sender gave no id.

    A random one, of version 4 (RFC 9562, 5.4), as `str(uuid.uuid4())` makes it, in a quarter of the time.
    """
    random = int.from_bytes(os.urandom(16), "big")
    digits = f"{random & _RANDOM_BITS | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def may_be_claimed(user_id: str) -> bool:
    """Whether a client may claim this id (W105): it does not look like an id that the server makes."""
    return _ISSUED.fullmatch(user_id) is None
