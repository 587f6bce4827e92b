"""The connections of a user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class SessionRegistry(Protocol):
    """How many connections a user has, over all processes.

    An entry that is not refreshed within the presence TTL may be removed, so the entries of a process that died end by
    themselves. During an outage of the shared store, each process counts its own connections.
    """

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        """Add a connection. Returns False, and adds nothing, if the user has `limit` others already. Idempotent."""
        ...

    async def unregister(self, user_id: str, connection_id: str) -> None:
        """Remove a connection that was registered here. Unknown ones are ignored."""
        ...

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """Refresh these (user id, connection id), and register lost ones again. Unknown ones are ignored."""
        ...

    async def close(self) -> None: ...
