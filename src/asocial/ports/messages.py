"""Live messages."""

from __future__ import annotations

from typing import Protocol

from ..domain.live_message_index import LiveMessage


class LiveMessages(Protocol):
    """The messages that live, for those who join late."""

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        """Keep `message` until its `expires_at`. Never blocks; other processes see it in `load` within moments.

        Not `shared`: they see it after `share`.
        """
        ...

    def share(self, channel: str) -> None:
        """Let other processes see what was added here and lives, again where they saw it already. Never blocks."""
        ...

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        """The message of that name, if it was added on this process and still lives. Never blocks."""
        ...

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """Those whose `expires_at` is after `now_ms`, ordered by `timestamp`."""
        ...

    def local(self, channel: str, now_ms: int) -> list[LiveMessage]:
        """Those that were added on this process and live. Never blocks."""
        ...

    def local_channels(self) -> list[str]:
        """The channels that `here` may have something of. Never blocks."""
        ...

    async def clear(self, channel: str, until_ms: int) -> None:
        """Let go of what was said until then (ms, included), for all who ask from now on. Others' own: see `forget`."""
        ...

    def forget(self, channel: str, until_ms: int) -> None:
        """Another process cleared the channel: let go of what was added here until then. Never blocks."""
        ...

    def expire(self, now_ms: int) -> None:
        """Let go of all that is over. Called about once a second, so that not even memory holds a history."""
        ...

    async def close(self) -> None: ...
