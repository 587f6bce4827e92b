"""The servers of a Redis URL: one server, the master that sentinels name, or the masters of a cluster.

`discover` returns a new Layout each time; the supervisor calls it again whenever a connection is lost. How the masters
are found is in discovery.py.
"""

from __future__ import annotations

import asyncio

import hiredis

from .connection import ConnectionEvents, ConnectionLost, RedisConnection, Reply, ServerRefused, dial
from .discovery import Claim, Discovery, ask_node, ask_sentinel
from .layout import Layout
from .unreadable import ERRORS
from .urls import Address, Target

MAX_KNOWN_NODES = 32
"""Nodes that are remembered for later discoveries."""


class Topology:
    """Finds the masters of a target and connects to them."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        self.target = target
        self.sharded = target.kind == "cluster"
        self._timeout_s = timeout_s
        self._tls = target.tls_context()
        self._ask_first: list[Address] = list(target.addresses)

    async def discover(self) -> Layout:
        """The current layout. Raises StoreUnavailable if no server can tell."""
        if self.target.kind == "single":
            return Layout(self.target.addresses)
        found = Discovery(self._ask, self._role, self.sharded)
        layout = await found.run(self._ask_first)
        # Nodes that answered are worth asking later, when all nodes of the URL may be gone.
        known = [*found.answered, *layout.masters] if self.sharded else found.answered
        self._ask_first = list(dict.fromkeys([*known, *self.target.addresses, *self._ask_first]))[:MAX_KNOWN_NODES]
        return layout

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
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                connection = await self._connection(address, sentinel=not self.sharded)
                try:
                    return await (
                        ask_node(connection, address) if self.sharded else ask_sentinel(connection, self.target.master)
                    )
                finally:
                    connection.close()
        except TimeoutError:
            raise ConnectionLost(f"redis {address}: no answer in time") from None
        except ERRORS as error:
            raise ServerRefused(f"redis {address} sent an unreadable answer: {error}") from None

    async def _role(self, address: Address) -> Address | None:
        """None for a master; else its master. Raises StoreUnavailable."""
        connection = await self._connection(address, sentinel=False)
        try:
            return _role(await connection.request("ROLE"))
        except ERRORS as error:
            raise ServerRefused(f"redis {address} sent an unreadable answer: {error}") from None
        finally:
            connection.close()


def _role(reply: Reply) -> Address | None:
    """None for a master, else its master. If an ACL forbids ROLE, the other nodes' reports decide."""
    if isinstance(reply, hiredis.ReplyError) or not isinstance(reply, list) or reply[0] == b"master":
        return None
    host, port = (reply[1], int(reply[2])) if len(reply) > 2 and reply[0] == b"slave" else (b"", 0)
    return Address(host.decode(), port)
