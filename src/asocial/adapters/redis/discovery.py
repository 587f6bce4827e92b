"""One discovery of the masters: ask several nodes at once, and check that each master they name is one.

No answer is trusted alone. A sentinel may name the old master, and a cluster node that was away may list slots as they
were. The newest configuration (the highest epoch) wins, and a server counts as a master only if it says so itself
(ROLE). A node that is slow or does not answer costs a bounded time.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NamedTuple, cast

from ...ports import StoreUnavailable
from .connection import RedisConnection, Reply, ServerRefused
from .layout import SLOTS, Layout
from .urls import Address

ASK_BATCH = 8
"""Nodes that are asked at once."""
STRAGGLERS_S = 0.2
"""How much longer to wait for the other nodes once the answers received are enough."""
NO_EPOCH = -1
"""The epoch of a claim from a node that did not report one: any other claim is preferred."""


class Claim(NamedTuple):
    """One node says that the slots from `first` to `last` are the master's since the configuration `epoch`."""

    first: int
    last: int
    master: Address
    epoch: int


class Discovery:
    """Asks several nodes at once, and asks every master that they name whether it is one."""

    def __init__(
        self,
        ask: Callable[[Address], Coroutine[object, object, list[Claim]]],
        role: Callable[[Address], Coroutine[object, object, Address | None]],
        sharded: bool,
    ) -> None:
        self._ask = ask
        self._role = role
        self._sharded = sharded
        self._claims: Counter[Claim] = Counter()
        self._roles: dict[Address, asyncio.Task[Address | None]] = {}
        self._rejected: set[Address] = set()
        self._reason = "no node to ask"
        self.answered: list[Address] = []

    async def run(self, nodes: list[Address]) -> Layout:
        """The current layout. Raises StoreUnavailable if no node that answers knows a master."""
        asking: dict[asyncio.Task[list[Claim]], Address] = {}
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

    async def _collect(self, asking: dict[asyncio.Task[list[Claim]], Address], stragglers_s: float) -> None:
        """Wait for one answer, then a moment longer for others."""
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

    def _add_claims(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            if claim.master in self._rejected:
                continue
            self._claims[claim] += 1
            if claim.master not in self._roles:
                self._roles[claim.master] = asyncio.create_task(self._role(claim.master))

    async def _layout(self) -> Layout | None:
        """The layout that the answers so far give; None if they name no server that is a master."""
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
        """Whether claims for this master do not count. If it is away, it may still be the only master of its slots."""
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
            # A replica knows its master, which must confirm it itself.
            self._add_claims([claim_all(elsewhere)])
        return True


def _best(claims: Counter[Claim]) -> list[tuple[int, int, Address]]:
    """For each range of slots, the master with the newest configuration; among equals, the one that most nodes name."""
    ranked = sorted(claims, key=lambda claim: (claim.epoch, claims[claim]), reverse=True)
    edges = sorted({claim.first for claim in ranked} | {claim.last + 1 for claim in ranked})
    segments: list[tuple[int, int, Address]] = []
    for first, after in itertools.pairwise(edges):
        for claim in ranked:
            if claim.first <= first and claim.last >= after - 1:
                segments.append((first, after - 1, claim.master))
                break
    return segments


def _overlap(one: Claim, other: Claim) -> bool:
    return one.first <= other.last and other.first <= one.last


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def ask_sentinel_for_all(connection: RedisConnection, master: Address) -> list[Claim]:
    """The only master that a sentinel watches, or `master` if it watches that one among others."""
    reply = await connection.request("SENTINEL", "MASTERS")
    claims = []
    for each in reply if isinstance(reply, list) else ():
        facts = dict(zip(each[::2], each[1::2], strict=False))
        named = Address(facts[b"ip"].decode(), int(facts[b"port"]))
        claims.append(claim_all(named, int(facts.get(b"config-epoch", NO_EPOCH))))
    return claims if len(claims) == 1 else [claim for claim in claims if claim.master == master]


def claim_all(master: Address, epoch: int = NO_EPOCH) -> Claim:
    """That a server holds everything."""
    return Claim(0, SLOTS - 1, master, epoch)


async def ask_sentinel(connection: RedisConnection, name: str) -> list[Claim]:
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
    return [claim_all(Address(host.decode(), int(port)), epoch)]


async def ask_node(connection: RedisConnection, asked: Address) -> list[Claim]:
    slots = connection.request("CLUSTER", "SLOTS")
    nodes = _optional(connection.request("CLUSTER", "NODES"))
    ranges = await slots
    if not isinstance(ranges, list) or not ranges:
        raise ServerRefused(f"{connection.name} is not a cluster node: {ranges if ranges else 'it knows no slots'}")
    epochs = _epochs(await nodes())
    claims = []
    for first, last, (host, port, *node), *_ in ranges:
        if not 0 <= first <= last < SLOTS:
            raise ValueError("an invalid range of slots")
        # A node that does not know its own name yet leaves it out.
        address = Address(host.decode() if host and host != b"?" else asked.host, int(port))
        claims.append(Claim(first, last, address, epochs.get(node[0] if node else b"", NO_EPOCH)))
    return claims


def _epochs(nodes: Reply) -> dict[bytes, int]:
    """The configuration epoch of each node id, from CLUSTER NODES."""
    lines = nodes.splitlines() if isinstance(nodes, bytes) else []
    return {fields[0]: int(fields[6]) for line in lines if len(fields := line.split()) > 6}


def _optional(reply: asyncio.Future[Reply]) -> Callable[[], Awaitable[Reply]]:
    """Wait for a reply for a moment only; None if it does not come."""
    # It may fail before anything waits for it.
    reply.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def wait() -> Reply:
        await asyncio.wait([reply], timeout=STRAGGLERS_S)
        return reply.result() if reply.done() and reply.exception() is None else None

    return wait
