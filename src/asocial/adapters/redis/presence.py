"""Presence in Redis: connections counted by user, each operation one script on the keys of one channel.

The keys of a channel share its hash tag, so a script always finds them on one server:

    conns     connection -> '+' or '-' (abandoned), process, user
    expiry    connection -> deadline, ms
    users     user -> number of connections
    joined    user -> joined_at, the order of a roster
    profiles  user -> name, colour, whether on the map
    stamp     epoch and seq

All deadlines are on Redis's own clock. Scripts return them in ms from now, because the channel's keys and those of
leases.py may be on two masters with different clocks. Removing is compare-and-delete inside one script, so that exactly
one of several sweeping processes gets each departure. leases.py decides which channels to sweep, and when.

A departure that cannot be sent while Redis is away is kept: the connection is abandoned as soon as Redis is back, or it
would stay until its TTL ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from typing import cast

import msgspec

from ...domain.profile import Member, Profile
from ...ports import Departed, Joined, Roster, Stamp, StoreUnavailable, Updated
from .connection import Argument, Reply
from .leases import MAX_DEADLINE_MS, Claim, Leases
from .pool import Pool
from .scripts import SCRIPTS
from .unreadable import ERRORS

REMOVE_BATCH = 500
"""Connections removed in one call, and REFRESH_BATCH refreshed: some ms of the server's time at most."""
REFRESH_BATCH = 2000
COUNT_BATCH = 200
"""Channels that are counted together: enough to fill a pipeline, few enough that other requests are not delayed."""

_profile = msgspec.json.Decoder(Profile).decode


