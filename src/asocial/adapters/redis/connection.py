"""One connection to one Redis server: bytes out in order, replies back in order.

Everything requested during one turn of the loop is sent in one write at its end, or earlier with `send_now`. So the
number of system calls falls as the load rises, and no caller has to build a pipeline. hiredis parses replies as they
arrive, and they are delivered in the same turn, without a reader task or a queue.

A connection never reconnects. When it is lost, every waiting call fails at once and `on_lost` is called; the supervisor
decides what to do (supervisor.py). A silent server is detected when a reply takes longer than the timeout. Before that
counts, the loop reads the socket once more: a process that was busy or stopped for a second wakes up with its timers
due and the replies still unread.

Never here: what a command means, where a server is, whether to try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, cast

import hiredis

from ...ports import StoreUnavailable
from ...service.counters import Histogram

Argument: TypeAlias = bytes | str | int
Reply: TypeAlias = object
"""What hiredis makes of a reply: bytes, int, list, None, or a hiredis.ReplyError as a value."""

UNSENT_LIMIT_BYTES = 16 * 1024 * 1024
"""A server that lets more than this wait in the socket counts as lost."""
RECHECK_S = 0.05
_NO_REPLY = object()
# The stub of hiredis says a tuple of one; it takes any number.
_pack: Callable[[tuple[Argument, ...]], bytes] = hiredis.pack_command  # type: ignore[assignment]


class ConnectionLost(StoreUnavailable):
    """The connection that was used is gone, or could not be made."""


class ServerRefused(StoreUnavailable):
    """The server answered the handshake with an error, such as a wrong password, or is not what it should be."""


class ConnectionEvents(NamedTuple):
    """Callbacks of the connection's owner. None is called before `RedisConnection.watch`."""

    on_lost: Callable[[RedisConnection], None]
    """The connection ended, and its owner did not close it."""
    on_push: Callable[[RedisConnection, Reply], None] | None = None
    """Gets every reply of a subscribing connection. Without it, replies answer requests in order."""
    on_error: Callable[[RedisConnection, hiredis.ReplyError], None] | None = None
    """Gets the error that answers a `post`."""


