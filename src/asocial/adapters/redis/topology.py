"""Which server holds what: one server, the master that sentinels name, or the masters of a cluster.

`discover` returns a Layout, fresh each time; the supervisor asks again whenever a connection is lost. No answer is
believed on its own. A sentinel may name the old master, and a cluster node that was away may list slots as they were.
So several nodes are asked at once, the newest configuration (the highest epoch) wins, and a server is only taken for a
master once it says so itself (ROLE). A node that is slow or does not answer costs a bounded time.

A URL with one server may lead to any of several, as the name of a headless Service does. Where that server replicates,
the Sentinel beside it says which one is the master, or else the server itself (docs/decisions/0024).
"""

from __future__ import annotations

import asyncio
import binascii
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple, TypeVar, cast

import hiredis

from ...ports import StoreUnavailable
from .connection import ConnectionEvents, ConnectionLost, RedisConnection, Refused, Reply, dial
from .unreadable import ERRORS
from .urls import SENTINEL_PORT, Address, Target

SLOTS = 16384
ASK_AT_ONCE = 8
KNOWN_MOST = 32
STRAGGLERS_S = 0.2
"""How much longer to wait for the other nodes, once those that answered are enough."""
NO_EPOCH = -1
"""Of a claim whose node did not say how new it is: any other is better."""


_Answer = TypeVar("_Answer")


def slot_of(tag: str) -> int:
    """The cluster slot of every key that has `tag` in braces (the hash tag of the cluster specification)."""
    return binascii.crc_hqx(tag.encode(), 0) % SLOTS


class Layout(NamedTuple):
    """`slots`: the master of each slot, None where there is none; empty where the only master holds everything."""

    masters: tuple[Address, ...]
    slots: tuple[Address | None, ...] = ()

    def owner(self, tag: str) -> Address | None:
        return self.slots[slot_of(tag)] if self.slots else self.masters[0]


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
        """Where the masters are now. Raises StoreUnavailable if nobody can say."""
        if self.target.kind == "single":
            return await self._discover_single()
        found = _Search(self._ask, self._role, self.sharded)
        layout = await found.run(self._ask_first)
        # Nodes that answered are worth asking later, when those of the URL may all be gone.
        known = [*found.answered, *layout.masters] if self.sharded else found.answered
        self._ask_first = list(dict.fromkeys([*known, *self.target.addresses, *self._ask_first]))[:KNOWN_MOST]
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
            claims.append(_claim(self._last_master))
        claims.append(_claim(elsewhere or address))

        async def ask(_: Address) -> list[_Claim]:
            return claims

        layout = await _Search(ask, self._role, sharded=False).run([address])
        self._last_master = layout.masters[0]
        return layout

    async def _ask_beside(self, address: Address, master: Address) -> list[_Claim]:
        """What the Sentinel on the host of a server says, nothing if there is none."""
        connection: RedisConnection | None = None
        try:
            async with asyncio.timeout(self._beside.answer_s):
                connection = await self._connection(address._replace(port=self._beside.port), sentinel=True)
                return await _ask_sentinel_for_all(connection, master)
        except (TimeoutError, StoreUnavailable, KeyError, *ERRORS):
            return []
        finally:
            if connection is not None:
                connection.close()

    async def dial(self, address: Address, events: ConnectionEvents) -> RedisConnection:
        """A connection to a master, authenticated. Raises StoreUnavailable if it is none."""
        connection = await self._connection(address, sentinel=False, events=events)
        try:
            if _role(await connection.request("ROLE")) is not None:
                raise Refused(f"{connection.name} is not a master")
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
            raise Refused(f"redis {address} answers what cannot be read: {error}") from None

    async def _role(self, address: Address) -> Address | None:
        """None for a master; the master of a replica. Raises StoreUnavailable."""
        return await self._with_connection(address, _ask_role)

    async def _with_connection(self, address: Address, ask: Callable[[RedisConnection], Awaitable[_Answer]]) -> _Answer:
        """What a server answers on a connection of its own. Raises StoreUnavailable."""
        connection = await self._connection(address, sentinel=False)
        try:
            return await ask(connection)
        except ERRORS as error:
            raise Refused(f"redis {address} answers what cannot be read: {error}") from None
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
        self._refuted: set[Address] = set()
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
                    asking = {asyncio.create_task(self._ask(node)): node for node in waiting[:ASK_AT_ONCE]}
                    del waiting[:ASK_AT_ONCE]
                await self._hear(asking, STRAGGLERS_S)
                layout = await self._layout()
                if layout is not None and not (layout.slots and None in layout.slots):
                    return layout
        finally:
            await _cancel([*asking, *self._roles.values()])
        if layout is None:
            raise StoreUnavailable(self._reason)
        return layout

    async def _hear(self, asking: dict[asyncio.Task[list[_Claim]], Address], stragglers_s: float) -> None:
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
                self._believe(claims)
                timeout_s = stragglers_s

    def _believe(self, claims: Iterable[_Claim]) -> None:
        for claim in claims:
            if claim.master in self._refuted:
                continue
            self._claims[claim] += 1
            if claim.master not in self._roles:
                self._roles[claim.master] = asyncio.create_task(self._role(claim.master))

    async def _layout(self) -> Layout | None:
        """What the answers so far come to; None if no server among them can be taken for a master."""
        while True:
            segments = _best(self._claims)
            doubted = [master for _, _, master in segments if not self._roles[master].done()]
            if doubted:
                await asyncio.wait([self._roles[master] for master in doubted])
            named = dict.fromkeys(master for _, _, master in segments)
            refuted = {master for master in named if self._is_refuted(master)}
            if not refuted:
                break
            self._refuted |= refuted
            for claim in [claim for claim in self._claims if claim.master in refuted]:
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

    def _is_refuted(self, master: Address) -> bool:
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
            self._believe([_claim(elsewhere)])
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


