"""Claims of user ids in Redis: one key for each id, with the generation of its last claim.

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
        reply = await self._pool.run(SCRIPTS["find_uid"], _tag(user_id), (self._key(user_id),))
        if not reply:
            return None
        try:
            generation, left_ms = cast(tuple[bytes, int], reply)
            return UserIdClaim(generation.decode(), left_ms > REMEMBER_MS)
        except ERRORS as error:
            self._pool.unreadable.skip("claim", self._key(user_id), error)
            return None

    async def hold(self, user_id: str, generation: str, hold_ms: int) -> bool:
        return bool(await self._hold(user_id, generation, hold_ms, "least"))

    async def leave(self, user_id: str, generation: str, hold_ms: int) -> None:
        await self._hold(user_id, generation, hold_ms, "exact")

    async def close(self) -> None:
        """Nothing to close: the claims belong to all processes."""

    async def _hold(self, user_id: str, generation: str, hold_ms: int, how: str) -> object:
        keys = (self._key(user_id),)
        return await self._pool.run(SCRIPTS["hold_uid"], _tag(user_id), keys, generation, hold_ms, REMEMBER_MS, how)

    def _key(self, user_id: str) -> str:
        return self._pool.names.key(_tag(user_id), "claim")


def _tag(user_id: str) -> str:
    return f"uid:{user_id}"
