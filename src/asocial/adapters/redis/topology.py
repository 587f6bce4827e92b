"""Which server holds what: one server, the master that sentinels name, or the masters of a cluster.

`discover` returns a Layout, fresh each time; the supervisor asks again whenever a connection is lost. No answer is
believed on its own. A sentinel may name the old master, and a cluster node that was away may list slots as they were.
So several nodes are asked at once, the newest configuration (the highest epoch) wins, and a server is only taken for a
master once it says so itself (ROLE). A node that is slow or does not answer costs a bounded time."""

from __future__ import annotations

import asyncio
import binascii
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple, cast

import hiredis

from ...ports import StoreUnavailable
from .connection import ConnectionEvents, ConnectionLost, RedisConnection, Reply, ServerRefused, dial
from .unreadable import ERRORS
from .urls import Address, Target

SLOTS = 16384
ASK_BATCH = 8
MAX_KNOWN_NODES = 32
STRAGGLERS_S = 0.2
"""How much longer to wait for the other nodes, once those that answered are enough."""
NO_EPOCH = -1
"""Of a claim whose node did not say how new it is: any other is better."""


def slot_of(tag: str) -> int:
    """The cluster slot of every key that has `tag` in braces (the hash tag of the cluster specification)."""
    return binascii.crc_hqx(tag.encode(), 0) % SLOTS


class Layout(NamedTuple):
    """`slots`: the master of each slot, None where there is none; empty where the only master holds everything."""

    masters: tuple[Address, ...]
    slots: tuple[Address | None, ...] = ()

    def owner(self, tag: str) -> Address | None:
        return self.slots[slot_of(tag)] if self.slots else self.masters[0]


class Topology:
    """Finds the masters of a target and connects to them."""

    def __init__(self, target: Target, timeout_s: float) -> None:
        self.target = target
        self.sharded = target.kind == "cluster"
        self._timeout_s = timeout_s
        self._tls = target.tls_context()
        self._ask_first: list[Address] = list(target.addresses)

    async def discover(self) -> Layout:
        """Where the masters are now. Raises StoreUnavailable if nobody can say."""
        if self.target.kind == "single":
            return Layout(self.target.addresses)
        found = _Search(self._ask, self._role, self.sharded)
        layout = await found.run(self._ask_first)
        # Nodes that answered are worth asking later, when those of the URL may all be gone.
        known = [*found.answered, *layout.masters] if self.sharded else found.answered
        self._ask_first = list(dict.fromkeys([*known, *self.target.addresses, *self._ask_first]))[:MAX_KNOWN_NODES]
        return layout

    async def dial(self, address: Address, events: ConnectionEvents) -> RedisConnection:
        """A connection to a master, authenticated. Raises StoreUnavailable if it is none."""
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

    async def _ask(self, address: Address) -> list[_Claim]:
        """What a sentinel or a cluster node says. Raises StoreUnavailable."""
        try:
            async with asyncio.timeout(2 * self._timeout_s):
                connection = await self._connection(address, sentinel=not self.sharded)
                try:
                    return await (
                        _ask_node(connection, address)
                        if self.sharded
                        else _ask_sentinel(connection, self.target.master)
                    )
                finally:
                    connection.close()
        except TimeoutError:
            raise ConnectionLost(f"redis {address}: no answer in time") from None
        except ERRORS as error:
            raise ServerRefused(f"redis {address} answers what cannot be read: {error}") from None

    async def _role(self, address: Address) -> Address | None:
        """None for a master; the master of a replica. Raises StoreUnavailable."""
        connection = await self._connection(address, sentinel=False)
        try:
            return _role(await connection.request("ROLE"))
        except ERRORS as error:
            raise ServerRefused(f"redis {address} answers what cannot be read: {error}") from None
        finally:
            connection.close()


class _Claim(NamedTuple):
    """One node says that the slots from `first` to `last` are the master's since the configuration `epoch`."""

    first: int
    last: int
    master: Address
    epoch: int


