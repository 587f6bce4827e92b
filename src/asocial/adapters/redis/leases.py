"""Which processes live, and which channels must be looked at: what lets anyone clean up after anyone.

A process (a *process*) holds a lease of some seconds and renews it; one that was killed stops. Whoever sweeps next finds
the lease run out and removes that process's connections, channel by channel. To find them without asking every channel, and
on a cluster where a channel's keys live on some other master, five kinds of keys are kept in one slot of their own
(the tag `.pods` can be no channel's, names have no dot):

    leases           process -> until when it lives
    channels:<process>   the channels that process has connections in
    deadlines        channel -> when to look at it next: never later than its earliest deadline
    deaths           how many processes have died and been cleared away
    clock            when somebody last looked for what is due, and until when nobody does

They are hints, not truth: the truth is the channel's own `expiry`. So that no crash between two slots loses
anybody, a hint is always written *before* what it points to, and moved on only after that has been looked at. A sweeper
claims a channel by giving its hint a score with a fraction, a little ahead; once done it sets the next deadline
only if the claim is still there untouched, for whoever joined or was abandoned meanwhile wrote a whole number over it.
A claimant that dies holds others up for no longer than `CLAIM_MS`.

A process that was taken for dead and was only slow (stopped, cut off) notices with its next renewal. It goes on under
another name, so that a sweeper still at work on the old name cannot hit what joins anew, and says so, like an outage.

A process may also die between removing somebody and telling so. The channel's count of events knows, so after each death
every process tells its people where that stands: `deaths` comes back with each renewal.
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
"""No deadline is farther ahead, but by a longer presence TTL: a grace, and the time a shutdown spreads clients over."""
SWEEP_PAUSE_MS = 10_000
"""Nothing is swept for so long after nobody has swept for that long: the clock was set, or Redis was out of reach. The
processes that live say so in the meantime."""

log = logs.get(__name__)


class Claim(NamedTuple):
    channel: str
    claim: str
    """The score that says so, as the server wrote it."""
    dead: list[str]
    """Processes whose connections are to be removed whatever their deadline says."""


class Leases:
    """`keep_ms`: how long the keys outlive the last process.

    `on_lost` is told when others took this process for dead, `on_death` when other processes died and have been cleared away.
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
        """What each holds; the channels of a process are a set."""

    @property
    def process(self) -> str:
        return f"{self._process_id}.{self._generation}"

    async def renew(self) -> bool:
        """False if the lease had run out: then this process is another now. Raises StoreUnavailable."""
        if await self._renew(self.process):
            return True
        # Its lease first, then the name: whatever is entered under it is looked after from its first moment.
        await self._renew(f"{self._process_id}.{self._generation + 1}", "new")
        self._generation += 1
        return False

    async def run(self) -> None:
        """Renew for ever."""
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            try:
                if not await self.renew():
                    log.warning(
                        "this process was taken for dead: it comes back under another name", process=self.process
                    )
                    self._on_lost()
            except StoreUnavailable:
                pass  # the supervisor is at it, and renews when it is back

    async def hint(self, channel: str, when_ms: int, *, process: str = "") -> None:
        """Have `channel` looked at in `when_ms` at the latest.

        `process`: the process that has connections there from now on. Raises StoreUnavailable.
        """
        keys = (self._deadlines, self._channels_of + process, self._leases) if process else (self._deadlines,)
        await self._run("hint", keys, channel, when_ms, self._keep_ms, process)

    def leave(self, channel: str) -> None:
        """This process has no connection in `channel` any more."""
        # A name that stays although it should go costs one look too many, some day.
        with contextlib.suppress(StoreUnavailable):
            self._pool.connection(TAG).post("SREM", self._channels_of + self.process, channel)

    async def claim(self) -> list[Claim]:
        """Channels to look at now; nobody else gets them for a moment. Raises StoreUnavailable."""
        keys = (self._deadlines, self._leases, self._deaths_key, self._clock)
        limits = (MAX_CLAIMS, CLAIM_MS, self._keep_ms, max(MAX_DEADLINE_MS, self._keep_ms), SWEEP_PAUSE_MS)
        reply = await self._run("claim", keys, *limits, self._channels_of)
        # What is no text names no channel; looking there finds it empty, and so it goes.
        claimed, dead = ([item.decode(errors="replace") for item in part] for part in cast(list[list[bytes]], reply))
        return [Claim(*pair, dead) for pair in zip(claimed[::2], claimed[1::2], strict=True)]

    async def finish_claim(self, claim: Claim, next_ms: int) -> None:
        """A claimed channel has been looked at; its next deadline is in `next_ms`, 0 if it is empty."""
        keys = (self._deadlines, *(self._channels_of + process for process in claim.dead))
        await self._run("finish_claim", keys, claim.channel, claim.claim, next_ms)

    async def find_dead(self, processes: Sequence[str]) -> set[str]:
        """Those of `processes` that hold no lease (any more). Raises StoreUnavailable."""
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
            # Written by somebody else, and no process could live while it is there; what we need is written anew.
            for key in keys:
                if await self._pool.call(TAG, "TYPE", key) not in (b"none", self._types.get(key, b"set")):
                    await self._pool.call(TAG, "DEL", key)
            return await self._pool.run(SCRIPTS[script], TAG, keys, *arguments)
