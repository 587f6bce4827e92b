"""Who may enter a channel and speak in it, and what its owners decide: remove, slow, quiet, close, clear (W62 to W66).

A channel's rules live in a store behind a port. A process that has people in a channel knows its rules by heart (they
hang on the Channel): read once it is subscribed, changed by what other processes tell (control.py), read again
at every heartbeat for what was not heard. So speaking and entering cost the store nothing.

While the store is away what is known goes on counting. A channel whose rules nobody here knows is open meanwhile:
nobody is in it on this process, so there is nothing to overhear; once its rules are known, who may not be there goes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from ..domain.errors import BadFrame, NotOwner, ReadOnly, Refused, Removed
from ..domain.identity import Verified, is_one_of
from ..domain.ids import DEFAULT_CHANNEL, is_id
from ..domain.rules import NO_RULES, Rights, Rules
from ..ports import ChannelRules, StoreUnavailable
from ..protocol import ChannelUpdated, Cleared, Moderate, RulesTold, pack
from .channels import Channel, Channels
from .chat import Talk
from .control import ChannelCleared, RulesChanged, encode_control
from .presence import Presence

EVERY_CHANNEL = "*"
SWAPS_MOST = 8
"""Changes made at the same time elsewhere, on top of which one is made again before it is given up."""


class Invitation(NamedTuple):
    """What a signed invitation to a channel says. `number`: see Rules.invitations."""

    rights: Rights
    number: int


class Access(NamedTuple):
    """What somebody may do in a channel. `invited`: they came by an invitation, or are listed, as `member` says."""

    rights: Rights = "write"
    invited: bool = False
    member: bool = False


class Moderation:
    """`owners` and `members`: those that the configuration names, by channel; owners of "*" are owners everywhere.

    `ttl_ms`: how long rules are remembered after the channel's last use.
    """

    def __init__(
        self,
        store: ChannelRules,
        channels: Channels,
        presence: Presence,
        talk: Talk,
        *,
        now_ms: Callable[[], int],
        owners: Mapping[str, Sequence[str]],
        members: Mapping[str, Sequence[str]],
        ttl_ms: int,
    ) -> None:
        self._store = store
        self._channels = channels
        self._presence = presence
        self._talk = talk
        self._now_ms = now_ms
        self._owners = owners
        self._members = members
        self._ttl_ms = ttl_ms
        self._learning: dict[str, asyncio.Task[None]] = {}
        self.on_rules: Callable[[Channel, bool], None] = lambda _channel, _known_before: None
        """Called after a channel's rules changed here."""
        self.on_moderated: Callable[[str, str, str, dict[str, object]], None] = lambda _a, _c, _b, _details: None
        """Called for each thing an owner did here: what, in which channel, by whom, and the details. For the log."""

    # Entering.

    async def admit(self, channel: str, visitor: Verified, invitation: Invitation | None) -> Access:
        """What `visitor` may do in the channel. Raises Refused (403) if they may not enter."""
        rules = await self._look(channel)
        if self._is_listed(channel, visitor, rules):
            return Access(invited=True, member=True)
        if not rules.private and channel not in self._members:
            return Access()
        if invitation is not None and invitation.number == rules.invitations:
            return Access(invitation.rights, invited=True)
        if channel in self._members:
            raise Refused(403, "members_only", "this channel is for its members")
        raise Refused(403, "channel_private", "this channel is private; its owner can invite you")

    async def know(self, channel: Channel) -> None:
        """Have the rules of a channel that is subscribed. They stay unknown while the store is away."""
        if channel.rules is None:
            learning = self._learning.get(channel.name)
            if learning is None:
                task = asyncio.get_running_loop().create_task(self._learn(channel))
                learning = self._learning[channel.name] = task
            await asyncio.shield(learning)

    def check_not_removed(self, channel: Channel, user_id: str) -> None:
        """Raises Removed while a ban lasts."""
        if channel.rules is not None and channel.rules.keeps_out(user_id, self._now_ms()):
            raise Removed

    def may_stay(self, channel: Channel, visitor: Verified, access: Access) -> bool:
        """Whether somebody who came in while the rules were not known could have come in with them."""
        rules = channel.rules or NO_RULES
        return not rules.private or access.invited or self.is_owner(channel.name, visitor, rules)

    def is_still_listed(self, channel: Channel, visitor: Verified, access: Access) -> bool:
        """Whether somebody who came in as a member or an owner is one by a newer token too."""
        return not access.member or self._is_listed(channel.name, visitor, channel.rules or NO_RULES)

    def _is_listed(self, channel: str, visitor: Verified, rules: Rules) -> bool:
        listed = self._members.get(channel, ())
        return self.is_owner(channel, visitor, rules) or any(
            is_one_of(who, visitor.user_id, visitor.claims) for who in listed
        )

    # Speaking.

    def may_write(self, channel: Channel, visitor: Verified, access: Access) -> int:
        """How long this user must wait after each message, in ms. Raises ReadOnly if they may not write at all."""
        rules = channel.rules
        if access.rights == "read":
            raise ReadOnly("you are invited to read along, not to write")
        if rules is None or not (rules.read_only or rules.slow_ms) or self.is_owner(channel.name, visitor, rules):
            return 0
        if rules.read_only:
            raise ReadOnly("only the owner writes in this channel just now")
        return rules.slow_ms

    # Owning.

    def is_owner(self, channel: str, visitor: Verified, rules: Rules) -> bool:
        # Who asks over HTTP without a token has no id, and a channel without an owner has none either.
        if rules.owner and rules.owner == visitor.user_id:
            return True
        named = (*self._owners.get(channel, ()), *self._owners.get(EVERY_CHANNEL, ()))
        return any(is_one_of(who, visitor.user_id, visitor.claims) for who in named)

    def told(self, channel: Channel, visitor: Verified, access: Access) -> RulesTold | None:
        """What a `user_sync` says of the rules; None where there is nothing to say."""
        rules = channel.rules or NO_RULES
        yours = self.is_owner(channel.name, visitor, rules)
        private = rules.private or channel.name in self._members
        if not (rules.owner or rules.slow_ms or rules.read_only or private or yours):
            return None
        return RulesTold(rules.owner, rules.slow_ms, rules.read_only, private, access.rights, yours)

    async def state(self, channel: str, visitor: Verified, access: Access) -> RulesTold:
        """The same for somebody who may not be in it."""
        rules = await self._look(channel)
        private = rules.private or channel in self._members
        yours = self.is_owner(channel, visitor, rules)
        return RulesTold(rules.owner, rules.slow_ms, rules.read_only, private, access.rights, yours)

    async def claim(self, channel: str, visitor: Verified) -> None:
        """Make `visitor` the owner of a channel that is nobody's and that nobody else is in (W64).

        Raises Refused, or StoreUnavailable. Claiming one's own again is no fault.
        """
        rules = await self._store.load(channel)
        if self.is_owner(channel, visitor, rules):
            return
        if channel == DEFAULT_CHANNEL:
            raise Refused(403, "not_claimable", f"the channel {DEFAULT_CHANNEL!r} is everybody's")
        if rules.owner or not await self._presence.is_alone(channel, visitor.user_id):
            raise Refused(
                409, "channel_taken", "a channel can be claimed while it is nobody's and nobody else is in it"
            )
        if rules.keeps_out(visitor.user_id, self._now_ms()):
            raise Refused(403, "removed", "you were removed from this channel")
        changed = await self._change(channel, lambda now: now if now.owner else now.claimed(visitor.user_id))
        if changed.owner != visitor.user_id:
            raise Refused(409, "channel_taken", "somebody else was quicker")
        self._tell(channel, changed, visitor.user_id)
        self.on_moderated("claim", channel, visitor.user_id, {})

    async def invite(self, channel: str, visitor: Verified, until: int) -> int:
        """Close the channel to all who are not invited; returns the number that goes into the invitation (W63).

        Raises Refused for who is no owner, or StoreUnavailable.
        """
        before = await self._store.load(channel)
        if not self.is_owner(channel, visitor, before):
            raise Refused(403, "not_owner", "only the owner of a channel invites")
        if channel == DEFAULT_CHANNEL and channel not in self._members:
            raise Refused(403, "not_claimable", f"the channel {DEFAULT_CHANNEL!r} is everybody's")
        changed = await self._change(channel, lambda now: now.inviting(until))
        if not before.private:
            self._tell(channel, changed, visitor.user_id)
        self.on_moderated("invite", channel, visitor.user_id, {"until": until})
        return changed.invitations

    async def moderate(self, channel: Channel, visitor: Verified, frame: Moderate) -> None:
        """Carry out what an owner asked for. Raises NotOwner, BadFrame or StoreUnavailable."""
        name, by = channel.name, visitor.user_id
        if not self.is_owner(name, visitor, channel.rules or NO_RULES):
            raise NotOwner("only the owner of a channel does that")
        details: dict[str, object] = {}
        match frame.action:
            case "remove":
                await self._remove(name, visitor, frame)
                details = {"user_id": frame.user_id, "seconds": frame.seconds}
            case "clear":
                timestamp = self._now_ms()
                await self._talk.clear(name, timestamp)
                self._channels.tell_processes(name, encode_control(ChannelCleared(timestamp)))
                self._channels.post(name, pack(Cleared(by, timestamp)))
            case "slow":
                self._tell(name, await self._change(name, lambda now: now.slowed(frame.slow_ms)), by)
                details = {"slow_ms": frame.slow_ms}
            case "read_only":
                self._tell(name, await self._change(name, lambda now: now.quieted(frame.on)), by)
                details = {"on": frame.on}
            case "private":
                if name == DEFAULT_CHANNEL:
                    raise BadFrame(f"the channel {DEFAULT_CHANNEL!r} is everybody's")
                self._tell(name, await self._change(name, lambda now: now.closed(frame.on)), by)
                details = {"on": frame.on}
        self.on_moderated(frame.action, name, by, details)

    # Between processes.

    def heed(self, channel: str, told: RulesChanged | ChannelCleared) -> None:
        """What another process tells."""
        match told:
            case ChannelCleared():
                self._talk.forget(channel, told.timestamp)
            case RulesChanged():
                found = self._channels.get(channel)
                if found is not None:
                    self._apply(found, told.rules)

    async def refresh(self) -> None:
        """The channels with people here are in use; learn what was not heard. Does nothing while the store is away."""
        with contextlib.suppress(StoreUnavailable):
            for channel in self._channels:
                if len(channel):
                    keep_ms = (channel.rules or NO_RULES).keep_ms(self._ttl_ms, self._now_ms())
                    await self._settle(channel, await self._store.keep(channel.name, keep_ms))

    async def restore(self) -> None:
        """The store is back, perhaps empty. Raises StoreUnavailable if it went away again."""
        for channel in self._channels:
            await self._settle(channel, await self._store.load(channel.name))

    async def _settle(self, channel: Channel, stored: Rules) -> None:
        known = channel.rules
        if known is not None and known.version > stored.version:
            stored = await self._store.swap(channel.name, known, known.keep_ms(self._ttl_ms, self._now_ms()))
        self._apply(channel, stored)

    async def _remove(self, channel: str, visitor: Verified, frame: Moderate) -> None:
        if not is_id(frame.user_id):
            raise BadFrame("user_id names who is to go")
        now = self._now_ms()
        until = now + frame.seconds * 1000
        rules = await self._look(channel)
        if frame.user_id == visitor.user_id or self.is_owner(channel, Verified(frame.user_id), rules):
            raise BadFrame("an owner cannot be removed")
        await self._change(channel, lambda rules: rules.without(frame.user_id, until, now))

    async def _look(self, channel: str) -> Rules:
        known = self._channels.get(channel)
        if known is not None and known.rules is not None:
            return known.rules
        try:
            return await self._store.load(channel)
        except StoreUnavailable:
            return NO_RULES

    async def _learn(self, channel: Channel) -> None:
        try:
            with contextlib.suppress(StoreUnavailable):
                self._apply(channel, await self._store.load(channel.name))
        finally:
            del self._learning[channel.name]

    async def _change(self, channel: str, change: Callable[[Rules], Rules]) -> Rules:
        """Make a change, on top of those that are made at the same time. Returns the rules after it."""
        stored = await self._store.load(channel)
        for _ in range(SWAPS_MOST):
            wanted = change(stored)
            if wanted is stored:
                return stored
            stored = await self._store.swap(channel, wanted, wanted.keep_ms(self._ttl_ms, self._now_ms()))
            if stored == wanted:
                self._channels.tell_processes(channel, encode_control(RulesChanged(stored)))
                here = self._channels.get(channel)
                if here is not None:
                    self._apply(here, stored)
                return stored
        raise StoreUnavailable("others are changing the rules of this channel")

    def _apply(self, channel: Channel, rules: Rules) -> None:
        known = channel.rules
        if known is None or rules.version > known.version:
            channel.rules = rules
            self.on_rules(channel, known is not None)

    def _tell(self, channel: str, rules: Rules, by: str) -> None:
        private = rules.private or channel in self._members
        frame = ChannelUpdated(rules.owner, rules.slow_ms, rules.read_only, private, by, self._now_ms())
        self._channels.post(channel, pack(frame))
