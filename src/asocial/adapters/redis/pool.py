"""A command connection to every master; finds the right one for each command.

One connection for each server is enough: it pipelines by itself and keeps the order of what one process does. A call
fails fast: with StoreUnavailable at once while its server is known to be away, and otherwise within the connection's
timeout. A command is repeated only if the server has certainly not executed it (MOVED, ASK, TRYAGAIN, NOSCRIPT).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import hiredis

from ... import logs
from ...ports import StoreUnavailable
from .connection import Argument, ConnectionEvents, RedisConnection, Reply
from .layout import Layout
from .names import Names
from .scripts import SCRIPTS, Script
from .topology import Topology
from .unreadable import Unreadable
from .urls import Address

MAX_ATTEMPTS = 3
OUTAGE_ERRORS = frozenset({"CLUSTERDOWN", "MASTERDOWN", "OOM", "MISCONF", "BUSY", "NOREPLICAS"})
"""Errors of a server that answers but cannot do its work: an outage, like a lost connection."""
TRY_AGAIN_S = 0.05

log = logs.get(__name__)


class ErrorReply(StoreUnavailable):
    """The server answered with an error. `kind` is its first word."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.kind = text.partition(" ")[0]

    @property
    def wrong_type(self) -> bool:
        """A key has another type than the command needs. Redis 6 reports this inside a script's own error."""
        return "WRONGTYPE" in str(self)


class Pool:
    """`on_lost`: a connection ended by itself. `on_outage`: a server cannot do its work.

    When a server redirects a command, `rediscover` is awaited if a caller waits, else `on_moved` is called.

    A caller that gets StoreUnavailable need not do anything: the supervisor knows, and reports when it is over.
    """

    def __init__(
        self,
        topology: Topology,
        on_lost: Callable[[RedisConnection], None],
        on_outage: Callable[[str], None],
        on_moved: Callable[[], object],
        rediscover: Callable[[], Awaitable[None]],
        names: Names,
        unreadable: Unreadable,
    ) -> None:
        self._topology = topology
        self.names = names
        self.unreadable = unreadable
        self._events = ConnectionEvents(on_lost, on_error=self._on_post_error)
        self._on_outage = on_outage
        self._on_moved = on_moved
        self._rediscover = rediscover
        self.layout: Layout | None = None
        """The layout when we connected; None before."""
        self._connections: dict[Address, RedisConnection] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every master has a connection."""
        return self.layout is not None and all(
            self._connection_at(master) is not None for master in self.layout.masters
        )

    async def connect(self, layout: Layout) -> None:
        """Connect to the masters of `layout` that have no connection. Raises StoreUnavailable if one fails."""
        for address in [address for address in self._connections if address not in layout.masters]:
            self._connections.pop(address).close("no longer a master")
        self.layout = layout
        results = await asyncio.gather(
            *(self._connect_master(master) for master in layout.masters), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if layout.slots and None in layout.slots:
            raise StoreUnavailable("some slots of the cluster have no master")

    def connection(self, tag: str) -> RedisConnection:
        """The connection to the master that holds the keys with this hash tag. Raises StoreUnavailable."""
        owner = self.layout.owner(tag) if self.layout is not None else None
        return self.connection_to(owner)

    def connection_to(self, address: Address | None) -> RedisConnection:
        """The connection to this master. Raises StoreUnavailable."""
        connection = self._connection_at(address) if address is not None else None
        if connection is None:
            raise StoreUnavailable("redis is away")
        return connection

    async def call(self, tag: str, *command: Argument) -> Reply:
        """The reply to a command on keys with this hash tag. Raises StoreUnavailable; an ErrorReply is one too."""
        for _ in range(MAX_ATTEMPTS):
            connection = self.connection(tag)
            reply = await connection.request(*command)
            if not isinstance(reply, hiredis.ReplyError):
                return reply
            error = ErrorReply(str(reply))
            match error.kind:
                case "MOVED":
                    if not self._topology.sharded:
                        raise StoreUnavailable("this redis is a cluster: use a redis+cluster:// URL")
                    await self._rediscover()
                case "TRYAGAIN":
                    await asyncio.sleep(TRY_AGAIN_S)
                case "ASK":
                    return await self._ask(str(reply).rpartition(" ")[2], command)
                case "READONLY" | "LOADING":
                    # It was a master when we connected: there was a failover.
                    connection.fail(f"{connection.name}: {error}")
                    raise error
                case kind:
                    if kind in OUTAGE_ERRORS:
                        self._on_outage(f"{connection.name}: {error}")
                    elif error.wrong_type:
                        self.unreadable.skip("key", tag, error)
                    raise error
        self._on_outage("too many redis cluster redirects")
        raise StoreUnavailable("too many redis cluster redirects")

    async def run(self, script: Script, tag: str, keys: Sequence[str], *arguments: Argument) -> Reply:
        """The reply of a script; every key must have `tag` as its hash tag. Raises StoreUnavailable."""
        try:
            return await self.call(tag, "EVALSHA", script.digest, len(keys), *keys, *arguments)
        except ErrorReply as error:
            if error.kind == "NOSCRIPT":
                return await self.call(tag, "EVAL", script.text, len(keys), *keys, *arguments)
            if error.kind == "ERR" and not error.wrong_type:
                log.error("a redis script failed", script=script.name, error=str(error))
            raise

    def send_now(self) -> None:
        """Send what waits for the end of the turn."""
        for connection in self._connections.values():
            connection.send_now()

    async def drain(self, timeout_s: float) -> None:
        """Wait until every command is answered, for at most `timeout_s`."""
        connections = [connection for connection in self._connections.values() if connection.lost is None]
        await asyncio.gather(*(connection.wait_drained(timeout_s) for connection in connections))

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self.layout = None

    def _connection_at(self, address: Address) -> RedisConnection | None:
        connection = self._connections.get(address)
        return connection if connection is not None and connection.lost is None else None

    async def _connect_master(self, master: Address) -> None:
        connection = self._connection_at(master)
        if connection is None:
            connection = self._connections[master] = await self._topology.dial(master, self._events)
            _load(connection)
        if self._topology.sharded:
            # Each node decides by itself whether the cluster works, and refuses keys while it thinks that it does not.
            info = await connection.request("CLUSTER", "INFO")
            if isinstance(info, bytes) and b"cluster_state:ok" not in info:
                raise StoreUnavailable(f"{connection.name}: the cluster is down")

    def _on_post_error(self, connection: RedisConnection, error: hiredis.ReplyError) -> None:
        """The server answered a `post` with an error."""
        kind = str(error).partition(" ")[0]
        if kind == "MOVED":
            self._on_moved()
        elif kind == "NOSCRIPT":
            _load(connection)
        elif ErrorReply(str(error)).wrong_type:
            self.unreadable.skip("key", connection.name, error)
        elif kind not in ("TRYAGAIN", "ASK", "LOADING") and kind not in OUTAGE_ERRORS:
            log.warning("redis refused a command", error=str(error))

    async def _ask(self, where: str, command: tuple[Argument, ...]) -> Reply:
        host, _, port = where.rpartition(":")
        connection = self.connection_to(Address(host, int(port)))
        connection.post("ASKING")
        reply = await connection.request(*command)
        if isinstance(reply, hiredis.ReplyError):
            raise ErrorReply(str(reply))
        return reply


def _load(connection: RedisConnection) -> None:
    for script in SCRIPTS.values():
        connection.post("SCRIPT", "LOAD", script.text)
