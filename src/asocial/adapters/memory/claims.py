"""Claims of user ids, in this process's memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from ...ports import REMEMBER_MS, StoreUnavailable, UserIdClaim

MAX_CLAIMS = 100_000
"""The most claims that are held or remembered. Above, the store forgets the oldest that do not hold their id."""

SPARE_ENDS = 1000


class _Claim(NamedTuple):
    generation: str
    held_until_ms: int
    reserved: bool
    begun_ms: int


class MemoryUserIdClaims:
    """`clock_ms` is any clock in ms."""

    def __init__(self, clock_ms: Callable[[], int], max_claims: int = MAX_CLAIMS) -> None:
        self._clock_ms = clock_ms
        self._max_claims = max_claims
        self._claims: dict[str, _Claim] = {}
        # At least one entry for each claim: a time until which it holds its id, or held it before its user left.
        self._ends: list[tuple[int, str]] = []

    async def find(self, user_id: str) -> UserIdClaim | None:
        claim, now_ms = self._claims.get(user_id), self._clock_ms()
        if claim is None or claim.held_until_ms + REMEMBER_MS <= now_ms:
            return None
        return UserIdClaim(claim.generation, claim.held_until_ms > now_ms, claim.reserved)

    async def hold(
        self, user_id: str, generation: str, hold_ms: int, *, reserve: bool = False, begun_ms: int = 0
    ) -> int:
        known, now_ms = self._claims.get(user_id), self._clock_ms()
        until_ms = now_ms + hold_ms
        begun_ms = begun_ms or now_ms + 1  # never 0
        if known is None:
            self._forget(now_ms)
            heapq.heappush(self._ends, (until_ms, user_id))
        elif known.generation == generation:
            until_ms = max(until_ms, known.held_until_ms)
            reserve = reserve or known.reserved
            begun_ms = min(begun_ms, known.begun_ms)
        elif known.held_until_ms > now_ms and known.begun_ms <= begun_ms:
            return 0
        self._claims[user_id] = _Claim(generation, until_ms, reserve, begun_ms)
        return begun_ms

    async def leave(self, user_id: str, generation: str, reserve_ms: int) -> None:
        known = self._claims.get(user_id)
        if known is not None and known.generation == generation:
            until_ms = self._clock_ms() + (reserve_ms if known.reserved else 0)
            self._claims[user_id] = known._replace(held_until_ms=until_ms)
            heapq.heappush(self._ends, (until_ms, user_id))
            if len(self._ends) > 2 * len(self._claims) + SPARE_ENDS:
                self._ends = [(claim.held_until_ms, user_id) for user_id, claim in self._claims.items()]
                heapq.heapify(self._ends)

    async def close(self) -> None:
        self._claims.clear()
        self._ends.clear()

    def _forget(self, now_ms: int) -> None:
        """Drop claims that are over, and more if there are too many. Raises StoreUnavailable if all hold their id."""
        while self._ends and (self._ends[0][0] + REMEMBER_MS <= now_ms or len(self._claims) >= self._max_claims):
            end_ms, user_id = self._ends[0]
            claim = self._claims.get(user_id)
            if claim is not None and claim.held_until_ms > end_ms:
                heapq.heapreplace(self._ends, (claim.held_until_ms, user_id))
            elif claim is not None and claim.held_until_ms > now_ms:
                raise StoreUnavailable("too many user ids are claimed")
            else:
                heapq.heappop(self._ends)
                self._claims.pop(user_id, None)
