"""Pub/sub: one connection to each master, its subscriptions, and probes that show that it delivers.

`_wanted` holds what should be subscribed, and the connections follow it: a subscription made while a connection is away
is carried out by `connect`. In a cluster, a channel is subscribed on the master of its slot (SSUBSCRIBE).

An open connection may still deliver nothing: behind a proxy that lost its state, or on a server that lost the
subscription. So each connection also subscribes to a channel of its own in a slot of that master. `probe` publishes
there and expects the message back. Only a connection that passed this test counts.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from typing import cast

import hiredis

from ... import logs
from ...ports import StoreUnavailable
from .connection import RECHECK_S, ConnectionEvents, RedisConnection, Reply
from .layout import Layout, slot_of
from .names import Names
from .pool import Pool
from .topology import Topology
from .urls import Address

BATCH = 500
"""Channels in one SUBSCRIBE: few enough that neither side is busy for long."""
CONFIRMATION_S = 1.0
RESUBSCRIBE_TIMEOUT_S = 10.0

log = logs.get(__name__)


class Subscriber:
    """`on_lost`: a connection ended by itself. `on_moved`: a master no longer holds one of its slots.

    Channels are named by their hash tag; see `name`.
    """

    def __init__(
        self,
        topology: Topology,
        on_lost: Callable[[RedisConnection], None],
        on_moved: Callable[[str], None],
        names: Names,
    ) -> None:
        self._topology = topology
        self.name = names.topic
        """The pub/sub channel for a hash tag."""
        self._on_lost = on_lost
        self._events = ConnectionEvents(self._connection_lost, on_push=self._on_push)
        self._on_moved = on_moved
        self._verbs = ("SSUBSCRIBE", "SUNSUBSCRIBE") if topology.sharded else ("SUBSCRIBE", "UNSUBSCRIBE")
        self._wanted: dict[bytes, tuple[str, Callable[[bytes], None]]] = {}
        self._subscribed_on: dict[bytes, RedisConnection] = {}
        """The connection on which each channel was last subscribed."""
        self._waiters: dict[bytes, list[asyncio.Future[None]]] = {}
        self._layout: Layout | None = None
        self._connections: dict[Address, RedisConnection] = {}
        self._probes: dict[bytes, asyncio.Future[None] | None] = {}
        self._probe_tags: dict[Address, str] = {}
        self._process = secrets.token_hex(6)
        self.probed_at = float("-inf")
        """When a probe through every connection last came back, by the loop's clock."""

    @property
    def publish_verb(self) -> str:
        return "SPUBLISH" if self._topology.sharded else "PUBLISH"

    @property
    def is_complete(self) -> bool:
        """Whether every master has a connection."""
        layout = self._layout
        return layout is not None and all(
            (connection := self._connections.get(master)) is not None and connection.lost is None
            for master in layout.masters
        )

    async def subscribe(self, tag: str, deliver: Callable[[bytes], None]) -> None:
        """Subscribe. Confirmed on return, or done by `connect` later if the connection is away. Raises nothing."""
        name = self.name(tag).encode()
        self._wanted[name] = (tag, deliver)
        connection = self._connection(tag)
        if connection is not None:
            self._push(connection, [name])
            # The client does not wait longer for a confirmation: if it does not come, the probe finds out why.
            await asyncio.wait([self._confirmation(name)], timeout=CONFIRMATION_S)

    def unsubscribe(self, tag: str) -> None:
        """Nothing is delivered any more after this returns."""
        name = self.name(tag).encode()
        if self._wanted.pop(name, None) is not None:
            connection = self._subscribed_on.pop(name, None)
            if connection is not None:
                connection.push(self._verbs[1], name)
            # A resubscription under way must not wait for a channel that is not wanted any more.
            self._confirmed(name)

    def unsubscribe_all(self) -> None:
        """Unsubscribe everything."""
        for tag, _ in list(self._wanted.values()):
            self.unsubscribe(tag)

    async def connect(self, layout: Layout) -> None:
        """Connect to masters without a connection, and subscribe all that is wanted. Raises StoreUnavailable."""
        self._layout = layout
        for address in [
            a for a, connection in self._connections.items() if a not in layout.masters or connection.lost is not None
        ]:
            self._connections.pop(address).fail("no longer a master")
        missing = [master for master in layout.masters if master not in self._connections]
        results = await asyncio.gather(*(self._open(master) for master in missing), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        # Slots may have moved: each channel is subscribed where it is now.
        for name, (tag, _) in list(self._wanted.items()):
            connection = self._connection(tag)
            if connection is not None and self._subscribed_on.get(name) is not connection:
                if name in self._subscribed_on:
                    self._subscribed_on[name].push(self._verbs[1], name)
                self._push(connection, [name])

    async def probe(self, pool: Pool, timeout_s: float) -> bool:
        """Whether a message published to each master comes back in time. Connections that fail are ended."""
        answers: dict[asyncio.Future[None], RedisConnection] = {}
        for address, connection in list(self._connections.items()):
            if connection.lost is None:
                name = self.name(self._probe_tags[address]).encode()
                answer = self._probes[name] = asyncio.get_running_loop().create_future()
                answers[answer] = connection
                try:
                    pool.connection_to(address).post(self.publish_verb, name, b"?")
                except StoreUnavailable:
                    return False
        if answers:
            await asyncio.wait(answers, timeout=timeout_s)
            if not all(answer.done() for answer in answers):
                await asyncio.sleep(RECHECK_S)  # as in connection.py: this process may have been busy
            for answer in [answer for answer in answers if not answer.done()]:
                answers[answer].fail(f"{answers[answer].name} does not deliver published messages")
        if answers and self.is_complete:
            self.probed_at = asyncio.get_running_loop().time()
        return self.is_complete

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._subscribed_on.clear()
        self._wanted.clear()
        self._release_waiters()

    def _connection(self, tag: str) -> RedisConnection | None:
        owner = self._layout.owner(tag) if self._layout is not None else None
        connection = self._connections.get(owner) if owner is not None else None
        return connection if connection is not None and connection.lost is None else None

    async def _open(self, master: Address) -> None:
        connection = await self._topology.dial(master, self._events)
        self._connections[master] = connection
        tag = self._probe_tags[master] = self._probe_tag(master)
        probe = self.name(tag).encode()
        self._probes[probe] = None
        mine = [name for name, (tag, _) in self._wanted.items() if self._connection(tag) is connection]
        confirmations = [self._confirmation(name) for name in (probe, *mine)]
        connection.push(self._verbs[0], probe)
        for start in range(0, len(mine), BATCH):
            self._push(connection, [name for name in mine[start : start + BATCH] if name in self._wanted])
            await asyncio.sleep(0)
        _, unconfirmed = await asyncio.wait(confirmations, timeout=RESUBSCRIBE_TIMEOUT_S)
        if connection.lost is not None:
            raise StoreUnavailable(connection.lost)
        if unconfirmed:
            connection.fail(f"{connection.name} does not confirm subscriptions")
            raise StoreUnavailable(f"{connection.name} does not confirm subscriptions")

    def _push(self, connection: RedisConnection, names: list[bytes]) -> None:
        """Subscribe `names` on `connection`. In a cluster, one command must not span slots."""
        for name in names:
            self._subscribed_on[name] = connection
            if self._topology.sharded:
                connection.push(self._verbs[0], name)
        if names and not self._topology.sharded:
            connection.push(self._verbs[0], *names)

    def _probe_tag(self, master: Address) -> str:
        layout = self._layout
        for number in itertools.count():
            tag = f".probe-{self._process}-{number}"
            if layout is None or not layout.slots or layout.slots[slot_of(tag)] == master:
                return tag
        raise AssertionError

    def _confirmation(self, name: bytes) -> asyncio.Future[None]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(name, []).append(future)
        return future

    def _confirmed(self, name: bytes) -> None:
        for waiter in self._waiters.pop(name, ()):
            if not waiter.done():
                waiter.set_result(None)

    def _on_push(self, connection: RedisConnection, reply: Reply) -> None:
        if isinstance(reply, hiredis.ReplyError):
            # MOVED, or no permission: the layout has changed. Connect again.
            connection.fail(f"{connection.name}: {reply}")
            return
        if not isinstance(reply, list) or len(reply) != 3:
            connection.fail(f"{connection.name} does not speak the redis protocol")
            return
        kind, name, data = cast(tuple[bytes, bytes, bytes], reply)
        if kind in (b"message", b"smessage"):
            wanted = self._wanted.get(name)
            if wanted is not None:
                try:
                    wanted[1](data)
                except Exception:
                    log.exception("unexpected error while delivering a batch")
            elif (probe := self._probes.get(name)) is not None and not probe.done():
                probe.set_result(None)
        elif kind in (b"subscribe", b"ssubscribe"):
            self._confirmed(name)
        elif kind == b"sunsubscribe" and self._subscribed_on.get(name) is connection and name not in self._waiters:
            # Not requested by us: the slot has moved to another master.
            del self._subscribed_on[name]
            self._on_moved(f"{connection.name} no longer holds one of its slots")

    def _connection_lost(self, connection: RedisConnection) -> None:
        for name in [name for name, where in self._subscribed_on.items() if where is connection]:
            del self._subscribed_on[name]
        self._release_waiters()
        self._on_lost(connection)

    def _release_waiters(self) -> None:
        # Waiting callers continue: the subscription is recorded, and `connect` carries it out.
        for name in list(self._waiters):
            self._confirmed(name)
