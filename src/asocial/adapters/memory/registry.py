"""Who is connected, on this process: the registry where there is no other."""

from __future__ import annotations

from collections.abc import Sequence


class MemorySessionRegistry:
    def __init__(self) -> None:
        # Tuples: nearly everybody has one connection, and a set of one takes four times as much.
        self._users: dict[str, tuple[str, ...]] = {}

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        connections = self._users.get(user_id, ())
        if connection_id in connections:
            return True
        if len(connections) >= limit:
            return False
        self._users[user_id] = (*connections, connection_id)
        return True

    async def unregister(self, user_id: str, connection_id: str) -> None:
        left = tuple(each for each in self._users.pop(user_id, ()) if each != connection_id)
        if left:
            self._users[user_id] = left

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        """Nothing is forgotten here that would have to be renewed."""

    async def connections(self, user_id: str) -> list[str]:
        return sorted(self._users.get(user_id, ()))

    async def close(self) -> None:
        self._users.clear()
