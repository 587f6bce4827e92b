"""Messages while they live, by channel: kept for those who join late, gone with their last moment."""

from __future__ import annotations

import msgspec

SLOT_MS = 100
"""Messages whose ends are this near to each other are let go of together."""


class LiveMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message as long as it lives. `body` is the JSON of its `chat` frame; times are ms of the server's clock."""

    user_id: str
    message_id: str
    timestamp: int
    expires_at: int
    body: bytes


class Living:
    """Messages by channel and by (user, message id), which names one (W13). Times are ms of the server's clock.

    Ends are kept by slots of time. Looking through all that live for those that are over would be a pause that
    everybody notices, where 30,000 are said in a second.
    """

    __slots__ = ("_channels", "_ends", "_looked")

    def __init__(self) -> None:
        self._channels: dict[str, dict[tuple[str, str], LiveMessage]] = {}
        self._ends: dict[int, list[tuple[str, LiveMessage]]] = {}
        self._looked = 0
        """The slot of the last look."""

    def add(self, channel: str, message: LiveMessage) -> None:
        """Keep `message`, which was said just now; those that are over meanwhile are let go of, a few with each."""
        self._channels.setdefault(channel, {})[message.user_id, message.message_id] = message
        self._ends.setdefault(message.expires_at // SLOT_MS, []).append((channel, message))
        if message.timestamp // SLOT_MS > self._looked:
            self.expire(message.timestamp)

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
        self._looked = now_ms // SLOT_MS
        for slot in [slot for slot in self._ends if slot <= self._looked]:
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

    def _remove(self, channel: str, message: LiveMessage) -> None:
        """Unless it is gone already, or another one has its name."""
        messages = self._channels.get(channel, {})
        key = (message.user_id, message.message_id)
        if messages.get(key) is message:
            del messages[key]
            if not messages:
                del self._channels[channel]
