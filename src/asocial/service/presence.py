"""Presence: sends the events of the presence store to the channels (W17 to W20).

The store decides what is an event, atomically and once for all processes; this service only sends it. In a channel of
at most `roster_limit` users, each join, leave and profile change is sent. In larger channels 5,000 joins would mean
25 million frames, so only the number of users is sent, at most once a second: each process sends its newest number to
its own clients, and what it learnt from the store to the other processes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from operator import attrgetter

from ..domain.ids import new_message_id
from ..domain.limits import TokenBucket
from ..domain.palette import free_color
from ..domain.profile import Member, Profile
from ..groups import PresenceSettings
from ..ports import Connection, Departed, Joined, PresenceStore, Roster, Stamp, StoreUnavailable, Updated
from ..protocol.codec import pack
from ..protocol.schema import ServerFrame, UserCount, UserJoined, UserLeft, UserUpdated
from .channels import Channels
from .control import CountChanged, encode_control
from .runtime import Runtime

_USER_AND_COLOR = attrgetter("user_id", "color")
COLOR_CROWD = 48
"""In a channel with more people, a newcomer keeps the colour of its user id: every colour is there several times."""
COUNT_INTERVAL_S = 1.0
PROMPT_EVENTS_PER_S = 100.0
"""While more people than this come and go a second on this process, in all channels together, the events of a channel
wait for each other: to write each alone takes a fifth of the time of a join."""
RECOUNT_BATCH = 200
"""Channels that are counted together: enough to fill a pipeline, few enough that other requests are not delayed."""


class _Count:
    """The newest count of a crowded channel. `unpublished`: it has not been sent to the other processes."""

    __slots__ = ("count", "stamp", "timer", "unpublished")

    def __init__(self) -> None:
        self.count = 0
        self.stamp = Stamp("", 0)
        self.unpublished = False
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
        self._prompt = TokenBucket(PROMPT_EVENTS_PER_S, PROMPT_EVENTS_PER_S, runtime.loop.time())
        self._counts: dict[str, _Count] = {}
        self._arriving: dict[str, dict[str, str]] = {}
        """By channel and user: the colours of those who are joining and not in the store yet."""
        self._recounting: dict[bool, asyncio.Task[None]] = {}
        """By `elsewhere`: whether the counts are sent to other processes."""

    async def join(
        self, channel: str, connection: Connection, user_id: str, profile: Profile, *, chose_color: bool = True
    ) -> Member:
        """Add the connection; announce its user if it is the first. Returns the member as the channel knows it.

        `chose_color`: the colour of `profile` is the user's own choice. Otherwise it may be replaced by one that is
        easier to tell from those of the people present (W122).
        """
        if not chose_color:
            profile = await self._with_free_color(channel, user_id, profile)
        try:
            joined = await self._store.join(channel, connection.id, user_id, profile, self._now_ms())
        finally:
            self._arrived(channel, user_id)
        if joined.first:
            self._announce_join(channel, joined, connection)
        self._channels.count_users(channel, joined.user_count)
        return joined.member

    async def leave(self, channel: str, connection_id: str) -> bool:
        """Remove a connection at once. True if it was its user's last."""
        departed = await self._store.leave(channel, connection_id)
        if departed is None:
            return False
        if departed.last:
            self._announce_leave(departed)
        return departed.last

    async def abandon(self, channel: str, connection_id: str, away_ms: int = 0) -> None:
        """The socket broke. If the user does not return within the grace, the next sweep reports that they left.

        `away_ms`: how long the server asked the client to stay away; the grace begins after that.
        """
        await self._store.abandon(channel, connection_id, self._grace_ms + away_ms)

    async def update(self, channel: str, user_id: str, profile: Profile) -> UserUpdated | None:
        """Change a profile and announce it. In a crowded channel, returns the frame for the user alone instead."""
        updated = await self._store.update(channel, user_id, profile)
        return None if updated is None else self._announce_update(channel, user_id, profile, updated)

    async def update_after_outage(self, channel: str, user_id: str, profile: Profile) -> bool:
        """Change a profile that was chosen during the outage, and announce it. Raises StoreUnavailable.

        False if the user has left since, or has chosen another.
        """
        updated = await self._store.update(channel, user_id, profile, unless_later=True)
        if updated is not None:
            self._announce_update(channel, user_id, profile, updated)
        return updated is not None

    async def roster(self, channel: str) -> Roster:
        """The members that a `user_sync` lists."""
        roster = await self._store.roster(channel, self.roster_limit)
        self._channels.count_users(channel, roster.user_count)
        return roster

    async def count(self, channel: str) -> int:
        """The number of users in a channel."""
        return (await self._store.roster(channel, 0)).user_count

    async def counts(self) -> dict[str, int]:
        """The number of users in each channel that has any, on all processes that can be reached."""
        return await self._store.counts()

    async def members(self, channel: str, user_ids: list[str]) -> list[Member]:
        return await self._store.members(channel, user_ids)

    async def sole_user(self, channel: str) -> str | None:
        """The id of the only user in the channel, empty if there is none, None if there are more."""
        roster = await self._store.roster(channel, 1)
        return None if roster.user_count > 1 else roster.members[0].user_id if roster.members else ""

    async def refresh(self) -> None:
        """Refresh every connection of this process: one call per channel."""
        for channel in self._channels:
            if len(channel):
                await self._store.refresh(channel.name, [connection.id for connection in channel])

    async def sweep(self) -> None:
        """Remove connections whose time is over, on any process, and announce users who left."""
        self._counters.sweeps += 1
        for departed in await self._store.sweep():
            self._counters.swept += 1
            if departed.last:
                self._announce_leave(departed, known_here=self._channels.store_away)

    async def announce_rejoined(self, rejoined: Sequence[tuple[str, Joined]]) -> None:
        """Announce users of this process whom the store had lost, and who were registered again, by channel."""
        await self.sweep()
        for channel, joined in rejoined:
            self._announce_join(channel, joined)

    def apply_count(self, channel: str, changed: CountChanged) -> None:
        """Another process sent the number of users.

        Ignored while the members wait for a snapshot: theirs has another epoch, so each would ask for one more.
        """
        self._channels.count_users(channel, changed.count)
        here = self._channels.get(channel)
        if here is None or (here.confirmed and not here.needs_snapshots):
            self._update_count(channel, changed.count, changed.stamp, unpublished=False)

    def start_recount(self, *, elsewhere: bool = False) -> None:
        """Send clients the number of users of each channel: a process may have died before it sent all events.

        `elsewhere`: send it to the other processes, because an outage may have lost events that this process sent.
        Sent after a second, so that events under way arrive first; clients that have them ignore the count (W19).
        Does nothing while the store is away; when it is back, every client gets a snapshot.
        """
        # If another process died during a recount, count again: some channels were counted before its death.
        if elsewhere in self._recounting:
            self._recounting[elsewhere].cancel()
        self._recounting[elsewhere] = self._loop.create_task(self._recount(elsewhere))

    def forget_all_counts(self) -> None:
        """Drop the counts that wait, those of a recount too: an outage begins.

        The store may come back empty, and so with another epoch. A client that gets a count of the old one then asks
        for a snapshot. Nothing is lost: after an outage every client gets a snapshot, and every process a new count.
        """
        for recounting in self._recounting.values():
            recounting.cancel()
        self.forget_counts(list(self._counts))

    def forget_counts(self, channels: Collection[str]) -> None:
        """Drop the counts of these channels that wait: their members get snapshots, which have another epoch."""
        for channel in channels:
            count = self._counts.pop(channel, None)
            if count is not None and count.timer is not None:
                count.timer.cancel()

    def close(self) -> None:
        """Send the counts that wait: people on other processes would never get them."""
        for channel, count in self._counts.items():
            self._publish_count(channel, count)
        self.forget_all_counts()

    async def _with_free_color(self, channel: str, user_id: str, profile: Profile) -> Profile:
        """`profile` with a colour far from those of the people present, on all processes.

        Users who join through two processes at the same moment may get the same one.
        """
        here = self._channels.get(channel)
        if here is not None and len(here) > COLOR_CROWD:
            return profile
        roster = await self._store.roster(channel, COLOR_CROWD)
        if roster.user_count > COLOR_CROWD:
            return profile
        arriving = self._arriving.setdefault(channel, {})
        colors = dict(map(_USER_AND_COLOR, roster.members))
        if arriving:
            colors |= arriving
        colors.pop(user_id, None)
        color = arriving[user_id] = free_color(profile.color, colors.values())
        return profile if color == profile.color else Profile(profile.name, color, profile.on_map)

    def _arrived(self, channel: str, user_id: str) -> None:
        """The store knows the user's colour from now on, or they did not join."""
        arriving = self._arriving.get(channel)
        if arriving is not None:
            arriving.pop(user_id, None)
            if not arriving:
                del self._arriving[channel]

    async def _recount(self, elsewhere: bool) -> None:
        channels = [channel.name for channel in self._channels if len(channel) or elsewhere]
        batches = [channels[start : start + RECOUNT_BATCH] for start in range(0, len(channels), RECOUNT_BATCH)]
        try:
            counted = [await self._count_all(batch) for batch in batches]
        except StoreUnavailable:
            return
        await asyncio.sleep(COUNT_INTERVAL_S)
        for counts in counted:
            for channel, changed in counts:
                if elsewhere:
                    self._send_count_elsewhere(channel, changed)
                else:
                    self.apply_count(channel, changed)
            await asyncio.sleep(0)

    async def _count_all(self, channels: list[str]) -> list[tuple[str, CountChanged]]:
        rosters = await asyncio.gather(*(self._store.roster(channel, 0) for channel in channels))
        return [
            (channel, CountChanged(roster.user_count, roster.stamp))
            for channel, roster in zip(channels, rosters, strict=True)
            # No epoch: the store has lost the channel, and its members are being registered again.
            if roster.stamp.epoch and not self._channels.is_isolated(channel)
        ]

    def _announce_join(self, channel: str, joined: Joined, connection: Connection | None = None) -> None:
        member = joined.member
        about = (member.user_id, member.name, member.color, member.joined_at)
        frame = UserJoined(new_message_id(), channel, self._now_ms(), *about, *joined.stamp, member.on_map)
        self._announce(channel, frame, joined.user_count, joined.stamp, max_users=joined.user_count, exclude=connection)

    def _announce_update(self, channel: str, user_id: str, profile: Profile, updated: Updated) -> UserUpdated | None:
        """In a crowded channel, announces nothing and returns the frame for the user alone."""
        frame = UserUpdated(user_id, profile.name, profile.color, *updated.stamp, profile.on_map)
        if updated.user_count > self.roster_limit:
            return frame
        if self._channels.is_isolated(channel):
            # The store has numbered the event, and no other process would send it, so the others get it too.
            self._channels.post_local(channel, pack(frame))
            if updated.shared:
                self._channels.publish(channel, pack(frame))
        else:
            self._channels.post(channel, pack(frame))
        return None

    def _announce_leave(self, departed: Departed, *, known_here: bool = True) -> None:
        """`known_here`: members on this process know the user."""
        channel, count, stamp = departed.channel, departed.user_count, departed.stamp
        self._channels.count_users(channel, count)
        frame = UserLeft(new_message_id(), channel, self._now_ms(), departed.user_id, *stamp)
        if self._channels.is_isolated(channel):
            if known_here:
                self._channels.post_local(channel, pack(frame))
            # The other processes must hear of it, or they would keep a user who has left.
            if departed.shared:
                self._channels.publish(channel, pack(frame))
        else:
            self._announce(channel, frame, count, stamp, max_users=count + 1)

    def _announce(
        self,
        channel: str,
        frame: ServerFrame,
        count: int,
        stamp: Stamp,
        *,
        max_users: int,
        exclude: Connection | None = None,
    ) -> None:
        """Send an event; or only the count if the channel had too many users for a roster, before or after it."""
        if max_users <= self.roster_limit:
            patient = self._prompt.take(self._loop.time()) > 0
            self._channels.post(channel, pack(frame), exclude, patient=patient)
            if channel not in self._counts:
                return
            # Update the waiting count, so that it does not arrive as older news than this event.
        self._update_count(channel, count, stamp, unpublished=True)

    def _update_count(self, channel: str, count: int, stamp: Stamp, *, unpublished: bool) -> None:
        entry = self._counts.setdefault(channel, _Count())
        if stamp.epoch != entry.stamp.epoch or stamp.seq > entry.stamp.seq:
            entry.count, entry.stamp, entry.unpublished = count, stamp, unpublished
        if entry.timer is None:
            self._send_count(channel, entry)

    def _send_count(self, channel: str, entry: _Count) -> None:
        self._channels.post_local(channel, pack(UserCount(entry.count, *entry.stamp)))
        self._publish_count(channel, entry)
        # Kept for one interval to limit the rate; then dropped, unless the count changed meanwhile.
        sent = entry.stamp
        entry.timer = self._loop.call_later(COUNT_INTERVAL_S, self._end_count_interval, channel, entry, sent)

    def _publish_count(self, channel: str, entry: _Count) -> None:
        # Of an isolated channel it is the count of the members here. When it is confirmed, others get the count of all.
        if entry.unpublished and not self._channels.is_isolated(channel):
            entry.unpublished = False
            self._send_count_elsewhere(channel, CountChanged(entry.count, entry.stamp))

    def _send_count_elsewhere(self, channel: str, count: CountChanged) -> None:
        # After the events that it counts: a client that gets the count first would consider them lost.
        self._channels.send_control_in_order(channel, encode_control(count))

    def _end_count_interval(self, channel: str, entry: _Count, sent: Stamp) -> None:
        if entry.stamp != sent:
            self._send_count(channel, entry)
        else:
            del self._counts[channel]
