"""Messages while they live, by channel: kept for those who join late, gone with their last moment."""

from __future__ import annotations

import msgspec


class LiveMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A message as long as it lives. `body` is the JSON of its `chat` frame; times are ms of the server's clock."""

    user_id: str
    message_id: str
    timestamp: int
    expires_at: int
    body: bytes


class Living:
    """Messages by channel and by (user, message id), which names one (W13). Times are ms of the server's clock."""

    __slots__ = ("_channels",)

    def __init__(self) -> None:
        self._channels: dict[str, dict[tuple[str, str], LiveMessage]] = {}

    def add(self, channel: str, message: LiveMessage) -> None:
        self._channels.setdefault(channel, {})[message.user_id, message.message_id] = message

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
            del messages[message.user_id, message.message_id]
        return gone

    def channels(self) -> list[str]:
        return list(self._channels)

    def expire(self, now_ms: int) -> None:
        """Let go of all that is over."""
        for channel, messages in list(self._channels.items()):
            for key in [key for key, message in messages.items() if message.expires_at <= now_ms]:
                del messages[key]
            if not messages:
                del self._channels[channel]

    def clear(self) -> None:
        self._channels.clear()
