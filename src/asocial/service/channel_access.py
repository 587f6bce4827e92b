"""Who may enter a channel, write in it and own it, as the rules known at the moment say (W62 to W66).

Decides from values alone: the channel's rules, a principal, and the lists in the configuration. It never reads or
changes the rules; rules_sync.py does.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from ..domain.access import Access, Invitation
from ..domain.errors import ChannelClosed, ReadOnly, Refusal, Removed
from ..domain.identity import Principal, is_one_of
from ..domain.rules import NO_RULES, Rules
from ..groups import ModerationSettings
from ..protocol.schema import RulesView
from .channel import Channel

EVERY_CHANNEL = "*"
_OPEN = Access()


class ChannelAccess:
    def __init__(self, settings: ModerationSettings, now_ms: Callable[[], int]) -> None:
        self._owners = settings.owners
        self._members = settings.members
        self._now_ms = now_ms

    def decide(
        self, channel: str, principal: Principal, invitation: Invitation | None, rules: Rules
    ) -> Access | Refusal:
        """What `principal` may do in the channel, or why they may not enter."""
        if self._is_listed(channel, principal, rules):
            return Access(member=True, invitation=invitation)
        if not rules.private and channel not in self._members:
            return _OPEN if invitation is None else Access(invitation=invitation)
        if invitation is not None and rules.accepts(invitation.key):
            return Access(invitation.rights, invitation=invitation)
        if channel in self._members:
            return Refusal("members_only", "this channel is for its members")
        return Refusal("channel_private", "this channel is private; its owner can invite you")

    def readmit(self, channel: Channel, principal: Principal, access: Access) -> Access | None:
        """Decide again for a principal who was admitted before. None: they may not stay."""
        decided = self.decide(channel.name, principal, access.invitation, channel.rules or NO_RULES)
        return decided if isinstance(decided, Access) else None

    def is_removed(self, channel: Channel, principal: Principal) -> bool:
        """Whether a ban keeps the user out of the channel now."""
        rules = channel.rules
        return rules is not None and bool(rules.bans) and rules.is_banned(principal.rules_id, self._now_ms())

    def check_open(self, rules: Rules) -> None:
        """Raises ChannelClosed while an operator keeps the channel closed."""
        if rules.closed_until and rules.is_closed(self._now_ms()):
            raise ChannelClosed

    def check_not_removed(self, channel: Channel, principal: Principal) -> None:
        """Raises Removed while a ban lasts."""
        if self.is_removed(channel, principal):
            raise Removed

    def check_may_write(self, channel: Channel, principal: Principal, access: Access) -> int:
        """How many ms this user must wait after each message. Raises ReadOnly if they may not write at all."""
        rules = channel.rules
        if access.rights == "read":
            raise ReadOnly("your invitation allows you to read, not to write")
        if rules is None or not (rules.read_only or rules.slow_ms) or self.is_owner(channel.name, principal, rules):
            return 0
        if rules.read_only:
            raise ReadOnly("this channel is read-only: only its owner can write")
        return rules.slow_ms

    def is_still_listed(self, channel: Channel, principal: Principal, access: Access) -> bool:
        """Whether a user who was admitted as a member or an owner is one by a newer token too."""
        return not access.member or self._is_listed(channel.name, principal, channel.rules or NO_RULES)

    def is_owner(self, channel: str, principal: Principal, rules: Rules) -> bool:
        if rules.is_owned_by(principal.rules_id):
            return True
        if not self._owners:
            return False
        named = (*self._owners.get(channel, ()), *self._owners.get(EVERY_CHANNEL, ()))
        return any(is_one_of(who, principal.rules_id, principal.claims) for who in named)

    def is_members_only(self, channel: str) -> bool:
        """Whether the configuration lists the members of the channel."""
        return channel in self._members

    def has_defaults(self, channel: str, rules: Rules) -> bool:
        """Whether neither an owner nor the configuration decided anything about the channel."""
        return rules is NO_RULES and not self._owners and channel not in self._members

    def view(self, channel: str, principal: Principal, access: Access, rules: Rules) -> RulesView:
        """The rules as `principal` sees them."""
        private = rules.private or channel in self._members
        yours = self.is_owner(channel, principal, rules)
        landmarks = rules.landmarks or UNSET
        return RulesView(rules.owner, rules.slow_ms, rules.read_only, private, access.rights, yours, landmarks)

    def _is_listed(self, channel: str, principal: Principal, rules: Rules) -> bool:
        if not (rules.owner or self._owners or self._members):
            return False
        if self.is_owner(channel, principal, rules):
            return True
        listed = self._members.get(channel, ())
        return any(is_one_of(who, principal.rules_id, principal.claims) for who in listed)
