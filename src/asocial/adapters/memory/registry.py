"""The session registry of a single process."""

from __future__ import annotations

from collections.abc import Sequence

from ...domain.connection_index import ConnectionIndex


class MemorySessionRegistry:
    def __init__(self) -> None:
        self._connections: ConnectionIndex[str] = ConnectionIndex()

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        connections = self._connections.get(user_id, ())
        if connection_id in connections:
            return True
        if len(connections) >= limit:
            return False
        self._connections.add(user_id, connection_id)
        return True

    async def unregister(self, user_id: str, connection_id: str) -> None:
        self._connections.remove(user_id, connection_id)

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """Nothing to do: entries do not expire here."""

    async def close(self) -> None:
        self._connections.clear()
