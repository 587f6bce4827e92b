"""Which processes live, and which channels must be swept, so that any process can clean up after any other.

A process holds a lease of some seconds and renews it. When it dies, the lease expires, and the next process that sweeps
removes its connections, channel by channel. To find them without asking every channel, and on a cluster where the keys
of a channel live on another master, five kinds of keys have a slot of their own (no channel can have the tag `.pods`,
since names have no dot):

    leases              process -> when its lease expires
    channels:<process>  the channels in which the process has connections
    deadlines           channel -> when to sweep it next: never later than its earliest deadline
    deaths              how many processes have died and been cleaned up
    clock               when a process last claimed channels, and until when no process does

These keys are hints; the channel's own `expiry` decides. So that a crash between two slots loses nobody, a hint is
always written *before* what it points to, and changed only after the channel was swept. A sweeper claims a channel by
giving its hint a score with a fraction, a little in the future. Afterwards it sets the next deadline only if the claim
is unchanged: a process that joined or abandoned a connection meanwhile has written a whole number over it. A sweeper
that dies delays others by at most `CLAIM_MS`.

A process that was only slow (stopped, cut off) notices at its next renewal that its lease has expired. It registers
again with a new process id, so that a sweeper that still removes the old one cannot affect new connections, and reports
an outage.

A process may also die after it removed a connection and before it sent the event. The channel's event count shows that,
so after each death every process sends its clients the current count: `deaths` is returned by each renewal.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from ... import logs
from ...ports import StoreUnavailable
from .connection import Argument, Reply
from .pool import ErrorReply, Pool
from .scripts import SCRIPTS

TAG = ".pods"
CLAIM_MS = 2000
MAX_CLAIMS = 64
MAX_DEADLINE_MS = 600_000
"""The farthest deadline, unless the presence TTL is longer: a grace plus the time over which clients reconnect."""
SWEEP_PAUSE_MS = 10_000
"""If no process has swept for this long, sweeping waits for as long again: the clock was set, or Redis was out of
reach, and living processes need time to renew their leases."""

log = logs.get(__name__)


class Claim(NamedTuple):
    channel: str
    claim: str
    """The score of the claim, as the server wrote it."""
    dead: list[str]
    """Processes whose connections must be removed, whatever their deadlines."""


class Leases:
    """`keep_ms`: how long the keys outlive the last process.

    `on_lost`: called when this process's lease had expired. `on_death`: when other processes died and were cleaned up.
    """

    def __init__(
        self,
        pool: Pool,
        process_id: str,
        *,
        lease_ms: int,
        keep_ms: int,
        on_lost: Callable[[], None],
        on_death: Callable[[], None],
    ) -> None:
        self._pool = pool
        self._process_id = process_id
        self._generation = 0
        self._renewing = asyncio.Lock()
        self._lease_ms = lease_ms
        self._keep_ms = keep_ms
        self._on_lost = on_lost
        self._on_death = on_death
        self._deaths: int | None = None
        key = pool.names.key
        self._leases, self._deadlines = key(TAG, "leases"), key(TAG, "deadlines")
        self._deaths_key, self._clock = key(TAG, "deaths"), key(TAG, "clock")
        self._channels_of = key(TAG, "channels:")
        self._types = {
            self._leases: b"zset",
            self._deadlines: b"zset",
            self._deaths_key: b"string",
            self._clock: b"hash",
        }
        """The type of each key; the channels of a process are a set."""

    @property
    def process(self) -> str:
        return f"{self._process_id}.{self._generation}"

    async def renew(self) -> bool:
        """Renew the lease. False if it had expired: this process then has a new id. Raises StoreUnavailable."""
        # One at a time: of two that both find it expired, the second would take an id for which there is no lease.
        async with self._renewing:
            if await self._renew(self.process):
                return True
            # The new lease first, then the id, so that everything registered under the new id is covered by the lease.
            await self._renew(f"{self._process_id}.{self._generation + 1}", "new")
            self._generation += 1
            return False

    async def check(self) -> None:
        """Renew the lease. If it had expired, report an outage that is over at once. Raises StoreUnavailable."""
        if not await self.renew():
            log.warning("lease expired; registering again with a new process id", process=self.process)
            self._on_lost()

    async def run(self) -> None:
        """Check the lease until cancelled."""
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            try:
                await self.check()
            except StoreUnavailable:
                pass  # the supervisor reconnects, and the lease is renewed when Redis is back
            except Exception:
                # Without a lease, all people of this process would be seen leaving, again and again.
                log.exception("cannot renew the lease of this process; trying again")

    async def hint(self, channel: str, when_ms: int, *, process: str = "") -> bool:
        """Have `channel` swept in `when_ms` at the latest. Raises StoreUnavailable.

        `process`: the process that has connections there from now on. False if its lease expired.
        """
        keys = (self._deadlines, self._channels_of + process, self._leases) if process else (self._deadlines,)
        return bool(await self._run("hint", keys, channel, when_ms, self._keep_ms, process))

    async def channels(self) -> set[str]:
        """The channels in which a process has connections, and some that it has just left. Raises StoreUnavailable."""
        processes = cast(list[bytes], await self._pool.call(TAG, "ZRANGE", self._leases, 0, -1))
        keys = [self._channels_of + process.decode(errors="replace") for process in processes]
        names = cast(list[bytes], await self._pool.call(TAG, "SUNION", *keys)) if keys else []
        return {name.decode(errors="replace") for name in names}

    def leave(self, channel: str) -> None:
        """This process has no more connections in `channel`."""
        # If the name is not removed, one sweep too many looks at the channel.
        with contextlib.suppress(StoreUnavailable):
            self._pool.connection(TAG).post("SREM", self._channels_of + self.process, channel)

    async def claim(self) -> list[Claim]:
        """Channels to sweep now. No other process gets them for a moment. Raises StoreUnavailable."""
        keys = (self._deadlines, self._leases, self._deaths_key, self._clock)
        limits = (MAX_CLAIMS, CLAIM_MS, self._keep_ms, max(MAX_DEADLINE_MS, self._keep_ms), SWEEP_PAUSE_MS)
        reply = await self._run("claim", keys, *limits, self._channels_of)
        # An id that is not valid text names no channel. The sweep finds it empty and removes it.
        claimed, dead = ([item.decode(errors="replace") for item in part] for part in cast(list[list[bytes]], reply))
        return [Claim(*pair, dead) for pair in zip(claimed[::2], claimed[1::2], strict=True)]

    async def finish_claim(self, claim: Claim, next_ms: int) -> None:
        """A claimed channel was swept. Its next deadline is in `next_ms`, 0 if it is empty."""
        keys = (self._deadlines, *(self._channels_of + process for process in claim.dead))
        await self._run("finish_claim", keys, claim.channel, claim.claim, next_ms)

    async def find_dead(self, processes: Sequence[str]) -> set[str]:
        """Those of `processes` that hold no lease. Raises StoreUnavailable."""
        if not processes:
            return set()
        now = cast(list[bytes], await self._pool.call(TAG, "TIME"))
        scores = cast(list[bytes | None], await self._pool.call(TAG, "ZMSCORE", self._leases, *processes))
        now_ms = int(now[0]) * 1000
        return {
            process for process, score in zip(processes, scores, strict=True) if score is None or float(score) < now_ms
        }

    async def _renew(self, process: str, how: str = "") -> bool:
        keys = (self._leases, self._deadlines, self._deaths_key, self._channels_of + process)
        reply = await self._run("renew", keys, process, self._lease_ms, self._keep_ms, how)
        held, deaths = cast(tuple[int, int], reply)
        if self._deaths not in (None, deaths):
            self._on_death()
        self._deaths = deaths
        return bool(held)

    async def _run(self, script: str, keys: Sequence[str], *arguments: Argument) -> Reply:
        try:
            return await self._pool.run(SCRIPTS[script], TAG, keys, *arguments)
        except ErrorReply as error:
            if not error.wrong_type:
                raise
            # A key of another type was not written by us, and no process can work while it exists. It is created again.
            for key in keys:
                if await self._pool.call(TAG, "TYPE", key) not in (b"none", self._types.get(key, b"set")):
                    await self._pool.call(TAG, "DEL", key)
            return await self._pool.run(SCRIPTS[script], TAG, keys, *arguments)
