"""Presence while the shared store is away, from what this process knows by itself.

Every change goes to two stores: the shared one, which decides, and a local one, which mirrors the connections of this
process. While the shared store is away, the local one answers under its own epoch. Clients notice the new epoch, ask
for a snapshot, and see the people that they can reach. `restore` registers all connections of this process with the
shared store again, which may have come back empty.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence
from typing import NamedTuple, Protocol

import msgspec

from ..domain.connection_index import ConnectionIndex
from ..domain.profile import Member, Profile
from ..ports import Departed, Joined, PresenceStore, Roster, StoreUnavailable, Updated

RESTORE_BATCH = 200
"""Registrations that run together: enough to fill a pipeline, few enough that other requests are not delayed."""


class _LocalConnection(NamedTuple):
    user_id: str
    profile: Profile
    joined_at: int
    changed: bool = False
    """The shared store does not have this profile: it was away when the profile changed, or has lost it since."""
    registered: bool = False
    """The shared store has answered to its `join`."""


class StoreStatus(Protocol):
    """Whether the shared store can be used at the moment. Channels implements it."""

    store_away: bool
    """Whether the services consider the shared store away. Until it is back, other processes sweep."""

    def is_isolated(self, name: str, /) -> bool:
        """Whether a channel exchanges nothing with other processes at the moment, though the store may answer.

        `restore` registers its members. Until then they see only each other.
        """
        ...


class FallbackPresence:
    """A PresenceStore that combines a shared store, which may be away, with a local one, which never is."""

    def __init__(self, shared: PresenceStore, local: PresenceStore, status: StoreStatus) -> None:
        self._shared = shared
        self._local = local
        self._connections: dict[tuple[str, str], _LocalConnection] = {}
        self._by_user: ConnectionIndex[tuple[str, str]] = ConnectionIndex()
        """The keys of `_connections` by user, so that a changed profile does not search all connections."""
        self._unsent_profiles: dict[tuple[str, str], Profile] = {}
        """By channel and user: changed during the outage by a connection that has ended since."""
        self._missed_profiles: dict[tuple[str, str], Profile] = {}
        """By channel and user: changed on another process, and first heard of from the shared store."""
        self._unregistered: dict[str, set[str]] = {}
        """Connections, by channel, that the shared store may not have."""
        self._outages = 0
        self._status = status

    def begin_outage(self) -> None:
        """The shared store is away, and may come back empty."""
        self._outages += 1
        for channel, connection_id in self._connections:
            self._note_unregistered(channel, connection_id)

    def has_unregistered(self, channel: str) -> bool:
        """Whether the shared store may not have all connections of this process in a channel. `restore` sends them."""
        return channel in self._unregistered

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        joined = await self._local.join(channel, connection_id, user_id, profile, now_ms)
        if (channel, connection_id) not in self._connections:
            self._by_user.add(user_id, (channel, connection_id))
        self._connections[channel, connection_id] = _LocalConnection(user_id, profile, joined.member.joined_at)
        if not self._status.is_isolated(channel):
            # If the user is away, this is what they chose last. In an outage nobody knows whether they are.
            chosen = msgspec.structs.replace(profile, changed_at=now_ms)
            with contextlib.suppress(StoreUnavailable):
                shared = await self._shared.join(channel, connection_id, user_id, chosen, now_ms)
                self._store_answer((channel, connection_id), shared)
                return shared
        if (channel, connection_id) in self._connections:
            self._note_unregistered(channel, connection_id)
        return joined._replace(member=self._with_profiles(channel, [joined.member])[0])

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        self._forget(channel, connection_id)
        departed = await self._local.leave(channel, connection_id)
        try:
            shared = await self._shared.leave(channel, connection_id)
        except StoreUnavailable:
            return departed and departed._replace(shared=False)
        # If it joined while the channel was isolated, the shared store never had it.
        if shared is None and departed is not None and self._status.is_isolated(channel):
            return departed._replace(shared=False)
        return shared

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        self._forget(channel, connection_id)
        await self._local.abandon(channel, connection_id, grace_ms)
        try:
            await self._shared.abandon(channel, connection_id, grace_ms)
        except StoreUnavailable:
            return

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        if unless_later:
            return await self._update_again(channel, user_id, profile)
        self._update_profile(channel, user_id, profile, changed=True)
        local = await self._local.update(channel, user_id, profile)
        try:
            shared = await self._shared.update(channel, user_id, profile)
        except StoreUnavailable:
            self._unsent_profiles[channel, user_id] = profile
            return local and local._replace(shared=False)
        if shared is not None:
            # Otherwise the user is being registered again with the old profile: the change must still be sent.
            self._update_profile(channel, user_id, profile, changed=False)
        if shared is None and local is not None and self._status.is_isolated(channel):
            return local._replace(shared=False)
        return shared

    async def roster(self, channel: str, limit: int) -> Roster:
        if not self._status.is_isolated(channel):
            with contextlib.suppress(StoreUnavailable):
                return await self._shared.roster(channel, limit)
        roster = await self._local.roster(channel, limit)
        return roster._replace(members=self._with_profiles(channel, roster.members))

    async def counts(self) -> dict[str, int]:
        if not self._status.store_away:
            try:
                return await self._shared.counts()
            except StoreUnavailable:
                pass
        return await self._local.counts()

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        if not self._status.is_isolated(channel):
            with contextlib.suppress(StoreUnavailable):
                return await self._shared.members(channel, user_ids)
        return self._with_profiles(channel, await self._local.members(channel, user_ids))

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> list[str]:
        unknown = await self._local.refresh(channel, connection_ids)
        # Only of these can a missing one be lost: the others are being registered, now or by `restore`.
        registered = self._registered(channel, connection_ids)
        try:
            missing = await self._shared.refresh(channel, connection_ids)
        except StoreUnavailable:
            return unknown
        for connection_id in registered & self._registered(channel, missing):
            self._note_unregistered(channel, connection_id)
        return missing

    async def sweep(self) -> list[Departed]:
        departed = [entry._replace(shared=False) for entry in await self._local.sweep()]
        if self._status.store_away:
            return departed
        try:
            return await self._shared.sweep()
        except StoreUnavailable:
            return departed

    async def restore(self, channels: Collection[str] | None = None) -> list[tuple[str, Joined]]:
        """Register the connections of this process again, all or those in `channels`, except in isolated channels.

        Returns the joins, by channel, that other processes do not know.
        Raises StoreUnavailable if the shared store went away again.
        """
        places = [
            entry
            for entry in self._connections.items()
            if (channels is None or entry[0][0] in channels) and not self._status.is_isolated(entry[0][0])
        ]
        new_joins: list[tuple[str, Joined]] = []
        for start in range(0, len(places), RESTORE_BATCH):
            some = [entry for entry in places[start : start + RESTORE_BATCH] if entry[0] in self._connections]
            outages = self._outages
            joins = await asyncio.gather(
                *(
                    self._shared.join(channel, connection_id, own.user_id, own.profile, own.joined_at)
                    for (channel, connection_id), own in some
                )
            )
            for (place, own), joined in zip(some, joins, strict=True):
                if place not in self._connections:
                    # It left while it was being registered: its leave came first and found nothing to remove.
                    await self._shared.abandon(*place, 0)
                self._store_answer(place, joined)
                if outages == self._outages:
                    self._forget_unregistered(*place)
                if place in self._connections and (profile := self._connections[place].profile) != own.profile:
                    self._missed_profiles[place[0], own.user_id] = profile
                if joined.first:
                    new_joins.append((place[0], joined))
        return new_joins

    def changed_profiles(self) -> dict[tuple[str, str], Profile]:
        """Profiles, by channel and user, that were changed here and that the shared store does not have.

        To be updated with `unless_later`: some belong to users who have left, or who have chosen another since.
        """
        changed = {(place[0], own.user_id): own.profile for place, own in self._connections.items() if own.changed}
        return self._unsent_profiles | changed

    def take_missed_profiles(self) -> dict[tuple[str, str], Profile]:
        """Profiles, by channel and user, that the shared store has and this process did not, since the last call."""
        missed, self._missed_profiles = self._missed_profiles, {}
        return missed

    def apply_profile(self, channel: str, user_id: str, profile: Profile) -> None:
        """Another process changed this profile. It is kept here too, in case the shared store loses it."""
        self._update_profile(channel, user_id, profile, changed=False)

    async def close(self) -> None:
        await self._shared.close()
        await self._local.close()

    def _with_profiles(self, channel: str, members: list[Member]) -> list[Member]:
        """Members of the local store with the profiles that are known here: it has those that they joined with."""
        found = []
        for member in members:
            own = (self._connections[place] for place in self._by_user.get(member.user_id, ()) if place[0] == channel)
            profile = next((connection.profile for connection in own), member.profile)
            found.append(Member.of(member.user_id, profile, member.joined_at))
        return found

    def _forget(self, channel: str, connection_id: str) -> None:
        own = self._connections.pop((channel, connection_id), None)
        if own is None:
            return
        self._by_user.remove(own.user_id, (channel, connection_id))
        self._forget_unregistered(channel, connection_id)
        if own.changed:
            self._unsent_profiles[channel, own.user_id] = own.profile

    def _store_answer(self, place: tuple[str, str], joined: Joined) -> None:
        """Keep what the shared store answered to a join, unless this process has a newer profile.

        It may have: if all processes of a user were suspended, the store lost the user, and the first to be back
        registered them again, perhaps with a profile from before the last change.
        """
        own = self._connections.get(place)
        if own is None:
            return
        member, own_at, stored_at = joined.member, own.profile.changed_at, joined.changed_at
        changed = own_at > stored_at or (own.changed and own_at == stored_at)
        stored = Profile(member.name, member.color, member.on_map, stored_at)
        profile = own.profile if changed else stored
        self._connections[place] = _LocalConnection(own.user_id, profile, member.joined_at, changed, registered=True)

    def _registered(self, channel: str, connection_ids: Collection[str]) -> set[str]:
        """Those of `connection_ids` that the shared store should have."""
        unregistered = self._unregistered.get(channel, ())
        return {
            connection_id
            for connection_id in connection_ids
            if (own := self._connections.get((channel, connection_id))) is not None
            and own.registered
            and connection_id not in unregistered
        }

    def _note_unregistered(self, channel: str, connection_id: str) -> None:
        self._unregistered.setdefault(channel, set()).add(connection_id)

    def _forget_unregistered(self, channel: str, connection_id: str) -> None:
        unregistered = self._unregistered.get(channel, set())
        unregistered.discard(connection_id)
        if not unregistered:
            self._unregistered.pop(channel, None)

    async def _update_again(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        """Update one of `changed_profiles`. Raises StoreUnavailable; then it is still one of them."""
        updated = await self._shared.update(channel, user_id, profile, unless_later=True)
        # The members of an isolated channel are registered later; then it is tried again.
        answered = updated is not None or not self._status.is_isolated(channel)
        if answered and self._unsent_profiles.get((channel, user_id)) == profile:
            del self._unsent_profiles[channel, user_id]
        for place in self._by_user.get(user_id, ()) if updated is not None else ():
            if place[0] == channel and (own := self._connections[place]).profile == profile:
                self._connections[place] = own._replace(changed=False)
        return updated

    def _update_profile(self, channel: str, user_id: str, profile: Profile, *, changed: bool) -> None:
        self._unsent_profiles.pop((channel, user_id), None)
        for place in self._by_user.get(user_id, ()):
            if place[0] == channel:
                self._connections[place] = self._connections[place]._replace(profile=profile, changed=changed)