async def _ask_role(connection: RedisConnection) -> Address | None:
    return _role(await connection.request("ROLE"))


async def _ask_replication(connection: RedisConnection) -> tuple[bool, Address | None]:
    """Whether a server is one of several with the same data, and where its master is if it is a replica."""
    reply = await connection.request("ROLE")
    elsewhere = _role(reply)
    has_replicas = isinstance(reply, list) and reply[0] == b"master" and len(reply) > 2 and bool(reply[2])
    return has_replicas or elsewhere is not None, elsewhere if elsewhere is not None and elsewhere.host else None


async def _ask_sentinel_for_all(connection: RedisConnection, master: Address) -> list[_Claim]:
    """The only master that a sentinel watches, or `master` if it watches that one among others."""
    reply = await connection.request("SENTINEL", "MASTERS")
    claims = []
    for each in reply if isinstance(reply, list) else ():
        facts = dict(zip(each[::2], each[1::2], strict=False))
        named = Address(facts[b"ip"].decode(), int(facts[b"port"]))
        claims.append(_claim(named, int(facts.get(b"config-epoch", NO_EPOCH))))
    return claims if len(claims) == 1 else [claim for claim in claims if claim.master == master]


def _claim(master: Address, epoch: int = NO_EPOCH) -> _Claim:
    """That a server holds everything."""
    return _Claim(0, SLOTS - 1, master, epoch)


async def _ask_sentinel(connection: RedisConnection, name: str) -> list[_Claim]:
    named = connection.request("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    details = _optional(connection.request("SENTINEL", "MASTER", name))
    address = await named
    if not isinstance(address, list):
        raise Refused(f"the sentinel {connection.name} knows no master {name!r}")
    host, port = cast(list[bytes], address)
    facts = await details()
    epoch = NO_EPOCH
    if isinstance(facts, list):
        epoch = int(dict(zip(facts[::2], facts[1::2], strict=False)).get(b"config-epoch", NO_EPOCH))
    return [_claim(Address(host.decode(), int(port)), epoch)]


async def _ask_node(connection: RedisConnection, asked: Address) -> list[_Claim]:
    slots = connection.request("CLUSTER", "SLOTS")
    nodes = _optional(connection.request("CLUSTER", "NODES"))
    ranges = await slots
    if not isinstance(ranges, list) or not ranges:
        raise Refused(f"{connection.name} is not a cluster node: {ranges if ranges else 'it knows no slots'}")
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
