"""The live messages of this process."""

from __future__ import annotations

from ...domain.live_message import LiveMessage
from ...domain.live_message_index import LiveMessageIndex


class MemoryLiveMessages:
    def __init__(self) -> None:
        self._index = LiveMessageIndex()

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:  # noqa: ARG002
        """`shared` has no effect: there are no other processes."""
        self._index.add(channel, message)

    def share(self, channel: str) -> None:
        """Nothing to do: there are no other processes."""

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        return self._index.find(channel, user_id, message_id, now_ms)

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return self._index.of(channel, now_ms)

    def local(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return self._index.of(channel, now_ms)

    def local_channels(self) -> list[str]:
        return self._index.channels()

    async def clear(self, channel: str, until_ms: int) -> None:
        self._index.forget(channel, until_ms)

    def forget(self, channel: str, until_ms: int) -> None:
        self._index.forget(channel, until_ms)

    def expire(self, now_ms: int) -> None:
        self._index.expire(now_ms)

    def take_dropped(self) -> int:
        return self._index.take_dropped()

    async def close(self) -> None:
        self._index.clear()
