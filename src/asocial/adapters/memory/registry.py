"""Who is connected, on this process: the registry where there is no other."""

from __future__ import annotations

from collections.abc import Sequence


class MemorySessionRegistry:
    def __init__(self) -> None:
        self._users: dict[str, set[str]] = {}

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        connections = self._users.get(user_id, set())
        if connection_id not in connections and len(connections) >= limit:
            return False
        self._users.setdefault(user_id, connections).add(connection_id)
        return True

    async def unregister(self, user_id: str, connection_id: str) -> None:
        connections = self._users.get(user_id, set())
        connections.discard(connection_id)
        if not connections:
            self._users.pop(user_id, None)

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """Nothing is forgotten here that would have to be renewed."""

    async def connections(self, user_id: str) -> list[str]:
        return sorted(self._users.get(user_id, ()))

    async def close(self) -> None:
        self._users.clear()
