"""Who is in which channel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..domain.profile import Member, Profile


class Stamp(NamedTuple):
    """The state of a channel's presence. Events are numbered by `seq`; a new `epoch` starts a new count (W19)."""

    epoch: str
    seq: int


class Joined(NamedTuple):
    """`first`: the user had no connection before, so this is an event, and `stamp` is its stamp.

    `changed_at`: that of the profile in the store.
    """

    member: Member
    first: bool
    user_count: int
    stamp: Stamp
    changed_at: int = 0


class Updated(NamedTuple):
    """A profile changed in a channel of `user_count` users. `shared`: in the store of all processes, not only here."""

    user_count: int
    stamp: Stamp
    shared: bool = True


class Departed(NamedTuple):
    """A connection was removed. `last`: it was the user's last, so this is an event, and `stamp` is its stamp.

    `shared`: it was in the store of all processes, not only here.
    """

    channel: str
    connection_id: str
    user_id: str
    last: bool
    user_count: int
    stamp: Stamp
    shared: bool = True


class Roster(NamedTuple):
    """As many members as requested, in the order in which they joined, and the number of all users."""

    members: list[Member]
    user_count: int
    stamp: Stamp


class PresenceStore(Protocol):
    """Who is in which channel, counted by connections. Each operation is atomic.

    The next `sweep`, by any process, removes a connection that was not refreshed within the presence TTL, or whose
    grace is over. Each departure is reported exactly once, to one caller.
    """

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        """Add a connection. A user who is present keeps `joined_at` and profile. Idempotent."""
        ...

    async def leave(self, channel: str, connection_id: str) -> Departed | None:
        """Remove a connection at once. None if it is not there."""
        ...

    async def abandon(self, channel: str, connection_id: str, grace_ms: int) -> None:
        """The connection's socket broke. The first sweep after `grace_ms` removes it."""
        ...

    async def update(
        self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
    ) -> Updated | None:
        """Change the profile of a present user, which is an event. None if the user is not present.

        `unless_later`: also None if the user has chosen another one later (`changed_at`), which stays.
        """
        ...

    async def roster(self, channel: str, limit: int) -> Roster:
        """The channel's members. A channel without members has an empty roster and the epoch ""."""
        ...

    async def counts(self) -> dict[str, int]:
        """The number of users in each channel that has any."""
        ...

    async def members(self, channel: str, user_ids: Sequence[str]) -> list[Member]:
        """Those of `user_ids` who are present, in the given order, without duplicates."""
        ...

    async def refresh(self, channel: str, connection_ids: Sequence[str]) -> list[str]:
        """Restart the TTL of these connections. Returns those that are abandoned or unknown: they stay so."""
        ...

    async def sweep(self) -> list[Departed]:
        """Remove every connection whose time is over, in all channels."""
        ...

    async def close(self) -> None: ...
