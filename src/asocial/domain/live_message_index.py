"""Live messages and strokes by channel, for people who join. They are removed when their life is over."""

from __future__ import annotations

from itertools import islice

from .live_message import LiveMessage

LIMIT_BYTES = 16 * 1024 * 1024
"""The size of all live messages here. Above it, those that end first are dropped early; only new members miss them."""
CHANNEL_MESSAGES = 5_000
"""The most messages of one channel. Above it, the oldest are dropped early, a fifth of them at once."""
MESSAGE_BYTES = 450
"""What a message costs besides its body: ids, times, index entries."""
SLOT_MS = 100
"""Messages that end within the same slot of time are removed together."""


class LiveMessageIndex:
    """Messages by channel and by (user, message id), which is unique (W13). Times are ms of the server's clock.

    Ends are indexed by slots of time. With 30,000 messages a second, searching all messages for expired ones would be a
    pause that everybody notices. At most `limit_bytes` are kept, over all channels, and `channel_messages` of each.
    """

    __slots__ = ("_bytes", "_channel_messages", "_channels", "_dropped", "_ends", "_expired_slot", "_limit_bytes")

    def __init__(self, limit_bytes: int = LIMIT_BYTES, channel_messages: int = CHANNEL_MESSAGES) -> None:
        self._limit_bytes = limit_bytes
        self._channel_messages = channel_messages
        self._dropped = 0
        self._bytes = 0
        self._channels: dict[str, dict[tuple[str, str], LiveMessage]] = {}
        self._ends: dict[int, list[tuple[str, LiveMessage]]] = {}
        self._expired_slot = 0
        """The slot up to which messages were expired."""

    def add(self, channel: str, message: LiveMessage) -> None:
        """Add `message`, which was posted just now. Also removes messages that expired meanwhile."""
        messages = self._channels.get(channel)
        if messages is None:
            messages = self._channels[channel] = {}
        messages[message.user_id, message.message_id] = message
        # Counted as long as it is in `_ends`, which keeps what was removed early until its life is over.
        self._bytes += _cost(message)
        slot = message.expires_at // SLOT_MS
        ends = self._ends.get(slot)
        if ends is None:
            ends = self._ends[slot] = []
        ends.append((channel, message))
        if message.timestamp // SLOT_MS > self._expired_slot:
            self.expire(message.timestamp)
        if len(messages) > self._channel_messages:
            for oldest in list(islice(messages.values(), max(1, self._channel_messages // 5))):
                self._remove(channel, oldest)
                self._dropped += 1
        while self._bytes > self._limit_bytes:
            for channel_name, gone in self._ends.pop(min(self._ends)):
                self._bytes -= _cost(gone)
                self._dropped += self._remove(channel_name, gone)

    def take_dropped(self) -> int:
        """How many live messages were dropped because of a limit since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        """The message with this id, if it is live."""
        messages = self._channels.get(channel)
        message = None if messages is None else messages.get((user_id, message_id))
        return message if message is not None and message.expires_at > now_ms else None

    def of(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """The live messages of a channel, ordered by `timestamp`."""
        messages = self._channels.get(channel)
        if messages is None:
            return []
        return sorted([m for m in messages.values() if m.expires_at > now_ms], key=lambda m: m.timestamp)

    def forget(self, channel: str, until: int) -> list[LiveMessage]:
        """Remove a channel's messages up to `until`, included. Returns them."""
        messages = self._channels.get(channel, {})
        gone = [message for message in messages.values() if message.timestamp <= until]
        for message in gone:
            self._remove(channel, message)
        return gone

    def channels(self) -> list[str]:
        return list(self._channels)

    def expire(self, now_ms: int) -> None:
        """Remove messages whose life is over."""
        self._expired_slot = now_ms // SLOT_MS
        for slot in [slot for slot in self._ends if slot <= self._expired_slot]:
            later = []
            for channel, message in self._ends.pop(slot):
                if message.expires_at <= now_ms:
                    self._bytes -= _cost(message)
                    self._remove(channel, message)
                else:
                    later.append((channel, message))
            if later:
                self._ends[slot] = later

    def clear(self) -> None:
        self._channels.clear()
        self._ends.clear()
        self._bytes = 0

    def _remove(self, channel: str, message: LiveMessage) -> bool:
        """Remove this message, unless it is gone or another one has its id. Returns whether it was removed."""
        messages = self._channels.get(channel, {})
        key = (message.user_id, message.message_id)
        if messages.get(key) is message:
            del messages[key]
            if not messages:
                del self._channels[channel]
            return True
        return False


def _cost(message: LiveMessage) -> int:
    return len(message.body) + MESSAGE_BYTES
