"""Messages while they live, by channel: kept for those who join late, gone with their last moment."""

from __future__ import annotations

import msgspec

LIMIT_BYTES = 16 * 1024 * 1024
"""Of all messages that live here. Above it those that end soonest are dropped early; only late joiners miss them."""
MESSAGE_BYTES = 450
"""What a message costs beside its body: its ids, its times, its places here."""
SLOT_MS = 100
"""Messages whose ends are this near to each other are let go of together."""


class LiveMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message as long as it lives. `body` is the JSON of its `chat` frame; times are ms of the server's clock."""

    user_id: str
    message_id: str
    timestamp: int
    expires_at: int
    body: bytes
    number: int = 0
    """Of its frame, as the process that it was said on publishes it (ports.Batch). 0: unknown."""


class LiveMessageIndex:
    """Messages by channel and by (user, message id), which names one (W13). Times are ms of the server's clock.

    Ends are kept by slots of time. Looking through all that live for those that are over would be a pause that
    everybody notices, where 30,000 are said in a second. At most `limit_bytes` are kept, over all channels.
    """

    __slots__ = ("_bytes", "_channels", "_ends", "_expired_slot", "_limit_bytes")

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._channels: dict[str, dict[tuple[str, str], LiveMessage]] = {}
        self._ends: dict[int, list[tuple[str, LiveMessage]]] = {}
        self._expired_slot = 0
        """The slot of the last look."""

    def add(self, channel: str, message: LiveMessage) -> None:
        """Keep `message`, which was said just now; those that are over meanwhile are let go of, a few with each."""
        messages = self._channels.setdefault(channel, {})
        key = (message.user_id, message.message_id)
        if key in messages:
            self._bytes -= _cost(messages[key])
        messages[key] = message
        self._bytes += _cost(message)
        self._ends.setdefault(message.expires_at // SLOT_MS, []).append((channel, message))
        if message.timestamp // SLOT_MS > self._expired_slot:
            self.expire(message.timestamp)
        while self._bytes > self._limit_bytes:
            for gone in self._ends.pop(min(self._ends)):
                self._remove(*gone)

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        """That message, if it still lives."""
        message = self._channels.get(channel, {}).get((user_id, message_id))
        return message if message is not None and message.expires_at > now_ms else None

    def of(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """Those that live in a channel, ordered by `timestamp`."""
        messages = self._channels.get(channel, {}).values()
        return sorted((m for m in messages if m.expires_at > now_ms), key=lambda m: m.timestamp)

    def forget(self, channel: str, until: int) -> list[LiveMessage]:
        """Let go of what was said in a channel until then, that moment included. Returns what that was."""
        messages = self._channels.get(channel, {})
        gone = [message for message in messages.values() if message.timestamp <= until]
        for message in gone:
            self._remove(channel, message)
        return gone

    def channels(self) -> list[str]:
        return list(self._channels)

    def expire(self, now_ms: int) -> None:
        """Let go of all that is over."""
        self._expired_slot = now_ms // SLOT_MS
        for slot in [slot for slot in self._ends if slot <= self._expired_slot]:
            later = []
            for channel, message in self._ends.pop(slot):
                if message.expires_at <= now_ms:
                    self._remove(channel, message)
                else:
                    later.append((channel, message))
            if later:
                self._ends[slot] = later

    def clear(self) -> None:
        self._channels.clear()
        self._ends.clear()
        self._bytes = 0

    def _remove(self, channel: str, message: LiveMessage) -> None:
        """Unless it is gone already, or another one has its name."""
        messages = self._channels.get(channel, {})
        key = (message.user_id, message.message_id)
        if messages.get(key) is message:
            del messages[key]
            self._bytes -= _cost(message)
            if not messages:
                del self._channels[channel]


def _cost(message: LiveMessage) -> int:
    return len(message.body) + MESSAGE_BYTES
