"""Live messages."""

from __future__ import annotations

from typing import Protocol

from ..domain.live_message import LiveMessage


class LiveMessages(Protocol):
    """The live messages, for people who join."""

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        """Keep `message` until its `expires_at`. Never blocks. Other processes find it with `load` moments later.

        If not `shared`, they find it after `share`.
        """
        ...

    def share(self, channel: str) -> None:
        """Make the live messages of this process visible to the others, again if they were already. Never blocks."""
        ...

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        """The message with this id, if it was added on this process and is live. Never blocks."""
        ...

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """The messages whose `expires_at` is after `now_ms`, ordered by `timestamp`."""
        ...

    def local(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """The live messages that were added on this process. Never blocks."""
        ...

    def local_channels(self) -> list[str]:
        """The channels for which `local` may find messages. Never blocks."""
        ...

    async def clear(self, channel: str, until_ms: int) -> None:
        """Remove messages up to `until_ms`, included. Other processes drop their copies with `forget`."""
        ...

    def forget(self, channel: str, until_ms: int) -> None:
        """Another process cleared the channel: remove what was added here up to `until_ms`. Never blocks."""
        ...

    def expire(self, now_ms: int) -> None:
        """Remove messages whose life is over. Called about once a second, so that memory holds no history."""
        ...

    def take_dropped(self) -> int:
        """How many live messages of this process were dropped early since the last call: there were too many."""
        ...

    async def close(self) -> None: ...
