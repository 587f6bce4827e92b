"""Claims of user ids in Redis: one key for each id, with its last claim.

While Redis is away, every operation raises StoreUnavailable: a process does not know the claims of the others.
"""

from __future__ import annotations

from typing import cast

from ...ports import REMEMBER_MS, UserIdClaim
from .pool import Pool
from .scripts import SCRIPTS
from .unreadable import ERRORS


class RedisUserIdClaims:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, user_id: str) -> UserIdClaim | None:
        reply = await self._run("find_uid", user_id)
        if not reply:
            return None
        try:
            generation, left_ms, reserved = cast(tuple[bytes, int, int], reply)
            return UserIdClaim(generation.decode(), left_ms > REMEMBER_MS, bool(reserved))
        except ERRORS as error:
            self._pool.unreadable.skip("claim", self._key(user_id), error)
            return None

    async def hold(
        self, user_id: str, generation: str, hold_ms: int, *, reserve: bool = False, begun_ms: int = 0
    ) -> int:
        reply = await self._run("hold_uid", user_id, generation, hold_ms, REMEMBER_MS, int(reserve), begun_ms)
        return cast(int, reply)

    async def leave(self, user_id: str, generation: str, reserve_ms: int) -> None:
        await self._run("leave_uid", user_id, generation, reserve_ms, REMEMBER_MS)

    async def close(self) -> None:
        """Nothing to close: the claims belong to all processes."""

    async def _run(self, script: str, user_id: str, *arguments: str | int) -> object:
        return await self._pool.run(SCRIPTS[script], _tag(user_id), (self._key(user_id),), *arguments)

    def _key(self, user_id: str) -> str:
        return self._pool.names.key(_tag(user_id), "claim")


def _tag(user_id: str) -> str:
    return f"uid:{user_id}"
