"""Presence while the shared store is away: what this process knows by itself.

Everything is told to both stores: the shared one, whose word counts, and a local one that mirrors the connections of
this process. While the shared store cannot be asked, the local one answers, under an epoch of its own: clients see
the other epoch, ask for a snapshot, and get the people they can status, instead of silence. `restore`
registers everyone here with the shared store again, which may have come back empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

from ..domain.connection_index import ConnectionIndex
from ..domain.profile import Member, Profile
from ..ports import Departed, Joined, PresenceStore, Roster, StoreUnavailable, Updated

RESTORE_BATCH = 200
"""Registrations under way together: enough to fill a pipeline, few enough that the store answers others between."""


class _LocalConnection(NamedTuple):
    user_id: str
    profile: Profile
    joined_at: int
    changed: bool = False
    """The profile is another than the shared store knows: it was away when that was to be said."""
    known_in_epoch: str = ""
    """The epoch in which this process told the shared store of it: in another, the store has forgotten that."""


class StoreStatus(Protocol):
    """How far this process reaches just now: what Channels knows of it."""

    store_away: bool
    """Whether the shared store is away as the services see it: until then other processes sweep."""

    def is_isolated(self, name: str, /) -> bool:
        """Whether a channel exchanges nothing with other processes just now, though the shared store may answer.

        Its people are registered there by `restore`, and see only each other until then.
        """
        ...


class FallbackPresence:
    """A PresenceStore over a shared one that may be away and a local one that never is."""

    def __init__(self, shared: PresenceStore, local: PresenceStore, status: StoreStatus) -> None:
        self._shared = shared
        self._local = local
        self._connections: dict[tuple[str, str], _LocalConnection] = {}
        self._by_user: ConnectionIndex[tuple[str, str]] = ConnectionIndex()
        """The keys of `_here` by user, so that a changed profile costs no look at everybody's."""
        self._unsent_profiles: dict[tuple[str, str], Profile] = {}
        """By channel and user: changed while the shared store was away, through a connection that is gone since."""
        self._status = status

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        joined = await self._local.join(channel, connection_id, user_id, profile, now_ms)
        if (channel, connection_id) not in self._connections:
            self._by_user.add(user_id, (channel, connection_id))
        self._connections[channel, connection_id] = _LocalConnection(user_id, profile, joined.member.joined_at)
        if self._status.is_isolated(channel):
            return joined
        try:
            shared = await self._shared.join(channel, connection_id, user_id, profile, now_ms)
        except StoreUnavailable:
            return joined
        self._store_answer((channel, connection_id), shared)
        return shared

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        self._forget(channel, connection_id)
        departed = await self._local.leave(channel, connection_id)
        try:
            shared = await self._shared.leave(channel, connection_id)
        except StoreUnavailable:
            return departed
        # One that joined while the channel was local was never registered there.
        return departed if shared is None and self._status.is_isolated(channel) else shared

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        self._forget(channel, connection_id)
        await self._local.abandon(channel, connection_id, grace_ms)
        try:
            await self._shared.abandon(channel, connection_id, grace_ms)
        except StoreUnavailable:
            return

    async def update(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        self._update_profile(channel, user_id, profile, changed=True)
        local = await self._local.update(channel, user_id, profile)
        try:
            shared = await self._shared.update(channel, user_id, profile)
        except StoreUnavailable:
            self._unsent_profiles[channel, user_id] = profile
            return local and local._replace(shared=False)
        if shared is not None:
            # Else the user is just being registered again, as it was before: this is still to be said.
            self._update_profile(channel, user_id, profile, changed=False, known_in_epoch=shared.stamp.epoch)
        if shared is None and local is not None and self._status.is_isolated(channel):
            return local._replace(shared=False)
        return shared

    async def roster(self, channel: str, limit: int) -> Roster:
        if self._status.is_isolated(channel):
            return await self._local.roster(channel, limit)
        try:
            return await self._shared.roster(channel, limit)
        except StoreUnavailable:
            return await self._local.roster(channel, limit)

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        if self._status.is_isolated(channel):
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
        if self._status.store_away:
            return departed
        try:
            return await self._shared.sweep()
        except StoreUnavailable:
            return departed

    async def restore(self, channels: Collection[str] | None = None) -> list[tuple[str, Joined]]:
        """Register every connection of this process again, or those in `channels`; not those in local ones (is_isolated).

        Returns the joins, by channel, that others do not know of.
        Raises StoreUnavailable if the shared store went away again.
        """
        places = [
            entry
            for entry in self._connections.items()
            if (channels is None or entry[0][0] in channels) and not self._status.is_isolated(entry[0][0])
        ]
        told: list[tuple[str, Joined]] = []
        for start in range(0, len(places), RESTORE_BATCH):
            some = [entry for entry in places[start : start + RESTORE_BATCH] if entry[0] in self._connections]
            joins = await asyncio.gather(
                *(
                    self._shared.join(channel, connection_id, here.user_id, here.profile, here.joined_at)
                    for (channel, connection_id), here in some
                )
            )
            for (place, _), joined in zip(some, joins, strict=True):
                if place not in self._connections:
                    # It left while it was being registered: its leave came first, and found nothing.
                    await self._shared.abandon(*place, 0)
                self._store_answer(place, joined)
                if joined.first:
                    told.append((place[0], joined))
        return told

    def changed_profiles(self) -> dict[tuple[str, str], Profile]:
        """Profiles, by channel and user, that were changed here and that the shared store has not heard of.

        Some may be of users who are gone by now: updating those does nothing.
        """
        here = {(place[0], here.user_id): here.profile for place, here in self._connections.items() if here.changed}
        return self._unsent_profiles | here

    def apply_profile(self, channel: str, user_id: str, profile: Profile) -> None:
        """Another process changed this profile: if the shared store forgets it, it is remembered here too."""
        self._update_profile(channel, user_id, profile, changed=False)

    async def close(self) -> None:
        await self._shared.close()
        await self._local.close()

    def _forget(self, channel: str, connection_id: str) -> None:
        here = self._connections.pop((channel, connection_id), None)
        if here is None:
            return
        self._by_user.remove(here.user_id, (channel, connection_id))
        if here.changed:
            self._unsent_profiles[channel, here.user_id] = here.profile

    def _store_answer(self, place: tuple[str, str], joined: Joined) -> None:
        """The shared store answered a join: the user is known like this, or this process knows better."""
        here = self._connections.get(place)
        if here is not None:
            member = joined.member
            known = member.profile
            epoch = joined.stamp.epoch
            changed = here.changed or (here.known_in_epoch not in ("", epoch) and here.profile != known)
            profile = here.profile if changed else known
            self._connections[place] = _LocalConnection(
                here.user_id, profile, member.joined_at, changed, here.known_in_epoch and epoch
            )

    def _update_profile(
        self, channel: str, user_id: str, profile: Profile, *, changed: bool, known_in_epoch: str = ""
    ) -> None:
        self._unsent_profiles.pop((channel, user_id), None)
        for place in self._by_user.get(user_id, ()):
            if place[0] == channel:
                self._connections[place] = self._connections[place]._replace(
                    profile=profile, changed=changed, known_in_epoch=known_in_epoch
                )
