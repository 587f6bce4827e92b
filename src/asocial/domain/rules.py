"""What holds in a channel: whose it is, and what they have decided. Values only; a change makes new rules.

Nobody owns a channel until somebody claims it; most never have rules at all. Each change raises `version`, so that
of two that were made at the same time one is seen to be late, and is made again on top of the other.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

Rights: TypeAlias = Literal["read", "write"]

MAX_SLOW_MS = 3_600_000
MAX_BAN_S = 86_400
MAX_BANS = 500
"""Of those above, the ban that would end first gives way: rules are small enough to be read at every entry."""


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """`owner`: a user id, "" for none. `bans`: user id -> until when, ms of the server's clock.

    `invitation_key` is random and is in every invitation that counts. It is made with the first invitation, and void
    when the channel is claimed or opened to all, or these rules are forgotten: so are the invitations signed before.
    `keep_until`: an invitation is out until then, so the rules must not be forgotten before.
    """

    version: int = 0
    owner: str = ""
    slow_ms: int = 0
    read_only: bool = False
    private: bool = False
    bans: dict[str, int] = {}
    invitation_key: str = ""
    keep_until: int = 0

    def with_owner(self, user_id: str) -> Rules:
        """A new owner's channel: nobody else's invitations count in it."""
        return replace(self, version=self.version + 1, owner=user_id, invitation_key="")

    def with_slow_ms(self, slow_ms: int) -> Rules:
        return replace(self, version=self.version + 1, slow_ms=slow_ms)

    def with_read_only(self, read_only: bool) -> Rules:
        return replace(self, version=self.version + 1, read_only=read_only)

    def with_private(self, private: bool) -> Rules:
        """Opening a private channel ends its invitations."""
        key = self.invitation_key if private else ""
        return replace(self, version=self.version + 1, private=private, invitation_key=key)

    def with_invitation(self, until: int, new_key: str) -> Rules:
        """An invitation is made: people without one stay out from now on. `new_key`: taken if there is none yet."""
        kept, key = max(self.keep_until, until), self.invitation_key or new_key
        return replace(self, version=self.version + 1, private=True, keep_until=kept, invitation_key=key)

    def with_ban(self, user_id: str, until: int, now: int) -> Rules:
        """`user_id` stays out until then; a time that is over lets them in again."""
        bans = {user: end for user, end in self.bans.items() if end > now and user != user_id}
        if until > now:
            if len(bans) >= MAX_BANS:
                del bans[min(bans, key=lambda user: bans[user])]
            bans[user_id] = until
        return replace(self, version=self.version + 1, bans=bans)

    def is_owned_by(self, user_id: str) -> bool:
        """The empty id is nobody's, and owns nothing: not even a channel without an owner."""
        return user_id != "" and self.owner == user_id

    def accepts(self, invitation_key: str) -> bool:
        """Whether an invitation with that key counts."""
        return invitation_key != "" and self.invitation_key == invitation_key

    def is_banned(self, user_id: str, now: int) -> bool:
        return self.bans.get(user_id, 0) > now

    def lifetime_ms(self, ttl_ms: int, now: int) -> int:
        """How long these must be remembered when they are not used any more."""
        return max(ttl_ms, self.keep_until - now)


NO_RULES = Rules()
