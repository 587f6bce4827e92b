"""Which server holds what: one server, the master that sentinels name, or the masters of a cluster.

`discover` answers with a Layout, fresh each time; the supervisor asks again whenever a line is lost, and no answer is
trusted on its word: a line for commands is only given out once the server itself says that it is a master, since
a sentinel that lags names the old one, and the old one, back as a replica, would refuse every write.
"""

from __future__ import annotations

import binascii
from collections.abc import Callable
from typing import NamedTuple, cast

from ...ports import StoreUnavailable
from .line import ANSWER_TIMEOUT_S, Line, LineLost, Refused, Reply, dial
from .urls import Address, Target

SLOTS = 16384


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

    def __init__(self, target: Target, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self.target = target
        self.sharded = target.kind == "cluster"
        self._timeout_s = timeout_s
        self._tls = target.tls_context()
        self._ask_first: list[Address] = list(target.addresses)

    async def discover(self) -> Layout:
        """Where the masters are now. Raises StoreUnavailable if nobody can say."""
        if self.target.kind == "single":
            return Layout(self.target.addresses)
        reason = "nobody to ask"
        for address in list(self._ask_first):
            try:
                layout = await self._ask(address)
            except StoreUnavailable as error:
                reason = str(error)
                continue
            # Nodes that answered once are worth asking later, when those of the URL may all be gone.
            known = [address, *layout.masters] if self.sharded else [address]
            self._ask_first = list(dict.fromkeys([*known, *self._ask_first]))[:32]
            return layout
        raise StoreUnavailable(reason)

    async def dial(
        self,
        address: Address,
        *,
        on_lost: Callable[[Line], None],
        on_push: Callable[[Reply], None] | None = None,
    ) -> Line:
        """A line to a master, let in. Raises StoreUnavailable if it is none."""
        line = await self._line(address, sentinel=False)
        try:
            role = await line.request("ROLE")
            # An ACL that forbids ROLE leaves us with the sentinel's word.
            if isinstance(role, list) and role[0] != b"master":
                raise Refused(f"{line.name} is not a master")
        except BaseException:
            line.close()
            raise
        if line.lost is not None:
            raise LineLost(line.lost)
        line.on_lost, line.on_push = on_lost, on_push
        return line

    async def _line(self, address: Address, *, sentinel: bool) -> Line:
        target = self.target
        return await dial(
            lambda: Line(f"redis {address}", timeout_s=self._timeout_s),
            host=address.host,
            port=address.port,
            path=address.path,
            tls=self._tls,
            username="" if sentinel else target.username,
            password=target.sentinel_password if sentinel else target.password,
            database=0 if sentinel else target.database,
            timeout_s=self._timeout_s,
        )

    async def _ask(self, address: Address) -> Layout:
        line = await self._line(address, sentinel=not self.sharded)
        try:
            if self.sharded:
                return _layout(await line.request("CLUSTER", "SLOTS"), address)
            named = await line.request("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self.target.master)
            if not isinstance(named, list):
                raise Refused(f"the sentinel {address} knows no master {self.target.master!r}")
            host, port = cast(list[bytes], named)
            return Layout((Address(host.decode(), int(port)),))
        finally:
            line.close()


def _layout(reply: Reply, asked: Address) -> Layout:
    if not isinstance(reply, list) or not reply:
        raise Refused(f"redis {asked} is not a cluster node: {reply if reply else 'it knows no slots'}")
    slots: list[Address | None] = [None] * SLOTS
    for first, last, (host, port, *_), *_ in reply:
        # A node that does not know its own name yet leaves it out: it is the one we asked.
        address = Address(host.decode() if host and host != b"?" else asked.host, port)
        slots[first : last + 1] = [address] * (last + 1 - first)
    masters = tuple(dict.fromkeys(address for address in slots if address is not None))
    return Layout(masters, tuple(slots))
