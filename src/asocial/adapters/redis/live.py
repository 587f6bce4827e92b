"""Live messages: kept in this process, so that nothing waits, and written to Redis for people who join elsewhere.

Each channel has a sorted set, scored by the end of life. Expired messages are removed with the next write, and the key
expires soon after the last message. All messages of a turn and a channel are one ZADD, sent before the turn's publish,
so a process that subscribes too late for a message finds it here.

While Redis is away, only this process's messages are known. When Redis is back, live messages are written again, for
each channel when the service calls `share`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import cast

import msgspec

from ...domain.live_message_index import LiveMessage, LiveMessageIndex
from ...ports import StoreUnavailable
from .connection import Argument
from .pool import ErrorReply, Pool
from .unreadable import ERRORS

KEEP_MS = 60_000
"""How long a channel's key outlives its last message."""
MAX_CLOCK_SKEW_MS = 2_000
"""How much the clocks of processes may differ: only messages that ended earlier than this are removed."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(LiveMessage).decode
_check_body = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class RedisLiveMessages:
    def __init__(self, pool: Pool, clock_ms: Callable[[], int]) -> None:
        self._pool = pool
        self._clock_ms = clock_ms
        self._local = LiveMessageIndex()
        self._unwritten: dict[str, list[LiveMessage]] = {}
        self._longest_ms = 0

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        self._local.add(channel, message)
        self._longest_ms = max(self._longest_ms, message.expires_at - message.timestamp)
        if not shared:
            return
        if not self._unwritten:
            asyncio.get_running_loop().call_soon(self._write)
        self._unwritten.setdefault(channel, []).append(message)

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        return self._local.find(channel, user_id, message_id, now_ms)

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        try:
            reply = await self._pool.call(channel, "ZRANGE", self._key(channel), f"({now_ms}", "+inf", "BYSCORE")
        except StoreUnavailable as error:
            self._clear_wrong_type(channel, error)
            return self._local.of(channel, now_ms)
        messages = [*self._readable(channel, reply), *self._local.of(channel, now_ms)]
        found = {(message.user_id, message.message_id): message for message in messages}
        return sorted(found.values(), key=lambda message: message.timestamp)

    def local(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return self._local.of(channel, now_ms)

    def local_channels(self) -> list[str]:
        return self._local.channels()

    async def clear(self, channel: str, until_ms: int) -> None:
        try:
            reply = cast(list[bytes], await self._pool.call(channel, "ZRANGE", self._key(channel), 0, -1))
        except ErrorReply as error:
            if not self._clear_wrong_type(channel, error):
                raise
            reply = []
        kept = {entry for entry, message in self._read(channel, reply) if message.timestamp > until_ms}
        # Unreadable entries are removed too: their time is unknown.
        gone = [entry for entry in reply if entry not in kept]
        if gone:
            await self._pool.call(channel, "ZREM", self._key(channel), *gone)
        self.forget(channel, until_ms)

    def forget(self, channel: str, until_ms: int) -> None:
        gone = self._local.forget(channel, until_ms)
        unwritten = [message for message in self._unwritten.get(channel, ()) if message.timestamp > until_ms]
        if channel in self._unwritten:
            self._unwritten[channel] = unwritten
        # Removes those that reached Redis after the clearing process had read the channel.
        with contextlib.suppress(StoreUnavailable):
            if gone:
                self._pool.connection(channel).post("ZREM", self._key(channel), *map(_encode, gone))

    def expire(self, now_ms: int) -> None:
        self._local.expire(now_ms)

    def share(self, channel: str) -> None:
        live = self._local.of(channel, self._clock_ms())
        if live:
            self._unwritten[channel] = live
            self._write()

    async def close(self) -> None:
        self._write()
        self._local.clear()

    def _readable(self, channel: str, reply: object) -> list[LiveMessage]:
        return [message for _, message in self._read(channel, cast(list[bytes], reply))]

    def _read(self, channel: str, entries: list[bytes]) -> Iterator[tuple[bytes, LiveMessage]]:
        for entry in entries:
            try:
                message = _decode(entry)
                # The body is put into a frame as it is. One that is no JSON object would break that frame.
                _check_body(message.body)
            except ERRORS as error:
                self._pool.unreadable.skip("message", self._key(channel), error)
            else:
                yield entry, message

    def _clear_wrong_type(self, channel: str, error: StoreUnavailable) -> bool:
        """Delete a key of another type: it was not written by us, and nothing can be stored while it exists."""
        if not (isinstance(error, ErrorReply) and error.wrong_type):
            return False
        with contextlib.suppress(StoreUnavailable):
            self._pool.connection(channel).post("DEL", self._key(channel))
        return True

    def _key(self, channel: str) -> str:
        return self._pool.names.key(channel, "live")

    def _write(self) -> None:
        unwritten, self._unwritten = self._unwritten, {}
        over_ms = self._clock_ms() - MAX_CLOCK_SKEW_MS
        for channel, messages in unwritten.items():
            try:
                connection = self._pool.connection(channel)
            except StoreUnavailable:
                continue
            if not messages:
                continue
            key = self._key(channel)
            pairs: list[Argument] = []
            for message in messages:
                pairs += (message.expires_at, _encode(message))
            connection.post("ZADD", key, *pairs)
            connection.post("ZREMRANGEBYSCORE", key, "-inf", over_ms)
            connection.post("PEXPIRE", key, self._longest_ms + KEEP_MS)
