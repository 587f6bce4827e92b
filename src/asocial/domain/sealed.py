"""Sealed channels: what the server can check of frames that it cannot read (W190 to W199).

A box is what a client has encrypted. The server knows no key: it sees the length of a box, and nothing else of it.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from .errors import BadFrame, PayloadTooLarge

SEALED_PREFIX = "sealed-"
_CHANNEL = re.compile(rf"{SEALED_PREFIX}[A-Za-z0-9_-]{{43}}")
_BOX = re.compile(r"[A-Za-z0-9_-]*")

SealedKind: TypeAlias = Literal["chat", "typing", "stroke", "drawing", "cursor", "reaction", "view", "profile"]
KINDS_WITH_ID = frozenset(("chat", "typing", "stroke", "drawing"))
"""Kinds whose frames have a message id."""
KINDS_WITH_END = frozenset(("typing", "drawing"))
"""Kinds whose empty box ends what was shown."""

MAX_PEOPLE = 200
"""The most users of a sealed channel, on all processes."""
STEP_BYTES = 64
"""Clients pad what they encrypt to a multiple of this."""
OVERHEAD_BYTES = 1 + 8 + 6 + 12 + 16
"""A box without its ciphertext: version, stream, counter, nonce, tag."""
FREE_BYTES = 192
"""What a padded message may have before its size counts for its life: its position, name and colour are in it."""
LANDMARK_BYTES = 384
"""The largest padded landmark."""


def is_sealed(channel: str) -> bool:
    """Whether this is the id of a sealed channel: nobody can read its name in it."""
    return _CHANNEL.fullmatch(channel) is not None


def frame_limit(frame_bytes: int) -> int:
    """The largest frame of a sealed channel: a box is Base64, a third larger than its bytes."""
    return frame_bytes * 3 // 2


def check_box(box: str, max_bytes: int) -> int:
    """The padded size of what is in the box. Raises BadFrame, or PayloadTooLarge above `max_bytes`."""
    if not _BOX.fullmatch(box) or len(box) % 4 == 1:
        raise BadFrame("a box must be Base64 with the URL alphabet and without padding")
    padded = len(box) * 3 // 4 - OVERHEAD_BYTES
    if padded < STEP_BYTES or padded % STEP_BYTES:
        raise BadFrame(f"a box must have {OVERHEAD_BYTES} bytes and a positive multiple of {STEP_BYTES}")
    if padded > max_bytes:
        raise PayloadTooLarge(f"a box may hold at most {max_bytes} bytes; this one has {padded}")
    return padded
