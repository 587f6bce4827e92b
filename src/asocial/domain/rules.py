"""The rules of a channel: its owner and what the owner decided. Values only; a change makes new rules.

Most channels have no owner and no rules. Each change increments `version`, so that of two concurrent changes the second
is noticed and made again on top of the first.

A store that has lost the rules of a channel lets somebody begin them again, at version 1. However often those are
changed, they must not replace the rules that a process still knows: of two histories the one that began first counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from .landmarks import Landmarks

Rights: TypeAlias = Literal["read", "write"]

MAX_SLOW_MS = 3_600_000
MAX_BAN_S = 86_400
MAX_BANS = 500
"""Above this number, the ban that ends first is dropped: rules must stay small, because every join reads them."""


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """`owner`: a user id, "" for none. `bans`: user id -> end of the ban, in ms of the server's clock.

    Every valid invitation contains `invitation_key`, which is random. It is made with the first invitation and dropped
    when the channel is claimed or opened to everyone, or these rules are removed; older invitations are then void.
    `keep_until`: the last invitation expires then, so the rules must not be removed before.
    `closed_until`: an operator has closed the channel for everyone until then, in ms of the server's clock.
    `since`: when version 1 was made, in ms of the server's clock; 0: before this was recorded.
    """

    version: int = 0
    owner: str = ""
    slow_ms: int = 0
    read_only: bool = False
    private: bool = False
    bans: dict[str, int] = {}
    invitation_key: str = ""
    keep_until: int = 0
    landmarks: Landmarks = ()
    closed_until: int = 0
    since: int = 0

    def replaces(self, other: Rules) -> bool:
        """Whether these are newer than `other`, or `other` was begun because a store had lost these."""
        if not self.version or not other.version or self.since == other.since:
            return self.version > other.version
        return self.since < other.since

    def begun(self, now: int) -> Rules:
        """The same rules, with the time of their version 1 if that is what they are."""
        return replace(self, since=now) if self.version == 1 else self

    def with_owner(self, user_id: str) -> Rules:
        """Set the owner. Invitations of others become void."""
        return replace(self, version=self.version + 1, owner=user_id, invitation_key="")

    def with_slow_ms(self, slow_ms: int) -> Rules:
        return replace(self, version=self.version + 1, slow_ms=slow_ms)

    def with_read_only(self, read_only: bool) -> Rules:
        return replace(self, version=self.version + 1, read_only=read_only)

    def with_private(self, private: bool) -> Rules:
        """Opening a private channel makes its invitations void."""
        key = self.invitation_key if private else ""
        return replace(self, version=self.version + 1, private=private, invitation_key=key)

    def with_invitation(self, until: int, new_key: str) -> Rules:
        """Make the channel private, because an invitation was made. `new_key` is used if there is no key yet."""
        kept, key = max(self.keep_until, until), self.invitation_key or new_key
        return replace(self, version=self.version + 1, private=True, keep_until=kept, invitation_key=key)

    def with_landmarks(self, change: Callable[[Landmarks], Landmarks]) -> Rules:
        """Change the landmarks by a function of landmarks.py. The same rules, if it changes nothing."""
        landmarks = change(self.landmarks)
        if landmarks == self.landmarks:
            return self
        return replace(self, version=self.version + 1, landmarks=landmarks)

    def with_ban(self, user_id: str, until: int, now: int) -> Rules:
        """Ban `user_id` until then. A time in the past ends the ban."""
        bans = {user: end for user, end in self.bans.items() if end > now and user != user_id}
        if until > now:
            if len(bans) >= MAX_BANS:
                del bans[min(bans, key=lambda user: bans[user])]
            bans[user_id] = until
        return replace(self, version=self.version + 1, bans=bans)

    def with_closed_until(self, until: int) -> Rules:
        """Close the channel until then. A time in the past opens it."""
        return replace(self, version=self.version + 1, closed_until=until)

    def is_owned_by(self, user_id: str) -> bool:
        """The empty id owns nothing, not even a channel without an owner."""
        return user_id != "" and self.owner == user_id

    def accepts(self, invitation_key: str) -> bool:
        """Whether an invitation with that key is valid."""
        return invitation_key != "" and self.invitation_key == invitation_key

    def is_banned(self, user_id: str, now: int) -> bool:
        return self.bans.get(user_id, 0) > now

    def is_closed(self, now: int) -> bool:
        return self.closed_until > now

    def lifetime_ms(self, ttl_ms: int, now: int) -> int:
        """How long these rules must be kept when they are not used any more."""
        return max(ttl_ms, self.keep_until - now, self.closed_until - now)


NO_RULES = Rules()
