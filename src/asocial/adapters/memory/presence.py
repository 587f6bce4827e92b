"""Presence in a dict: the PresenceStore of one process, or of several apps in one interpreter.

A heap holds (deadline, channel, connection). Refreshing pushes a new entry; entries whose deadline is not the
connection's current one are stale and skipped.

A sweep that comes very late removes only abandoned connections: the process was suspended, and could not refresh any.
"""

from __future__ import annotations

import heapq
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from operator import attrgetter

import msgspec

from ...domain.profile import Member, Profile
from ...ports import Departed, Joined, Roster, Stamp, Updated


class _Connection(msgspec.Struct, gc=False):
    user_id: str
    deadline_ms: int
    abandoned: bool = False


class _User(msgspec.Struct, gc=False):
    member: Member
    changed_at: int
    connections: int = 0


_MEMBER = attrgetter("member")


@dataclass(slots=True)
class _Channel:
    epoch: str
    seq: int = 0
    connections: dict[str, _Connection] = field(default_factory=dict)
    users: dict[str, _User] = field(default_factory=dict)
    roster: Roster | None = None
    """Of all users, until the next event: a join reads it twice, before and after it."""

    def event(self) -> Stamp:
        self.seq += 1
        self.roster = None
        return Stamp(self.epoch, self.seq)

    @property
    def stamp(self) -> Stamp:
        return Stamp(self.epoch, self.seq)


class MemoryPresence:
    """`clock_ms` is any clock in ms; `ttl_ms` is how long a connection lives without a refresh."""

    def __init__(self, clock_ms: Callable[[], int], ttl_ms: int) -> None:
        self._clock_ms = clock_ms
        self._ttl_ms = ttl_ms
        self._swept_ms = clock_ms()
        self._channels: dict[str, _Channel] = {}
        self._deadlines: list[tuple[int, str, str]] = []

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        state = self._channels.get(channel)
        if state is None:
            # Random, so that clients notice when a channel was empty in between.
            state = self._channels[channel] = _Channel(secrets.token_hex(4))
        if connection_id not in state.connections:
            state.connections[connection_id] = _Connection(user_id, 0)
            user = state.users.get(user_id)
            if user is None:
                user = state.users[user_id] = _User(Member.of(user_id, profile, now_ms), profile.changed_at)
            user.connections += 1
            self._live_until(channel, connection_id, self._ttl_ms)
            if user.connections == 1:
                return Joined(user.member, True, len(state.users), state.event(), user.changed_at)
        user = state.users[user_id]
        return Joined(user.member, False, len(state.users), state.stamp, user.changed_at)

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        return self._remove(channel, connection_id)

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        state = self._channels.get(channel)
        if state is not None and connection_id in state.connections:
            state.connections[connection_id].abandoned = True
            self._live_until(channel, connection_id, grace_ms)

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        state = self._channels.get(channel)
        user = state.users.get(user_id) if state is not None else None
        if state is None or user is None or (unless_later and user.changed_at > profile.changed_at):
            return None
        user.member, user.changed_at = Member.of(user_id, profile, user.member.joined_at), profile.changed_at
        return Updated(len(state.users), state.event())

    async def roster(self, channel: str, limit: int) -> Roster:
        state = self._channels.get(channel)
        if state is None:
            return Roster([], 0, Stamp("", 0))
        count = len(state.users)
        if count > limit:
            return Roster(list(map(_MEMBER, islice(state.users.values(), limit))), count, state.stamp)
        if state.roster is None:
            state.roster = Roster(list(map(_MEMBER, state.users.values())), count, state.stamp)
        return state.roster

    async def counts(self) -> dict[str, int]:
        return {name: len(state.users) for name, state in self._channels.items() if state.users}

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        state = self._channels.get(channel)
        users = state.users if state is not None else {}
        return [users[user_id].member for user_id in dict.fromkeys(user_ids) if user_id in users]

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> list[str]:
        state, missing = self._channels.get(channel), []
        connections = state.connections if state is not None else {}
        for connection_id in connection_ids:
            connection = connections.get(connection_id)
            if connection is not None and not connection.abandoned:
                self._live_until(channel, connection_id, self._ttl_ms)
            else:
                missing.append(connection_id)
        return missing

    async def sweep(self) -> list[Departed]:
        now_ms = self._clock_ms()
        late = now_ms - self._swept_ms > self._ttl_ms / 2
        self._swept_ms = now_ms
        departed = []
        while self._deadlines and self._deadlines[0][0] <= now_ms:
            deadline_ms, channel, connection_id = heapq.heappop(self._deadlines)
            state = self._channels.get(channel)
            connection = state.connections.get(connection_id) if state is not None else None
            if connection is None or connection.deadline_ms != deadline_ms:
                continue
            if late and not connection.abandoned:
                self._live_until(channel, connection_id, self._ttl_ms)
            else:
                gone = self._remove(channel, connection_id)
                if gone is not None:
                    departed.append(gone)
        return departed

    async def close(self) -> None:
        """Nothing to release."""

    def _live_until(self, channel: str, connection_id: str, from_now_ms: int) -> None:
        deadline_ms = self._clock_ms() + from_now_ms
        self._channels[channel].connections[connection_id].deadline_ms = deadline_ms
        heapq.heappush(self._deadlines, (deadline_ms, channel, connection_id))

    def _remove(self, channel: str, connection_id: str) -> Departed | None:
        state = self._channels.get(channel)
        connection = state.connections.pop(connection_id, None) if state is not None else None
        if state is None or connection is None:
            return None
        user_id = connection.user_id
        user = state.users[user_id]
        user.connections -= 1
        last = user.connections == 0
        if last:
            del state.users[user_id]
        if not state.connections:
            del self._channels[channel]
        stamp = state.event() if last else state.stamp
        return Departed(channel, connection_id, user_id, last, len(state.users), stamp)