class _Search:
    """One discovery: asks several nodes at once and asks every master they name whether it is one."""

    def __init__(
        self,
        ask: Callable[[Address], Coroutine[object, object, list[_Claim]]],
        role: Callable[[Address], Coroutine[object, object, Address | None]],
        sharded: bool,
    ) -> None:
        self._ask = ask
        self._role = role
        self._sharded = sharded
        self._claims: Counter[_Claim] = Counter()
        self._roles: dict[Address, asyncio.Task[Address | None]] = {}
        self._rejected: set[Address] = set()
        self._reason = "nobody to ask"
        self.answered: list[Address] = []

    async def run(self, nodes: list[Address]) -> Layout:
        """Raises StoreUnavailable if no node that answers knows a master."""
        asking: dict[asyncio.Task[list[_Claim]], Address] = {}
        waiting = list(nodes)
        layout = None
        try:
            while asking or waiting:
                if not asking:
                    asking = {asyncio.create_task(self._ask(node)): node for node in waiting[:ASK_BATCH]}
                    del waiting[:ASK_BATCH]
                await self._collect(asking, STRAGGLERS_S)
                layout = await self._layout()
                if layout is not None and not (layout.slots and None in layout.slots):
                    return layout
        finally:
            await _cancel([*asking, *self._roles.values()])
        if layout is None:
            raise StoreUnavailable(self._reason)
        return layout

    async def _collect(self, asking: dict[asyncio.Task[list[_Claim]], Address], stragglers_s: float) -> None:
        """Wait for one answer, and a moment more for others."""
        timeout_s = None
        while asking:
            done, _ = await asyncio.wait(asking, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                return
            for task in done:
                node = asking.pop(task)
                try:
                    claims = task.result()
                except StoreUnavailable as error:
                    self._reason = str(error)
                    continue
                self.answered.append(node)
                self._add_claims(claims)
                timeout_s = stragglers_s

    def _add_claims(self, claims: Iterable[_Claim]) -> None:
        for claim in claims:
            if claim.master in self._rejected:
                continue
            self._claims[claim] += 1
            if claim.master not in self._roles:
                self._roles[claim.master] = asyncio.create_task(self._role(claim.master))

    async def _layout(self) -> Layout | None:
        """What the answers so far come to; None if no server among them can be taken for a master."""
        while True:
            segments = _best(self._claims)
            unverified = [master for _, _, master in segments if not self._roles[master].done()]
            if unverified:
                await asyncio.wait([self._roles[master] for master in unverified])
            named = dict.fromkeys(master for _, _, master in segments)
            rejected = {master for master in named if self._is_rejected(master)}
            if not rejected:
                break
            self._rejected |= rejected
            for claim in [claim for claim in self._claims if claim.master in rejected]:
                del self._claims[claim]
        if not segments:
            return None
        masters = tuple(dict.fromkeys(master for _, _, master in segments))
        if not self._sharded:
            return Layout(masters[:1])
        slots: list[Address | None] = [None] * SLOTS
        for first, last, master in segments:
            slots[first : last + 1] = [master] * (last + 1 - first)
        return Layout(masters, tuple(slots))

    def _is_rejected(self, master: Address) -> bool:
        """Whether claims for it are worth nothing. One that is away may be all that is known of its slots."""
        try:
            elsewhere = self._roles[master].result()
        except StoreUnavailable as error:
            self._reason = str(error)
            return not self._sharded or any(
                claim.master != master and _overlap(claim, mine)
                for mine in self._claims
                if mine.master == master
                for claim in self._claims
            )
        if elsewhere is None:
            return False
        self._reason = f"redis {master} is not a master"
        if not self._sharded and elsewhere.host:
            # A replica knows its master, which has to say so itself.
            self._add_claims([_Claim(0, SLOTS - 1, elsewhere, NO_EPOCH)])
        return True


def _best(claims: Counter[_Claim]) -> list[tuple[int, int, Address]]:
    """For each range of slots the master with the newest configuration; of several, the one that most nodes name."""
    ranked = sorted(claims, key=lambda claim: (claim.epoch, claims[claim]), reverse=True)
    edges = sorted({claim.first for claim in ranked} | {claim.last + 1 for claim in ranked})
    segments: list[tuple[int, int, Address]] = []
    for first, after in itertools.pairwise(edges):
        for claim in ranked:
            if claim.first <= first and claim.last >= after - 1:
                segments.append((first, after - 1, claim.master))
                break
    return segments


def _overlap(one: _Claim, other: _Claim) -> bool:
    return one.first <= other.last and other.first <= one.last


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _ask_sentinel(connection: RedisConnection, name: str) -> list[_Claim]:
    named = connection.request("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    details = _optional(connection.request("SENTINEL", "MASTER", name))
    address = await named
    if not isinstance(address, list):
        raise ServerRefused(f"the sentinel {connection.name} knows no master {name!r}")
    host, port = cast(list[bytes], address)
    facts = await details()
    epoch = NO_EPOCH
    if isinstance(facts, list):
        epoch = int(dict(zip(facts[::2], facts[1::2], strict=False)).get(b"config-epoch", NO_EPOCH))
    return [_Claim(0, SLOTS - 1, Address(host.decode(), int(port)), epoch)]


async def _ask_node(connection: RedisConnection, asked: Address) -> list[_Claim]:
    slots = connection.request("CLUSTER", "SLOTS")
    nodes = _optional(connection.request("CLUSTER", "NODES"))
    ranges = await slots
    if not isinstance(ranges, list) or not ranges:
        raise ServerRefused(f"{connection.name} is not a cluster node: {ranges if ranges else 'it knows no slots'}")
    epochs = _epochs(await nodes())
    claims = []
    for first, last, (host, port, *node), *_ in ranges:
        if not 0 <= first <= last < SLOTS:
            raise ValueError("a range of slots that there is not")
        # A node that does not know its own name yet leaves it out: it is the one we asked.
        address = Address(host.decode() if host and host != b"?" else asked.host, int(port))
        claims.append(_Claim(first, last, address, epochs.get(node[0] if node else b"", NO_EPOCH)))
    return claims


def _epochs(nodes: Reply) -> dict[bytes, int]:
    """The configuration epoch of each node id, from CLUSTER NODES."""
    lines = nodes.splitlines() if isinstance(nodes, bytes) else []
    return {fields[0]: int(fields[6]) for line in lines if len(fields := line.split()) > 6}


def _role(reply: Reply) -> Address | None:
    """None for a master, else where its master is. An ACL that forbids ROLE leaves us with the others' word."""
    if isinstance(reply, hiredis.ReplyError) or not isinstance(reply, list) or reply[0] == b"master":
        return None
    host, port = (reply[1], int(reply[2])) if len(reply) > 2 and reply[0] == b"slave" else (b"", 0)
    return Address(host.decode(), port)


def _optional(reply: asyncio.Future[Reply]) -> Callable[[], Awaitable[Reply]]:
    """A reply that is only worth a moment once it is waited for; None if it does not come."""
    # It may fail while nobody waits for it yet.
    reply.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def wait() -> Reply:
        await asyncio.wait([reply], timeout=STRAGGLERS_S)
        return reply.result() if reply.done() and reply.exception() is None else None

    return wait
