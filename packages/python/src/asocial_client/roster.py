"""Who is in the channel: presence events applied in order (W17 to W20).

Each event has a number. If one is missing, the client asks for a `user_sync` and applies nothing until it comes.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from .frames import Member, UserCount, UserJoined, UserLeft, UserSync, UserUpdated

PresenceFrame: TypeAlias = UserJoined | UserLeft | UserUpdated | UserCount

KNOWN_OUTSIDE = 1000
"""In a large channel, so many members are known in addition to those that the server listed."""


class Roster:
    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        """By user id. In a channel with more people than `limits.roster`, some of them."""
        self.count = 0
        self._limit = 0
        self._epoch, self._seq = "", 0
        self._expected: tuple[str, int] | None = None
        """While a snapshot is needed: the newest event that it must contain."""

    @property
    def needs_snapshot(self) -> bool:
        return self._expected is not None

    @property
    def is_partial(self) -> bool:
        """Whether the channel has more people than the server lists (W20)."""
        return self.count > self._limit

    def begin(self) -> None:
        """A new connection: its first `user_sync` counts, whatever came before."""
        self._epoch, self._seq, self._expected = "", 0, None

    def synchronize(self, sync: UserSync) -> bool:
        """Take over a snapshot. False if it is older than an event that arrived: then ask once more."""
        if sync.epoch == self._epoch and sync.seq < self._seq:
            return False
        if self._expected is not None and self._expected[0] == sync.epoch and sync.seq < self._expected[1]:
            return False
        self._epoch, self._seq, self._expected = sync.epoch, sync.seq, None
        self._limit = sync.limits.roster
        self.count = sync.user_count
        self.members = {member.user_id: member for member in sync.users}
        return True

    def add(self, members: list[Member]) -> None:
        """The answer to `who`. Of too many members, those that were known first are dropped."""
        self.members |= {member.user_id: member for member in members}
        for user_id in list(self.members)[: max(0, len(self.members) - self._limit - KNOWN_OUTSIDE)]:
            del self.members[user_id]

    def apply(self, event: PresenceFrame) -> bool:
        """Apply an event. False if it changed nothing: it is old, or a snapshot is needed first."""
        place = (event.epoch, event.seq)
        if self._expected is not None:
            newer = place[0] != self._expected[0] or place[1] > self._expected[1]
            self._expected = place if newer else self._expected
            return False
        if place[0] != self._epoch:
            self._expected = place
            return False
        if place[1] <= self._seq:
            return False
        if isinstance(event, UserCount):
            self._seq, self.count = event.seq, event.count
            if event.count <= self._limit:
                # As many names may be known, but the wrong ones.
                self._expected = place
            return True
        if place[1] != self._seq + 1:
            self._expected = place
            return False
        self._seq = event.seq
        self._change(event)
        return True

    def _change(self, event: UserJoined | UserLeft | UserUpdated) -> None:
        known = self.members.get(event.user_id)
        match event:
            case UserJoined():
                self.count += known is None
                self.members[event.user_id] = Member(
                    event.user_id, event.name, event.color, event.joined_at, event.on_map
                )
            case UserLeft():
                self.count -= 1
                self.members.pop(event.user_id, None)
            case UserUpdated() if known is not None:
                self.members[event.user_id] = msgspec.structs.replace(
                    known, name=event.name, color=event.color, on_map=event.on_map
                )
