"""The servers of a Redis URL: one server, the master that sentinels name, or the masters of a cluster.

`discover` returns a new Layout each time; the supervisor calls it again whenever a connection is lost. How the masters
are found is in discovery.py.

A URL with one server may lead to any of several, as the name of a headless Service does. If that server replicates, the
Sentinel on the same host names the master, or else the server itself does (docs/decisions/0024).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

import hiredis

from ...ports import StoreUnavailable
from .connection import ConnectionEvents, ConnectionLost, RedisConnection, Reply, ServerRefused, dial
from .discovery import Claim, Discovery, ask_node, ask_sentinel, ask_sentinel_for_all, claim_all
from .layout import Layout
from .unreadable import ERRORS
from .urls import SENTINEL_PORT, Address, Target

MAX_KNOWN_NODES = 32
"""Nodes that are remembered for later discoveries."""


_Answer = TypeVar("_Answer")


class Beside(NamedTuple):
    """Where a Sentinel that nobody configured listens, on the host of a server, and how long it may take to answer."""

    port: int = SENTINEL_PORT
    answer_s: float = 0.5
    """Short: most Redis servers have no Sentinel beside them."""


BESIDE = Beside()


class Topology:
    """Finds the masters of a target and connects to them."""

    def __init__(self, target: Target, timeout_s: float, beside: Beside = BESIDE) -> None:
        self.target = target
        self.sharded = target.kind == "cluster"
        self._timeout_s = timeout_s
        self._tls = target.tls_context()
        self._ask_first: list[Address] = list(target.addresses)
        self._beside = beside
        self._last_master: Address | None = None

    async def discover(self) -> Layout:
        """The current layout. Raises StoreUnavailable if no server can tell."""
        if self.target.kind == "single":
            return await self._discover_single()
        found = Discovery(self._ask, self._role, self.sharded)
        layout = await found.run(self._ask_first)
        # Nodes that answered are worth asking later, when all nodes of the URL may be gone.
        known = [*found.answered, *layout.masters] if self.sharded else found.answered
        self._ask_first = list(dict.fromkeys([*known, *self.target.addresses, *self._ask_first]))[:MAX_KNOWN_NODES]
        return layout

    async def _discover_single(self) -> Layout:
        """The server that the URL names, or the master of those among which it is one."""
        address = self.target.addresses[0]
        if address.path:
            return Layout((address,))
        replicates, elsewhere = await self._with_connection(address, _ask_replication)
        if not replicates:
            return Layout((address,))
        claims = await self._ask_beside(address, elsewhere or address)
        if self._last_master is not None:
            claims.append(claim_all(self._last_master))
        claims.append(claim_all(elsewhere or address))

        async def ask(_: Address) -> list[Claim]:
            return claims

        layout = await Discovery(ask, self._role, sharded=False).run([address])
        self._last_master = layout.masters[0]
        return layout

    async def _ask_beside(self, address: Address, master: Address) -> list[Claim]:
        """What the Sentinel on the host of a server says, nothing if there is none."""
        beside = address._replace(port=self._beside.port)
        try:
            async with asyncio.timeout(self._beside.answer_s):
                return await self._with_connection(
                    beside, lambda connection: ask_sentinel_for_all(connection, master), sentinel=True
                )
        except (TimeoutError, StoreUnavailable, KeyError):
            return []

    async def dial(self, address: Address, events: ConnectionEvents) -> RedisConnection:
        """An authenticated connection to a master. Raises StoreUnavailable if it is not one."""
        connection = await self._connection(address, sentinel=False, events=events)
        try:
            if _role(await connection.request("ROLE")) is not None:
                raise ServerRefused(f"{connection.name} is not a master")
        except BaseException:
            connection.close()
            raise
        if connection.lost is not None:
            raise ConnectionLost(connection.lost)
        connection.watch()
        return connection

    async def _connection(
        self, address: Address, *, sentinel: bool, events: ConnectionEvents | None = None
    ) -> RedisConnection:
        target = self.target
        return await dial(
            lambda: RedisConnection(f"redis {address}", self._timeout_s, events),
            host=address.host,
            port=address.port,
            path=address.path,
            tls=self._tls,
            username="" if sentinel else target.username,
            password=target.sentinel_password if sentinel else target.password,
            database=0 if sentinel else target.database,
            timeout_s=self._timeout_s,
        )

    async def _ask(self, address: Address) -> list[Claim]:
        """What a sentinel or a cluster node reports. Raises StoreUnavailable."""

        def ask(connection: RedisConnection) -> Awaitable[list[Claim]]:
            return ask_node(connection, address) if self.sharded else ask_sentinel(connection, self.target.master)

        try:
            async with asyncio.timeout(2 * self._timeout_s):
                return await self._with_connection(address, ask, sentinel=not self.sharded)
        except TimeoutError:
            raise ConnectionLost(f"redis {address}: no answer in time") from None

    async def _role(self, address: Address) -> Address | None:
        """None for a master; else its master. Raises StoreUnavailable."""
        return await self._with_connection(address, _ask_role)

    async def _with_connection(
        self, address: Address, ask: Callable[[RedisConnection], Awaitable[_Answer]], *, sentinel: bool = False
    ) -> _Answer:
        """What a server answers on a connection of its own. Raises StoreUnavailable."""
        try:
            connection = await self._connection(address, sentinel=sentinel)
            try:
                return await ask(connection)
            finally:
                connection.close()
        except ERRORS as error:
            raise ServerRefused(f"redis {address} sent an unreadable answer: {error}") from None


async def _ask_role(connection: RedisConnection) -> Address | None:
    return _role(await connection.request("ROLE"))


async def _ask_replication(connection: RedisConnection) -> tuple[bool, Address | None]:
    """Whether a server is one of several with the same data, and where its master is if it is a replica."""
    reply = await connection.request("ROLE")
    elsewhere = _role(reply)
    has_replicas = isinstance(reply, list) and reply[0] == b"master" and len(reply) > 2 and bool(reply[2])
    return has_replicas or elsewhere is not None, elsewhere if elsewhere is not None and elsewhere.host else None


def _role(reply: Reply) -> Address | None:
    """None for a master, else its master. If an ACL forbids ROLE, the other nodes' reports decide."""
    if isinstance(reply, hiredis.ReplyError) or not isinstance(reply, list) or reply[0] == b"master":
        return None
    host, port = (reply[1], int(reply[2])) if len(reply) > 2 and reply[0] == b"slave" else (b"", 0)
    return Address(host.decode(), port)
