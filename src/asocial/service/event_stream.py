"""What happens in a channel as a stream of events, for a program that reads over HTTP (W135).

Each reliable frame becomes one event. Drafts, cursors and other volatile frames are left out.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence

import msgspec

from ..domain.errors import Disconnect, TooSlow
from ..domain.flush import Piece, Shared
from ..domain.live_message import LiveMessage
from ..protocol.framing import split_frames, text_frame
from .writing import UNSENT_LIMIT_BYTES

EVENTS = frozenset(
    ("chat", "stroke", "user_joined", "user_left", "user_updated", "user_count", "channel_updated", "cleared", "clock")
)


class _Frame(msgspec.Struct):
    type: str
    message_id: str = ""
    timestamp: int = 0
    expires_at: int | msgspec.UnsetType = msgspec.UNSET


_read = msgspec.json.Decoder(_Frame).decode


class EventStream:
    """The Connection of a program that reads events. `take` returns those that wait, as text/event-stream."""

    def __init__(self) -> None:
        self.id = secrets.token_urlsafe(9)
        self.closed_with: Disconnect | None = None
        self._events: list[bytes] = []
        self._size = 0
        self._wake = asyncio.Event()

    @property
    def is_behind(self) -> bool:
        return self._size > 0

    @property
    def unsent_bytes(self) -> int:
        return self._size

    def is_gone(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        if self.closed_with is not None:
            return
        for _, _, payload in split_frames(data):
            event = _event(payload)
            self._events.append(event)
            self._size += len(event)
        if self._size > UNSENT_LIMIT_BYTES:
            self.close(TooSlow())
        self._wake.set()

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        for piece in (shared.data,) if pieces is None else pieces:
            self.write(bytes(piece))

    def close(self, disconnect: Disconnect) -> None:
        if self.closed_with is None:
            self.closed_with = disconnect
            self._wake.set()

    async def take(self, within_s: float) -> bytes:
        """The events that wait, once there are any. Empty after `within_s`, or if the stream is closed."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return b""
        self._wake.clear()
        events, self._events, self._size = b"".join(self._events), [], 0
        return events


def after(messages: Iterable[LiveMessage], event_id: str) -> bytes:
    """The frames of those messages that came after an event. All of them, if the id is of no message."""
    timestamp, _, message_id = event_id.partition("-")
    since = int(timestamp) if timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 20 else 0
    return b"".join(
        text_frame(message.body)
        for message in messages
        if message.timestamp >= since and (message.timestamp, message.message_id) != (since, message_id)
    )


def _event(payload: bytes) -> bytes:
    frame = _read(payload)
    # A stroke without an end is being drawn.
    if frame.type not in EVENTS or (frame.type == "stroke" and frame.expires_at is msgspec.UNSET):
        return b""
    name = frame.type.encode()
    # Only messages can be sent again, so only they have an id.
    number = f"id: {frame.timestamp}-{frame.message_id}\n".encode() if frame.type in ("chat", "stroke") else b""
    return b"event: %b\n%bdata: %b\n\n" % (name, number, payload)
