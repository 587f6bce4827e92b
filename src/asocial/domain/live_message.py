"""A message that is live: what the index keeps, and what processes tell each other."""

from __future__ import annotations

import msgspec


class LiveMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A live message or stroke. `body` is the JSON of its frame; times are ms of the server's clock."""

    user_id: str
    message_id: str
    timestamp: int
    expires_at: int
    body: bytes
    number: int = 0
    """The number of its frame, as published by the process that posted it (ports.Batch). 0: unknown."""
    stroke: bool = False
    """Whether it is a stroke: its frame is then a `stroke`, else a `chat`."""
