"""Live messages: kept here, so that nobody waits, and written behind to Redis, so that latecomers elsewhere see them.

One sorted set a channel, scored by the end of life: what is over is removed with the next write, and the key expires
soon after the last message. All messages of a turn and channel are one ZADD, sent before that turn's publish: whoever
subscribes too late to hear a message finds it here.

While Redis is away only this process's own are known; when it is back, those that still live are written again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

import msgspec

from ...domain.living import LiveMessage, Living
from ...ports import StoreUnavailable
from .line import Argument
from .pool import Pool

KEEP_MS = 60_000
"""How long a channel's key outlives its last message."""
CLOCKS_APART_MS = 2_000
"""Processes' clocks may differ by this much: only what has been over for longer is removed for everyone."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LiveMessage).decode


class RedisLiveMessages:
    def __init__(self, pool: Pool, clock_ms: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._here = Living()
        self._behind: dict[str, list[LiveMessage]] = {}
        self._longest_ms = 0

    def add(self, channel: str, message: LiveMessage) -> None:
        self._here.add(channel, message)
        self._longest_ms = max(self._longest_ms, message.expires_at - message.timestamp)
        if not self._behind:
            asyncio.get_running_loop().call_soon(self._write)
        self._behind.setdefault(channel, []).append(message)

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        return self._here.find(channel, user_id, message_id, now_ms)

    async def living(self, channel: str, now_ms: int) -> list[LiveMessage]:
        try:
            reply = await self._pool.call(channel, "ZRANGE", _key(channel), f"({now_ms}", "+inf", "BYSCORE")
        except StoreUnavailable:
            return self._here.of(channel, now_ms)
        messages = [*map(_decode, cast(list[bytes], reply)), *self._here.of(channel, now_ms)]
        found = {(message.user_id, message.message_id): message for message in messages}
        return sorted(found.values(), key=lambda message: message.timestamp)

    def here(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return self._here.of(channel, now_ms)

    def channels_here(self) -> list[str]:
        return self._here.channels()

    async def clear(self, channel: str, until_ms: int) -> None:
        reply = cast(list[bytes], await self._pool.call(channel, "ZRANGE", _key(channel), 0, -1))
        gone = [entry for entry in reply if _decode(entry).timestamp <= until_ms]
        if gone:
            await self._pool.call(channel, "ZREM", _key(channel), *gone)
        self.forget(channel, until_ms)

    def forget(self, channel: str, until_ms: int) -> None:
        gone = self._here.forget(channel, until_ms)
        behind = [message for message in self._behind.get(channel, ()) if message.timestamp > until_ms]
        if channel in self._behind:
            self._behind[channel] = behind
        # Those that reached Redis after somebody else looked what is there to clear.
        with contextlib.suppress(StoreUnavailable):
            if gone:
                self._pool.line(channel).post("ZREM", _key(channel), *map(_encode, gone))

    def expire(self, now_ms: int) -> None:
        self._here.expire(now_ms)

    async def resume(self) -> None:
        """Redis is back, perhaps empty: write again what lives here."""
        now_ms = self._clock_ms()
        for channel in self._here.channels():
            living = self._here.of(channel, now_ms)
            if living:
                self._behind[channel] = living
        self._write()

    async def close(self) -> None:
        self._write()
        self._here.clear()

    def _write(self) -> None:
        behind, self._behind = self._behind, {}
        over_ms = self._clock_ms() - CLOCKS_APART_MS
        for channel, messages in behind.items():
            try:
                line = self._pool.line(channel)
            except StoreUnavailable:
                continue
            if not messages:
                continue
            key = _key(channel)
            pairs: list[Argument] = []
            for message in messages:
                pairs += (message.expires_at, _encode(message))
            line.post("ZADD", key, *pairs)
            line.post("ZREMRANGEBYSCORE", key, "-inf", over_ms)
            line.post("PEXPIRE", key, self._longest_ms + KEEP_MS)


def _key(channel: str) -> str:
    return f"asocial:{{{channel}}}:live"
