"""Rate limits over all processes: one script call for each decision, on Redis's own clock.

`take`: for each key, a list of at most `limit` times, which expires with its window. `take_token`: for each key, one
short value, which expires when the bucket is full. `admit`: all limits of a message and the claim of its
(user, message id), in one call. In a cluster a script may use keys of one hash tag only, and a message touches a user,
an address and a channel in any combination, so all keys of `admit` share one tag.

Every admitted posting is also counted in this process, which decides alone while Redis is away: an outage does not
double the limits. After some refusals, a user or an address is refused here until its time is over, so that a flood of
refused messages does not reach Redis.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from typing import cast

from ...domain.admission import (
    DRAFT_SLOT_MS,
    GRANTED,
    Duplicate,
    LimitName,
    MessageLimiter,
    MessageLimits,
    Posting,
    Verdict,
)
from ...domain.rate_windows import RateWindows
from ...domain.token_buckets import TokenBuckets
from ...ports import StoreUnavailable
from .pool import Pool
from .scripts import SCRIPTS

TAG = "limits"
POSTED_AFTER_S = 0.25
"""A claim is confirmed this long after its message was posted to the channel. By then it has been published."""
LOST_AFTER_S = 0.5
"""A claim that is not confirmed after this time belongs to a process that died."""
MAX_ASKED_REFUSALS = 20
"""Refusals of one user or address that Redis decides. Further ones are decided here until the time is over."""
MAX_REFUSED_KEYS = 10_000
_LIMITS: dict[bytes, LimitName] = {
    b"user": "user", b"address": "address", b"channel": "channel", b"slow": "slow", b"strokes": "strokes",
}  # fmt: skip


class _RefusedKey:
    __slots__ = ("times", "until_ms")

    def __init__(self) -> None:
        self.until_ms = 0
        self.times = 0


class RedisRateLimiter:
    def __init__(self, pool: Pool, clock_ms: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._local = RateWindows()
        self._local_buckets = TokenBuckets()
        self._messages = MessageLimiter()
        self._refused: dict[tuple[LimitName, str], _RefusedKey] = {}
        self._posted: list[tuple[float, str, str]] = []
        self._confirming: asyncio.TimerHandle | None = None

    async def take(self, key: str, limit: int, window_ms: int) -> int:
        if limit == 0:
            return 0
        try:
            # One key for each script call: a tag of its own spreads the limits over a cluster.
            reply = await self._pool.run(SCRIPTS["take"], key, (self._pool.names.key(key, "rate"),), limit, window_ms)
        except StoreUnavailable:
            return self._local.take(key, limit, window_ms, self._clock_ms())
        wait_ms = cast(int, reply)
        if wait_ms == 0:
            self._local.take(key, limit, window_ms, self._clock_ms())
        return wait_ms

    async def take_token(self, key: str, burst: int, per_minute: int) -> int:
        if burst == 0:
            return 0
        name = self._pool.names.key(key, "tokens")
        try:
            reply = await self._pool.run(SCRIPTS["take_token"], key, (name,), burst, per_minute)
        except StoreUnavailable:
            return self._local_buckets.take(key, burst, per_minute, self._clock_ms())
        wait_ms = cast(int, reply)
        if wait_ms == 0:
            self._local_buckets.take(key, burst, per_minute, self._clock_ms())
        return wait_ms

    async def admit(self, posting: Posting, limits: MessageLimits) -> Verdict:
        verdict = self.admit_at_once(posting, limits)
        if verdict is not None:
            return verdict
        try:
            reply = await self._pool.run(SCRIPTS["admit"], TAG, self._keys(posting), *_arguments(posting, limits))
        except StoreUnavailable:
            return self._messages.admit(posting, limits, self._clock_ms())
        match cast(list[object], reply):
            case [bytes(claim)]:
                known = _read(claim)
                same_text = known is not None and claim.split()[2].decode() == _fingerprint(posting)
                return Verdict(duplicate=known and known._replace(same_text=same_text))
            case [int(wait_ms), bytes(limit)]:
                self._refuse(posting, _LIMITS[limit], wait_ms)
                return Verdict(wait_ms, _LIMITS[limit])
        self._messages.admit(posting, limits, self._clock_ms())
        return GRANTED

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        limited = limits.user_per_minute or limits.address_per_minute or (posting.stroke and limits.strokes_per_minute)
        if posting.kind != "chat" and not (posting.slow_ms or limited):
            return GRANTED
        return self._refused_here(posting)

    def posted(self, posting: Posting) -> None:
        loop = asyncio.get_running_loop()
        self._posted.append((loop.time(), self._claim_key(posting), _claim(posting)))
        if self._confirming is None:
            self._confirming = loop.call_later(POSTED_AFTER_S, self._confirm)

    async def is_lost(self, posting: Posting) -> bool:
        if await self._is_confirmed(posting):
            return False
        await asyncio.sleep(LOST_AFTER_S)
        return not await self._is_confirmed(posting)

    async def close(self) -> None:
        if self._confirming is not None:
            self._confirming.cancel()
            self._confirm(everything=True)
        self._local.clear()
        self._local_buckets.clear()
        self._messages.clear()
        self._refused.clear()

    async def _is_confirmed(self, posting: Posting) -> bool:
        """Whether the claim of this message needs no action: it was posted, is over, or has another text."""
        try:
            claim = await self._pool.call(TAG, "GET", self._claim_key(posting))
        except StoreUnavailable:
            return False
        return claim != _claim(posting, known=_read(claim)).encode()

    def _confirm(self, *, everything: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self._confirming = None
        due = loop.time() if everything else loop.time() - POSTED_AFTER_S
        ready = [entry for entry in self._posted if entry[0] <= due]
        self._posted = self._posted[len(ready) :]
        if self._posted:
            self._confirming = loop.call_at(self._posted[0][0] + POSTED_AFTER_S, self._confirm)
        if ready:
            keys, claims = [key for _, key, _ in ready], [claim for _, _, claim in ready]
            with contextlib.suppress(StoreUnavailable):
                self._pool.connection(TAG).post("EVALSHA", SCRIPTS["confirm"].digest, len(keys), *keys, *claims)

    def _keys(self, posting: Posting) -> tuple[str, ...]:
        channel, user_id, key = posting.channel, posting.user_id, self._pool.names.key
        return (
            self._claim_key(posting),
            key(TAG, f"slow:{channel}:{user_id}"),
            key(TAG, f"{'drawing' if posting.stroke else 'draft'}:{channel}:{user_id}"),
            key(TAG, f"user:{user_id}"),
            key(TAG, f"address:{posting.address}"),
            key(TAG, f"second:{channel}"),
            key(TAG, f"recent:{channel}"),
            key(TAG, f"minute:0:{channel}"),
            key(TAG, f"minute:1:{channel}"),
            key(TAG, f"strokes:{user_id}"),
        )

    def _claim_key(self, posting: Posting) -> str:
        return self._pool.names.key(TAG, f"claim:{posting.channel}:{posting.user_id}:{posting.message_id}")

    def _refused_here(self, posting: Posting) -> Verdict | None:
        if not self._refused:
            return None
        now_ms = self._clock_ms()
        keys: tuple[tuple[LimitName, str], ...] = (("user", posting.user_id), ("address", posting.address))
        for key in keys:
            refused = self._refused.get(key)
            if refused is None:
                continue
            if refused.until_ms <= now_ms:
                del self._refused[key]
            elif refused.times >= MAX_ASKED_REFUSALS:
                return Verdict(refused.until_ms - now_ms, key[0])
        return None

    def _refuse(self, posting: Posting, limit: LimitName, wait_ms: int) -> None:
        if limit not in ("user", "address"):
            return
        if len(self._refused) >= MAX_REFUSED_KEYS:
            self._refused.clear()
        key = (limit, posting.user_id if limit == "user" else posting.address)
        refused = self._refused.setdefault(key, _RefusedKey())
        refused.until_ms = self._clock_ms() + wait_ms
        refused.times += 1


def _arguments(posting: Posting, limits: MessageLimits) -> tuple[str | int, ...]:
    return (
        posting.kind,
        posting.message_id,
        posting.user_id,
        posting.address,
        posting.slow_ms,
        limits.user_per_minute,
        limits.address_per_minute if posting.address else 0,
        limits.channel_per_second,
        DRAFT_SLOT_MS,
        _claim(posting) if posting.kind == "chat" else "",
        max(1, posting.expires_at - posting.timestamp),
        limits.strokes_per_minute if posting.stroke else 0,
    )


def _claim(posting: Posting, *, known: Duplicate | None = None) -> str:
    """The times of a message (or of `known`), a hash of its text, and whether it was posted (0 until `confirm`)."""
    timestamp, expires_at = (posting.timestamp, posting.expires_at) if known is None else known[:2]
    return f"{timestamp} {expires_at} {_fingerprint(posting)} 0"


def _read(claim: object) -> Duplicate | None:
    """What a claim says. None if it cannot be read: then it counts as no claim."""
    try:
        timestamp, expires_at, _, confirmed = cast(bytes, claim).split()
        return Duplicate(int(timestamp), int(expires_at), confirmed == b"1")
    except (AttributeError, ValueError):
        return None


def _fingerprint(posting: Posting) -> str:
    return hashlib.blake2b(posting.text.encode(), digest_size=8).hexdigest()
