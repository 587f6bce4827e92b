"""The connections of a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SessionRegistry(Protocol):
    """How many connections a user has, over all processes.

    Entries of a process that ended without a word go by themselves: an entry that is not refreshed within the presence
    TTL may be forgotten. While a shared store is away, each process counts its own connections.
    """

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        """Add a connection. False, and nothing added, if the user has `limit` others already; twice is once."""
        ...

    async def unregister(self, user_id: str, connection_id: str) -> None:
        """Remove a connection that was registered here. Unknown ones are ignored."""
        ...

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """These (user id, connection id) live, and are registered again if they were lost. Unknown ones are ignored."""
        ...

    async def close(self) -> None: ...