class RedisConnection(asyncio.Protocol):
    """Without `events`, a connection is for a few requests whose replies the caller awaits."""

    def __init__(self, name: str, timeout_s: float, events: ConnectionEvents | None = None) -> None:
        self.name = name
        self.lost: str | None = None
        """Why this connection ended; None while it is open."""
        self._events = events
        self._on_push = None if events is None else events.on_push
        self._watched = False
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(notEnoughData=_NO_REPLY)
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._waiting: deque[tuple[float, asyncio.Future[Reply] | Histogram | None]] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self._received_at = self._loop.time()
        self._suspect = False

    @property
    def unsent_bytes(self) -> int:
        """Bytes that have not reached the kernel."""
        return self._out_bytes + (self._transport.get_write_buffer_size() if self._transport else 0)

    def request(self, *command: Argument) -> asyncio.Future[Reply]:
        """Send a command. The future holds its reply (errors as values) or fails with ConnectionLost."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        if self.lost is not None:
            future.set_exception(ConnectionLost(self.lost))
            return future
        self._send(command, future)
        return future

    def post(self, *command: Argument, timed: Histogram | None = None) -> None:
        """Send a command whose reply nobody needs. A missing reply still counts as silence of the server.

        `timed` gets the number of seconds until the reply.
        """
        if self.lost is None:
            self._send(command, timed)

    def push(self, *command: Argument) -> None:
        """Send a command on a subscribing connection. Its reply comes through `on_push`."""
        if self.lost is None:
            self._write(_pack(command))

    def send_now(self) -> None:
        """Send what was requested in this turn, without waiting for its end."""
        if not self._out:
            return
        out, self._out, self._out_bytes = self._out, [], 0
        if self._transport is not None and self.lost is None:
            self._transport.write(out[0] if len(out) == 1 else b"".join(out))
            if self._transport.get_write_buffer_size() > UNSENT_LIMIT_BYTES:
                self._end(f"{self.name} does not read what is sent to it")

    def watch(self) -> None:
        """From now on, call the events of this connection."""
        self._watched = True

    def close(self, reason: str = "closed") -> None:
        """Close the connection. Waiting calls fail with `reason`; `on_lost` is not called."""
        self._watched = False
        self._end(reason)

    def fail(self, reason: str) -> None:
        """End the connection as if the server had closed it."""
        self._end(reason)

    async def wait_drained(self, timeout_s: float) -> None:
        """Wait until every command is answered or lost, for at most `timeout_s`."""
        if self.lost is None:
            with contextlib.suppress(ConnectionLost, TimeoutError):
                await asyncio.wait_for(self.request("PING"), timeout_s)

    def _send(self, command: tuple[Argument, ...], waiter: asyncio.Future[Reply] | Histogram | None) -> None:
        self._waiting.append((self._loop.time(), waiter))
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeout_s, self._check_timeout)
        self._write(_pack(command))

    def _write(self, data: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self.send_now)
        self._out.append(data)
        self._out_bytes += len(data)

    def _check_timeout(self) -> None:
        self._watch = None
        if not self._waiting:
            return
        left_s = max(self._waiting[0][0], self._received_at) + self._timeout_s - self._loop.time()
        if left_s <= 0 and self._suspect:
            self._end(f"{self.name} does not answer")
        else:
            self._suspect = left_s <= 0
            self._watch = self._loop.call_later(max(left_s, RECHECK_S), self._check_timeout)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if self.lost is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received_at, self._suspect = self._loop.time(), False
        self._reader.feed(data)
        on_push, waiting = self._on_push, self._waiting
        try:
            while self.lost is None and (reply := self._reader.gets()) is not _NO_REPLY:
                if on_push is not None and not waiting:
                    on_push(self, reply)
                    continue
                sent_at, waiter = waiting.popleft()
                if isinstance(waiter, asyncio.Future):
                    if not waiter.done():
                        waiter.set_result(reply)
                    continue
                if waiter is not None:
                    waiter.observe(self._received_at - sent_at)
                if isinstance(reply, hiredis.ReplyError):
                    self._report_error(reply)
        except (hiredis.ProtocolError, IndexError):
            self._end(f"{self.name} does not speak the redis protocol")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"{self.name} closed the connection" if exc is None else f"{self.name}: {exc}")

    def _end(self, reason: str) -> None:
        if self.lost is not None:
            return
        self.lost = reason
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._out, self._out_bytes = [], 0
        for _, waiter in self._waiting:
            if isinstance(waiter, asyncio.Future) and not waiter.done():
                waiter.set_exception(ConnectionLost(reason))
        self._waiting.clear()
        if self._watched and self._events is not None:
            self._events.on_lost(self)

    def _report_error(self, error: hiredis.ReplyError) -> None:
        if self._watched and self._events is not None and self._events.on_error is not None:
            self._events.on_error(self, error)


async def dial(
    make: Callable[[], RedisConnection],
    *,
    host: str = "",
    port: int = 0,
    path: str = "",
    tls: ssl.SSLContext | None = None,
    username: str = "",
    password: str = "",
    database: int = 0,
    timeout_s: float,
) -> RedisConnection:
    """An authenticated connection. Raises ConnectionLost or ServerRefused after about `timeout_s`, without secrets."""
    loop = asyncio.get_running_loop()
    connection = make()
    try:
        async with asyncio.timeout(timeout_s):
            if path:
                await loop.create_unix_connection(lambda: connection, path)
            else:
                await loop.create_connection(lambda: connection, host, port, ssl=tls)
            await _authenticate(connection, username, password, database)
    except (OSError, TimeoutError) as error:
        connection.close()
        raise ConnectionLost(f"{connection.name}: {str(error) or 'no connection in time'}") from None
    except BaseException:
        connection.close()
        raise
    return connection


async def _authenticate(connection: RedisConnection, username: str, password: str, database: int) -> None:
    steps = []
    if password:
        steps.append(
            connection.request("AUTH", username, password) if username else connection.request("AUTH", password)
        )
    if database:
        steps.append(connection.request("SELECT", database))
    # A server that is still loading its data, or needs a password that we do not have, answers with an error now.
    steps.append(connection.request("PING"))
    for reply in await asyncio.gather(*steps):
        if isinstance(reply, hiredis.ReplyError):
            raise ServerRefused(
                f"{connection.name} answered the handshake with an error: {_without_arguments(str(reply))}"
            )


def _without_arguments(reply: str) -> str:
    """An error reply to AUTH, safe to log: a server that does not know the command repeats its arguments."""
    reply = reply.partition(", with args beginning with")[0]
    if reply.startswith("WRONGPASS"):
        reply += " (in redis_url write a % of the password as %25, or use redis_password)"
    return reply
