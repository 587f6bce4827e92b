"""Presence that never lies: what the store knows, told to the channel (W17 to W20).

The store decides what happened, atomically and once for all processes; this service only tells it. In a channel of at
most `roster_limit` users every join, leave and profile is told by itself. Above that, where 5,000 joins told to 5,000
people would be 25 million frames, only the count is told, at most once a second: each process tells its own people the
newest it knows, and the other processes what it learnt.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from ..domain.ids import new_message_id
from ..domain.profile import Member, Profile
from ..groups import PresenceSettings
from ..ports import Connection, Joined, PresenceStore, Roster, Stamp, StoreUnavailable
from ..protocol.codec import pack
from ..protocol.schema import ServerFrame, UserCount, UserJoined, UserLeft, UserUpdated
from .channels import Channels
from .control import CountChanged, encode_control
from .runtime import Runtime

COUNT_EVERY_S = 1.0
RECOUNT_AT_ONCE = 200
"""Channels asked for together: enough to fill a pipeline, few enough that the store answers others between."""


class _Count:
    """The newest count of a crowded channel. `ours`: the other processes have not been told of it."""

    __slots__ = ("count", "ours", "stamp", "timer")

    def __init__(self) -> None:
        self.count = 0
        self.stamp = Stamp("", 0)
        self.ours = False
        self.timer: asyncio.TimerHandle | None = None


class Presence:
    def __init__(
        self,
        store: PresenceStore,
        channels: Channels,
        settings: PresenceSettings,
        runtime: Runtime,
    ) -> None:
        self._counters = runtime.counters
        self._store = store
        self._channels = channels
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self.roster_limit = settings.roster_limit
        self._grace_ms = settings.grace_ms
        self._counts: dict[str, _Count] = {}
        self._recounting: dict[bool, asyncio.Task[None]] = {}
        """By whether other processes are told."""

    async def join(self, channel: str, connection: Connection, user_id: str, profile: Profile) -> Member:
        """Count the connection; tell the others if it is its user's first. Returns the user as the channel knows it."""
        joined = await self._store.join(channel, connection.id, user_id, profile, self._now_ms())
        if joined.first:
            self._tell_joined(channel, joined, connection)
        return joined.member

    async def leave(self, channel: str, connection_id: str) -> bool:
        """Remove a connection at once. True if it was its user's last."""
        departed = await self._store.leave(channel, connection_id)
        if departed is None:
            return False
        if departed.last:
            self._tell_left(channel, departed.user_id, departed.user_count, departed.stamp)
        return departed.last

    async def abandon(self, channel: str, connection_id: str, away_ms: int = 0) -> None:
        """The socket broke: whoever sweeps after the grace tells the others, if the user has not come back.

        `away_ms`: how long we asked the client to stay away; its grace begins then.
        """
        await self._store.abandon(channel, connection_id, self._grace_ms + away_ms)

    async def update(self, channel: str, user_id: str, profile: Profile) -> UserUpdated | None:
        """Change a profile and tell the channel. Returns what the user is to be told where the channel is not."""
        updated = await self._store.update(channel, user_id, profile)
        if updated is None:
            return None
        frame = UserUpdated(user_id, profile.name, profile.color, *updated.stamp, profile.on_map)
        if updated.user_count > self.roster_limit:
            return frame
        if self._channels.is_local(channel):
            # The store has numbered it, so other processes are told all the same: nobody else would tell them.
            self._channels.post_here(channel, pack(frame))
            if updated.shared:
                self._channels.share(channel, pack(frame))
        else:
            self._channels.post(channel, pack(frame))
        return None

    async def roster(self, channel: str) -> Roster:
        """Those whom a `user_sync` lists: at most the limit."""
        return await self._store.roster(channel, self.roster_limit)

    async def members(self, channel: str, user_ids: list[str]) -> list[Member]:
        return await self._store.members(channel, user_ids)

    async def sole_user(self, channel: str) -> str | None:
        """The user id of the one who is alone in the channel, empty if nobody is in it, None if there are more."""
        roster = await self._store.roster(channel, 1)
        return None if roster.user_count > 1 else roster.members[0].user_id if roster.members else ""

    async def refresh(self) -> None:
        """Every connection of this process lives: one call per channel."""
        for channel in self._channels:
            if len(channel):
                await self._store.refresh(channel.name, [connection.id for connection in channel])

    async def sweep(self) -> None:
        """Tell of everyone whose time is up, wherever they were connected."""
        self._counters.sweeps += 1
        for departed in await self._store.sweep():
            self._counters.swept += 1
            if departed.last:
                channel, here = departed.channel, self._channels.away
                self._tell_left(channel, departed.user_id, departed.user_count, departed.stamp, here=here)

    async def tell_rejoined(self, rejoined: Sequence[tuple[str, Joined]]) -> None:
        """Users of this process were registered again, by channel, with a store that had lost them."""
        await self.sweep()
        for channel, joined in rejoined:
            self._tell_joined(channel, joined)

    def count_elsewhere(self, channel: str, told: CountChanged) -> None:
        """Another process learnt how many there are."""
        if not self._channels.is_local(channel):
            self._counted(channel, told.count, told.stamp, ours=False)

    async def recount(self, *, elsewhere: bool = False) -> None:
        """Tell the people here how many there are in each channel: a process may have died before it sent all events.

        `elsewhere`: tell the other processes, because an outage may have lost events that this process sent.
        A second late, so that events on their way come first: to a client that has them the count is no news (W19).
        Raises StoreUnavailable; when the store is back, everyone gets a snapshot.
        """
        tell = self._tell_count_elsewhere if elsewhere else self.count_elsewhere
        channels = [channel.name for channel in self._channels if len(channel) or elsewhere]
        for start in range(0, len(channels), RECOUNT_AT_ONCE):
            some = channels[start : start + RECOUNT_AT_ONCE]
            rosters = await asyncio.gather(*(self._store.roster(channel, 0) for channel in some))
            for channel, roster in zip(some, rosters, strict=True):
                # Without an epoch the store has lost the channel, and those in it are just being registered again.
                if roster.stamp.epoch and not self._channels.is_local(channel):
                    told = CountChanged(roster.user_count, roster.stamp)
                    self._loop.call_later(COUNT_EVERY_S, tell, channel, told)

    def recount_soon(self, *, elsewhere: bool = False) -> None:
        """`recount`, without waiting for it. While the store is away nothing is told."""
        # Another death during a recount: asked anew, for some channels may have been counted before it.
        if elsewhere in self._recounting:
            self._recounting[elsewhere].cancel()
        self._recounting[elsewhere] = self._loop.create_task(self._recount_if_possible(elsewhere))

    def close(self) -> None:
        """Hand over what waits: people on other processes would never hear of it."""
        for recounting in self._recounting.values():
            recounting.cancel()
        for channel, count in self._counts.items():
            if count.timer is not None:
                count.timer.cancel()
            self._share(channel, count)
        self._counts.clear()

    async def _recount_if_possible(self, elsewhere: bool) -> None:
        with contextlib.suppress(StoreUnavailable):
            await self.recount(elsewhere=elsewhere)

    def _tell_joined(self, channel: str, joined: Joined, connection: Connection | None = None) -> None:
        member = joined.member
        about = (member.user_id, member.name, member.color, member.joined_at)
        frame = UserJoined(new_message_id(), channel, self._now_ms(), *about, *joined.stamp, member.on_map)
        self._tell(channel, frame, joined.user_count, joined.stamp, most=joined.user_count, exclude=connection)

    def _tell_left(self, channel: str, user_id: str, count: int, stamp: Stamp, *, here: bool = True) -> None:
        """`here`: the user was on this process, or is known to the people on it."""
        frame = UserLeft(new_message_id(), channel, self._now_ms(), user_id, *stamp)
        if self._channels.is_local(channel):
            # Others are told all the same: they would keep somebody who is gone.
            if here:
                self._channels.post_here(channel, pack(frame))
            self._channels.share(channel, pack(frame))
        else:
            self._tell(channel, frame, count, stamp, most=count + 1)

    def _tell(
        self,
        channel: str,
        frame: ServerFrame,
        count: int,
        stamp: Stamp,
        *,
        most: int,
        exclude: Connection | None = None,
    ) -> None:
        """Tell an event, or only the count where there were, before or after it, more users than a roster lists."""
        if most <= self.roster_limit:
            self._channels.post(channel, pack(frame), exclude)
            if channel not in self._counts:
                return
            # A count that waits for its turn shall not come as older news than this.
        self._counted(channel, count, stamp, ours=True)

    def _counted(self, channel: str, count: int, stamp: Stamp, *, ours: bool) -> None:
        entry = self._counts.setdefault(channel, _Count())
        if stamp.epoch != entry.stamp.epoch or stamp.seq > entry.stamp.seq:
            entry.count, entry.stamp, entry.ours = count, stamp, ours
        if entry.timer is None:
            self._tell_count(channel, entry)

    def _tell_count(self, channel: str, entry: _Count) -> None:
        self._channels.post_here(channel, pack(UserCount(entry.count, *entry.stamp)))
        self._share(channel, entry)
        # Kept for one more interval so that the rate holds, then forgotten unless news came in between.
        told = entry.stamp
        entry.timer = self._loop.call_later(COUNT_EVERY_S, self._after_count, channel, entry, told)

    def _share(self, channel: str, entry: _Count) -> None:
        if entry.ours:
            entry.ours = False
            self._tell_count_elsewhere(channel, CountChanged(entry.count, entry.stamp))

    def _tell_count_elsewhere(self, channel: str, count: CountChanged) -> None:
        # After the events that it counts: a client that gets the count first takes them for lost.
        self._channels.tell_processes_in_order(channel, encode_control(count))

    def _after_count(self, channel: str, entry: _Count, told: Stamp) -> None:
        if entry.stamp != told:
            self._tell_count(channel, entry)
        else:
            del self._counts[channel]
