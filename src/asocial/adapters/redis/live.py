"""Live messages and strokes: kept in this process, so that nothing waits, and in Redis for people who join elsewhere.

Each channel has two sorted sets, scored by the end of life: one of messages, and one of strokes, because processes of
an earlier version would read strokes as messages. Expired entries are removed with the next write, and a key expires
soon after its last entry. All of a turn, a channel and a kind are one ZADD. It comes before their publish (broker.py),
so a process that subscribes too late for a message finds it here.

While Redis is away, only this process's messages are known. When Redis is back, live messages are written again, for
each channel when the service calls `share`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import cast

import msgspec

from ...domain.live_message import LiveMessage
from ...domain.live_message_index import CHANNEL_MESSAGES, LiveMessageIndex
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
        self._unwritten: dict[tuple[str, bool], list[LiveMessage]] = {}
        """By channel and whether they are strokes."""
        self._longest_ms = 0

    def add(self, channel: str, message: LiveMessage, *, shared: bool = True) -> None:
        self._local.add(channel, message)
        self._longest_ms = max(self._longest_ms, message.expires_at - message.timestamp)
        if not shared:
            return
        if not self._unwritten:
            asyncio.get_running_loop().call_soon(self.write)
        self._unwritten.setdefault((channel, message.stroke), []).append(message)

    def find(self, channel: str, user_id: str, message_id: str, now_ms: int) -> LiveMessage | None:
        return self._local.find(channel, user_id, message_id, now_ms)

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        stored = await asyncio.gather(*(self._load(key, channel, now_ms) for key in self._keys(channel)))
        found = {
            (message.user_id, message.message_id): message
            for message in chain(*stored, self._local.of(channel, now_ms))
        }
        return sorted(found.values(), key=lambda message: message.timestamp)

    def local(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return self._local.of(channel, now_ms)

    def local_channels(self) -> list[str]:
        return self._local.channels()

    async def clear(self, channel: str, until_ms: int) -> None:
        for key in self._keys(channel):
            try:
                reply = cast(list[bytes], await self._pool.call(channel, "ZRANGE", key, 0, -1))
            except ErrorReply as error:
                if not self._clear_wrong_type(key, channel, error):
                    raise
                reply = []
            kept = {entry for entry, message in self._read(key, reply) if message.timestamp > until_ms}
            # Unreadable entries are removed too: their time is unknown.
            gone = [entry for entry in reply if entry not in kept]
            if gone:
                await self._pool.call(channel, "ZREM", key, *gone)
        self.forget(channel, until_ms)

    def forget(self, channel: str, until_ms: int) -> None:
        gone = self._local.forget(channel, until_ms)
        for stroke in (False, True):
            unwritten = self._unwritten.get((channel, stroke))
            if unwritten is not None:
                unwritten[:] = [message for message in unwritten if message.timestamp > until_ms]
            # Removes those that reached Redis after the clearing process had read the channel.
            entries = [_encode(message) for message in gone if message.stroke == stroke]
            with contextlib.suppress(StoreUnavailable):
                if entries:
                    self._pool.connection(channel).post("ZREM", self._key(channel, stroke), *entries)

    def expire(self, now_ms: int) -> None:
        self._local.expire(now_ms)

    def take_dropped(self) -> int:
        return self._local.take_dropped()

    def share(self, channel: str) -> None:
        live = self._local.of(channel, self._clock_ms())
        for stroke in (False, True):
            of_kind = [message for message in live if message.stroke == stroke]
            if of_kind:
                self._unwritten[channel, stroke] = of_kind
        if live:
            self.write()

    def write(self) -> None:
        """Request what stores the messages that were added. It is sent with everything else of the turn."""
        if not self._unwritten:
            return
        unwritten, self._unwritten = self._unwritten, {}
        over_ms = self._clock_ms() - MAX_CLOCK_SKEW_MS
        for (channel, stroke), messages in unwritten.items():
            try:
                connection = self._pool.connection(channel)
            except StoreUnavailable:
                continue
            if not messages:
                continue
            key = self._key(channel, stroke)
            pairs: list[Argument] = []
            for message in messages:
                pairs += (message.expires_at, _encode(message))
            connection.post("ZADD", key, *pairs)
            connection.post("ZREMRANGEBYSCORE", key, "-inf", over_ms)
            connection.post("ZREMRANGEBYRANK", key, 0, -CHANNEL_MESSAGES - 1)
            connection.post("PEXPIRE", key, self._longest_ms + KEEP_MS)

    async def close(self) -> None:
        self.write()
        self._local.clear()

    async def _load(self, key: str, channel: str, now_ms: int) -> list[LiveMessage]:
        try:
            reply = await self._pool.call(channel, "ZRANGE", key, f"({now_ms}", "+inf", "BYSCORE")
        except StoreUnavailable as error:
            self._clear_wrong_type(key, channel, error)
            return []
        return [message for _, message in self._read(key, cast(list[bytes], reply))]

    def _read(self, key: str, entries: list[bytes]) -> Iterator[tuple[bytes, LiveMessage]]:
        for entry in entries:
            try:
                message = _decode(entry)
                # The body is put into a frame as it is. One that is no JSON object would break that frame.
                _check_body(message.body)
            except ERRORS as error:
                self._pool.unreadable.skip("message", key, error)
            else:
                yield entry, message

    def _clear_wrong_type(self, key: str, channel: str, error: StoreUnavailable) -> bool:
        """Delete a key of another type: it was not written by us, and nothing can be stored while it exists."""
        if not (isinstance(error, ErrorReply) and error.wrong_type):
            return False
        with contextlib.suppress(StoreUnavailable):
            self._pool.connection(channel).post("DEL", key)
        return True

    def _key(self, channel: str, stroke: bool) -> str:
        return self._pool.names.key(channel, "strokes" if stroke else "live")

    def _keys(self, channel: str) -> tuple[str, str]:
        return self._key(channel, stroke=False), self._key(channel, stroke=True)
