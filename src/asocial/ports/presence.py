"""Who is in which channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..domain.profile import Member, Profile


class Stamp(NamedTuple):
    """Where a channel's presence stands: events are numbered by `seq`, a new `epoch` starts another count (W19)."""

    epoch: str
    seq: int


class Joined(NamedTuple):
    """`first`: the user had no connection before, so others are to be told; then `stamp` is that event's."""

    member: Member
    first: bool
    user_count: int
    stamp: Stamp


class Updated(NamedTuple):
    """A profile changed in a channel of `user_count` users. `shared`: in the store of all processes, not only here."""

    user_count: int
    stamp: Stamp
    shared: bool = True


class Departed(NamedTuple):
    """A connection is gone. `last`: it was the user's last, so others are to be told; then `stamp` is that event's."""

    channel: str
    connection_id: str
    user_id: str
    last: bool
    user_count: int
    stamp: Stamp


class Roster(NamedTuple):
    """At most as many members as asked for, in the order they joined, and the true number of users."""

    members: list[Member]
    user_count: int
    stamp: Stamp


class PresenceStore(Protocol):
    """Who is in which channel, counted by connections. Each operation is atomic.

    A connection that is not refreshed within the presence TTL, or whose grace is over, is gone with the next
    `sweep`, by whichever process sweeps; each departure is reported exactly once, to one caller.
    """

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        """Add a connection. A user who is present already keeps `joined_at` and profile; twice is once."""
        ...

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        """Remove a connection at once. None if it is not there (any more)."""
        ...

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        """The connection's socket broke: unless it is left before, it is gone by the first sweep after `grace_ms`."""
        ...

    async def update(self, channel: str, user_id: str, profile: Profile) -> Updated | None:
        """Change a present user's profile, which is an event. None if the user is not present."""
        ...

    async def roster(self, channel: str, limit: int) -> Roster:
        """A snapshot. A channel that nobody is in is empty, its epoch ""."""
        ...

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        """Those of `user_ids` who are present, in the order asked for, none twice."""
        ...

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> None:
        """These connections live: their TTL starts anew. Abandoned and unknown ones are not brought back."""
        ...

    async def sweep(self) -> list[Departed]:
        """Remove every connection whose time is up, in all channels."""
        ...

    async def close(self) -> None: ...
