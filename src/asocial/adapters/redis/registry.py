"""The connections of each user, over all processes: a sorted set for each user, scored by deadlines.

A member names the process and the connection. The connections of a process that died would count until their TTL ends.
So if a user is at the limit, a registration asks which of those processes live, removes the entries of the dead ones,
and tries once more. Only users at the limit pay for that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import cast

from ...ports import StoreUnavailable
from .leases import Leases
from .pool import Pool
from .scripts import SCRIPTS
from .unreadable import ERRORS


class RedisSessionRegistry:
    def __init__(self, pool: Pool, leases: Leases, *, ttl_ms: int) -> None:
        self._pool = pool
        self._leases = leases
        self._ttl_ms = ttl_ms
        self._local: dict[str, dict[str, str]] = {}
        """user -> connection -> its member in Redis"""

    async def register(self, user_id: str, connection_id: str, limit: int) -> bool:
        local = self._local.get(user_id, {})
        member = local.get(connection_id) or f"{self._leases.process}/{connection_id}"
        try:
            taken = await self._register(user_id, member, limit)
            if taken and await self._free_dead(user_id, taken):
                taken = await self._register(user_id, member, limit)
            full = bool(taken)
        except StoreUnavailable:
            full = connection_id not in local and len(local) >= limit
        if full:
            return False
        self._local.setdefault(user_id, {})[connection_id] = member
        return True

    async def unregister(self, user_id: str, connection_id: str) -> None:
        local = self._local.get(user_id, {})
        member = local.pop(connection_id, None)
        if not local:
            self._local.pop(user_id, None)
        if member is not None:
            # If this fails, the entry is not refreshed any more and ends with its TTL.
            with contextlib.suppress(StoreUnavailable):
                await self._pool.call(_tag(user_id), "ZREM", self._key(user_id), member)

    async def refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        # During an outage there is nothing to do: `resume` registers everything again at its end.
        with contextlib.suppress(StoreUnavailable):
            self._refresh(entries)

    async def resume(self) -> None:
        """Redis is back, perhaps empty: register the connections of this process again. Raises StoreUnavailable."""
        for user_id, local in self._local.items():
            # If the lease expired, this process has a new id, and entries under the old one would be removed.
            old = [m for m in local.values() if m.partition("/")[0] != self._leases.process]
            if old:
                self._pool.connection(_tag(user_id)).post("ZREM", self._key(user_id), *old)
                for connection_id in local:
                    local[connection_id] = f"{self._leases.process}/{connection_id}"
        self._refresh([(user, connection) for user, local in self._local.items() for connection in local])

    async def close(self) -> None:
        for user_id, local in self._local.items():
            with contextlib.suppress(StoreUnavailable):
                self._pool.connection(_tag(user_id)).post("ZREM", self._key(user_id), *local.values())
        self._local.clear()

    def _refresh(self, entries: Sequence[tuple[str, str]]) -> None:
        users: dict[str, list[str]] = {}
        for user_id, connection_id in entries:
            member = self._local.get(user_id, {}).get(connection_id)
            if member is not None:
                users.setdefault(user_id, []).append(member)
        for user_id, members in users.items():
            connection = self._pool.connection(_tag(user_id))
            script = SCRIPTS["keep"]
            connection.post("EVALSHA", script.digest, 1, self._key(user_id), self._ttl_ms, *members)

    def _key(self, user_id: str) -> str:
        return self._pool.names.key(_tag(user_id), "connections")

    async def _register(self, user_id: str, member: str, limit: int) -> list[bytes]:
        keys = (self._key(user_id),)
        reply = await self._pool.run(SCRIPTS["register"], _tag(user_id), keys, member, limit, self._ttl_ms)
        return cast(list[bytes], reply)

    async def _free_dead(self, user_id: str, members: list[bytes]) -> bool:
        """Remove the entries of processes that died. True if there were any."""
        processes: dict[bytes, str] = {}
        for member in members:
            try:
                processes[member] = member.decode().partition("/")[0]
            except ERRORS as error:
                self._pool.unreadable.skip("registration", self._key(user_id), error)
                processes[member] = ""  # the id of no process
        dead = await self._leases.find_dead(sorted(set(processes.values())))
        gone = [member for member, process in processes.items() if process in dead]
        if gone:
            await self._pool.call(_tag(user_id), "ZREM", self._key(user_id), *gone)
        return bool(gone)


def _tag(user_id: str) -> str:
    return f"user:{user_id}"