class RedisPresence:
    """`ttl_ms`: how long a connection lives without a refresh. `linger_ms`: how long its channel's keys outlive it."""

    def __init__(self, pool: Pool, leases: Leases, *, ttl_ms: int, linger_ms: int) -> None:
        self._pool = pool
        self._leases = leases
        self._ttl_ms = ttl_ms
        self._linger_ms = linger_ms
        self._local: dict[str, set[str]] = {}
        self._joining: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._pending: dict[str, dict[str, float]] = {}

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        self._local.setdefault(channel, set()).add(connection_id)
        self._pending.get(channel, {}).pop(connection_id, None)
        joining = self._joining[channel, connection_id] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._join(channel, connection_id, user_id, profile, now_ms)
        finally:
            joining.set_result(None)
            if self._joining.get((channel, connection_id)) is joining:
                del self._joining[channel, connection_id]
        first, user, known, joined_at, count, epoch, seq = reply
        try:
            stored = _profile(known)
            member = _member(user, joined_at, stored)
        except ERRORS as error:
            self._pool.unreadable.skip("profile", self._keys(channel)[3], error)
            # This connection's own counts.
            stored, member = profile, Member.of(user_id, profile, now_ms)
        return Joined(member, bool(first), count, _stamp(epoch, seq), stored.changed_at)

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        known = await self._forget(channel, connection_id)
        try:
            reply = await self._pool.run(SCRIPTS["remove"], channel, self._keys(channel), "leave", connection_id)
        except StoreUnavailable:
            self._defer(channel, connection_id, 0, known)
            raise
        self._leave_if_empty(channel)
        departed = self._departed(channel, reply)
        return departed[0] if departed else None

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        known = await self._forget(channel, connection_id)
        try:
            await self._abandon(channel, {connection_id: grace_ms})
        except StoreUnavailable:
            self._defer(channel, connection_id, grace_ms, known)
            raise
        self._leave_if_empty(channel)

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        _, _, users, profiles, _, stamp = self._keys(channel)
        keys = (users, profiles, stamp)
        changed_at = (profile.changed_at,) if unless_later else ()
        encoded = msgspec.json.encode(profile)
        reply = await self._pool.run(SCRIPTS["update"], channel, keys, user_id, encoded, *changed_at)
        if reply is None:
            return None
        count, epoch, seq = cast(tuple[int, bytes, int], reply)
        return Updated(count, _stamp(epoch, seq))

    async def roster(self, channel: str, limit: int) -> Roster:
        reply = cast(list[bytes], await self._pool.run(SCRIPTS["roster"], channel, self._keys(channel)[2:], limit))
        count, epoch, seq = cast(tuple[int, bytes, int], tuple(reply[:3]))
        return Roster(self._members(channel, reply[3:]), count, _stamp(epoch, seq))

    async def counts(self) -> dict[str, int]:
        channels = sorted(await self._leases.channels())
        found: dict[str, int] = {}
        for start in range(0, len(channels), COUNT_BATCH):
            some = channels[start : start + COUNT_BATCH]
            rosters = await asyncio.gather(*(self.roster(channel, 0) for channel in some))
            counts = (roster.user_count for roster in rosters)
            found |= {channel: count for channel, count in zip(some, counts, strict=True) if count}
        return found

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        _, _, _, profiles, joined, _ = self._keys(channel)
        asked = dict.fromkeys(user_ids)
        reply = await self._pool.run(SCRIPTS["members"], channel, (profiles, joined), *asked)
        return self._members(channel, cast(list[bytes], reply))

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> list[str]:
        if connection_ids:
            # Again, because it may be lost: then nobody would sweep the channel when this process has died.
            await self._leases.hint(channel, self._ttl_ms, process=self._leases.process)
        missing: list[str] = []
        keys, times = self._keys(channel), (self._ttl_ms, self._linger_ms)
        for start in range(0, len(connection_ids), REFRESH_BATCH):
            some = connection_ids[start : start + REFRESH_BATCH]
            reply = await self._pool.run(SCRIPTS["refresh"], channel, keys, *times, *some)
            missing += [some[place - 1] for place in cast(list[int], reply)]
        return missing

    async def sweep(self) -> list[Departed]:
        departed: list[Departed] = []
        while claims := await self._leases.claim():
            for some in await asyncio.gather(*(self._sweep_channel(claim) for claim in claims)):
                departed += some
        return departed

    async def resume(self) -> None:
        """Redis is back: renew the lease, and send the departures that could not be sent. Raises StoreUnavailable."""
        await self._leases.renew()
        now = asyncio.get_running_loop().time()
        while self._pending:
            channel, pending = next(iter(self._pending.items()))
            # More may come while these are sent.
            sent = dict(pending)
            await self._abandon(channel, {c: max(0, round((until - now) * 1000)) for c, until in sent.items()})
            for connection_id in sent:
                pending.pop(connection_id, None)
            if not pending:
                del self._pending[channel]

    async def close(self) -> None:
        """Renew the lease once more, so that connections that still have a grace keep it."""
        with contextlib.suppress(StoreUnavailable):
            await self._leases.renew()

    async def _join(
        self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int
    ) -> tuple[int, bytes, bytes, bytes, int, bytes, int]:
        event = None
        while True:
            process = self._leases.process
            if not await self._leases.hint(channel, self._ttl_ms, process=process):
                # Redis was emptied, or this process was suspended: others would see the user leave with the next sweep.
                await self._leases.check()
                continue
            reply = await self._pool.run(
                SCRIPTS["join"],
                channel,
                self._keys(channel),
                *(connection_id, user_id, process, msgspec.json.encode(profile), now_ms),
                *(self._ttl_ms, self._linger_ms, secrets.token_hex(4)),
            )
            joined = cast(tuple[int, bytes, bytes, bytes, int, bytes, int], reply)
            if joined[0] or event is None:
                event = joined
            # The lease expired meanwhile: under the old process id, the connection would soon be swept.
            if process == self._leases.process:
                return event

    def _keys(self, channel: str) -> tuple[str, str, str, str, str, str]:
        key = self._pool.names.key
        return (
            key(channel, "conns"),
            key(channel, "expiry"),
            key(channel, "users"),
            key(channel, "profiles"),
            key(channel, "joined"),
            key(channel, "stamp"),
        )

    def _members(self, channel: str, flat: list[bytes]) -> list[Member]:
        """The members in a flat list of (user, joined_at, profile). Unreadable ones are skipped."""
        found = []
        for at in range(0, len(flat), 3):
            user, joined_at, profile = flat[at : at + 3]
            try:
                found.append(_member(user, joined_at, _profile(profile)))
            except ERRORS as error:
                self._pool.unreadable.skip("profile", self._keys(channel)[3], error)
        return found

    def _departed(self, channel: str, reply: Reply) -> list[Departed]:
        entries = cast(list[tuple[bytes, bytes, int, int, bytes, int]], cast(list[Reply], reply)[1:])
        # An id that is not valid text belongs to no user; reporting that it left does no harm.
        return [
            Departed(channel, _text(connection), _text(user), bool(last), count, _stamp(epoch, seq))
            for connection, user, last, count, epoch, seq in entries
        ]

    async def _abandon(self, channel: str, graces_ms: dict[str, int]) -> None:
        pairs: list[Argument] = [item for pair in graces_ms.items() for item in pair]
        first = await self._pool.run(SCRIPTS["abandon"], channel, self._keys(channel), self._linger_ms, *pairs)
        if first:
            await self._leases.hint(channel, cast(int, first))

    async def _sweep_channel(self, claim: Claim) -> list[Departed]:
        departed: list[Departed] = []
        try:
            while True:
                sweep: list[Argument] = ["sweep", REMOVE_BATCH, max(MAX_DEADLINE_MS, self._ttl_ms), *claim.dead]
                reply = await self._pool.run(SCRIPTS["remove"], claim.channel, self._keys(claim.channel), *sweep)
                some = self._departed(claim.channel, reply)
                departed += some
                if len(cast(list[Reply], reply)) - 1 < REMOVE_BATCH:
                    await self._leases.finish_claim(claim, cast(list[int], reply)[0])
                    return departed
        except StoreUnavailable:
            # The removed connections must be reported all the same. The others are swept when the claim is over.
            return departed

    async def _forget(self, channel: str, connection_id: str) -> bool:
        # A join takes two calls. One under way must finish first, or it would undo the leave.
        while (joining := self._joining.get((channel, connection_id))) is not None:
            await asyncio.wait([joining])
        mine = self._local.get(channel, set())
        known = connection_id in mine
        mine.discard(connection_id)
        return known

    def _leave_if_empty(self, channel: str) -> None:
        if not self._local.get(channel, True):
            del self._local[channel]
            self._leases.leave(channel)

    def _defer(self, channel: str, connection_id: str, grace_ms: int, known: bool) -> None:
        # Only for connections of this process, so that the list never grows beyond what was present.
        if known:
            until = asyncio.get_running_loop().time() + grace_ms / 1000
            self._pending.setdefault(channel, {})[connection_id] = until


def _member(user_id: bytes, joined_at: bytes, profile: Profile) -> Member:
    return Member.of(user_id.decode(), profile, int(float(joined_at)))


def _stamp(epoch: bytes, seq: int) -> Stamp:
    return Stamp(_text(epoch), seq)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
