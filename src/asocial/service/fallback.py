"""Presence while the shared store is away: what this process knows by itself.

Everything is told to both stores: the shared one, whose word counts, and a local one that mirrors the connections of
this process. While the shared store cannot be asked, the local one answers, under an epoch of its own: clients see
the other epoch, ask for a snapshot, and get the people they can reach, instead of silence. `restore`
registers everyone here with the shared store again, which may have come back empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from ..domain.connection_index import ConnectionIndex
from ..domain.profile import Member, Profile
from ..ports import Departed, Joined, PresenceStore, Roster, StoreUnavailable, Updated

RESTORE_AT_ONCE = 200
"""Registrations under way together: enough to fill a pipeline, few enough that the store answers others between."""


class _Here(NamedTuple):
    user_id: str
    profile: Profile
    joined_at: int
    changed: bool = False
    """The profile is another than the shared store knows: it was away when that was to be said."""
    told_in: str = ""
    """The epoch in which this process told the shared store of it: in another, the store has forgotten that."""


class Reach(Protocol):
    """How far this process reaches just now: what Channels knows of it."""

    away: bool
    """Whether the shared store is away as the services see it: until then other processes sweep."""

    def is_local(self, name: str, /) -> bool:
        """Whether a channel exchanges nothing with other processes just now, though the shared store may answer.

        Its people are registered there by `restore`, and see only each other until then.
        """
        ...


class FallbackPresence:
    """A PresenceStore over a shared one that may be away and a local one that never is."""

    def __init__(self, shared: PresenceStore, local: PresenceStore, reach: Reach) -> None:
        self._shared = shared
        self._local = local
        self._here: dict[tuple[str, str], _Here] = {}
        self._of_user: ConnectionIndex[tuple[str, str]] = ConnectionIndex()
        """The keys of `_here` by user, so that a changed profile costs no look at everybody's."""
        self._owed: dict[tuple[str, str], Profile] = {}
        """By channel and user: changed while the shared store was away, through a connection that is gone since."""
        self._reach = reach

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        joined = await self._local.join(channel, connection_id, user_id, profile, now_ms)
        if (channel, connection_id) not in self._here:
            self._of_user.add(user_id, (channel, connection_id))
        self._here[channel, connection_id] = _Here(user_id, profile, joined.member.joined_at)
        if self._reach.is_local(channel):
            return joined
        try:
            shared = await self._shared.join(channel, connection_id, user_id, profile, now_ms)
        except StoreUnavailable:
            return joined
        self._learn((channel, connection_id), shared)
        return shared

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        self._forget(channel, connection_id)
        departed = await self._local.leave(channel, connection_id)
        try:
            shared = await self._shared.leave(channel, connection_id)
        except StoreUnavailable:
            return departed
        # One that joined while the channel was local was never registered there.
        return departed if shared is None and self._reach.is_local(channel) else shared

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        self._forget(channel, connection_id)
        await self._local.abandon(channel, connection_id, grace_ms)
        try:
            await self._shared.abandon(channel, connection_id, grace_ms)
        except StoreUnavailable:
            return

    async def update(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        self._note(channel, user_id, profile, changed=True)
        local = await self._local.update(channel, user_id, profile)
        try:
            shared = await self._shared.update(channel, user_id, profile)
        except StoreUnavailable:
            self._owed[channel, user_id] = profile
            return local and local._replace(shared=False)
        if shared is not None:
            # Else the user is just being registered again, as it was before: this is still to be said.
            self._note(channel, user_id, profile, changed=False, told_in=shared.stamp.epoch)
        if shared is None and local is not None and self._reach.is_local(channel):
            return local._replace(shared=False)
        return shared

    async def roster(self, channel: str, limit: int) -> Roster:
        if self._reach.is_local(channel):
            return await self._local.roster(channel, limit)
        try:
            return await self._shared.roster(channel, limit)
        except StoreUnavailable:
            return await self._local.roster(channel, limit)

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        if self._reach.is_local(channel):
            return await self._local.members(channel, user_ids)
        try:
            return await self._shared.members(channel, user_ids)
        except StoreUnavailable:
            return await self._local.members(channel, user_ids)

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> None:
        await self._local.refresh(channel, connection_ids)
        try:
            await self._shared.refresh(channel, connection_ids)
        except StoreUnavailable:
            return

    async def sweep(self) -> list[Departed]:
        departed = await self._local.sweep()
        if self._reach.away:
            return departed
        try:
            return await self._shared.sweep()
        except StoreUnavailable:
            return departed

    async def restore(self, channels: Collection[str] | None = None) -> list[tuple[str, Joined]]:
        """Register every connection of this process again, or those in `channels`; not those in local ones (is_local).

        Returns the joins, by channel, that others do not know of.
        Raises StoreUnavailable if the shared store went away again.
        """
        places = [
            entry
            for entry in self._here.items()
            if (channels is None or entry[0][0] in channels) and not self._reach.is_local(entry[0][0])
        ]
        told: list[tuple[str, Joined]] = []
        for start in range(0, len(places), RESTORE_AT_ONCE):
            some = [entry for entry in places[start : start + RESTORE_AT_ONCE] if entry[0] in self._here]
            joins = await asyncio.gather(
                *(
                    self._shared.join(channel, connection_id, here.user_id, here.profile, here.joined_at)
                    for (channel, connection_id), here in some
                )
            )
            for (place, _), joined in zip(some, joins, strict=True):
                if place not in self._here:
                    # It left while it was being registered: its leave came first, and found nothing.
                    await self._shared.abandon(*place, 0)
                self._learn(place, joined)
                if joined.first:
                    told.append((place[0], joined))
        return told

    def changed(self) -> dict[tuple[str, str], Profile]:
        """Profiles, by channel and user, that were changed here and that the shared store has not heard of.

        Some may be of users who are gone by now: updating those does nothing.
        """
        here = {(place[0], here.user_id): here.profile for place, here in self._here.items() if here.changed}
        return self._owed | here

    def profile_changed(self, channel: str, user_id: str, profile: Profile) -> None:
        """Another process changed this profile: if the shared store forgets it, it is remembered here too."""
        self._note(channel, user_id, profile, changed=False)

    async def close(self) -> None:
        await self._shared.close()
        await self._local.close()

    def _forget(self, channel: str, connection_id: str) -> None:
        here = self._here.pop((channel, connection_id), None)
        if here is None:
            return
        self._of_user.remove(here.user_id, (channel, connection_id))
        if here.changed:
            self._owed[channel, here.user_id] = here.profile

    def _learn(self, place: tuple[str, str], joined: Joined) -> None:
        """The shared store answered a join: the user is known like this, or this process knows better."""
        here = self._here.get(place)
        if here is not None:
            member = joined.member
            known = member.profile
            epoch = joined.stamp.epoch
            changed = here.changed or (here.told_in not in ("", epoch) and here.profile != known)
            profile = here.profile if changed else known
            self._here[place] = _Here(here.user_id, profile, member.joined_at, changed, here.told_in and epoch)

    def _note(self, channel: str, user_id: str, profile: Profile, *, changed: bool, told_in: str = "") -> None:
        self._owed.pop((channel, user_id), None)
        for place in self._of_user.get(user_id, ()):
            if place[0] == channel:
                self._here[place] = self._here[place]._replace(profile=profile, changed=changed, told_in=told_in)
