"""Who may enter a channel and speak in it, and what its owners decide: remove, slow, quiet, close, clear (W62 to W66).

A channel's rules live in a store behind a port. A process that has people in a channel knows its rules by heart (they
hang on the Channel): read once it is subscribed, changed by what other processes tell (control.py), read again
at every heartbeat for what was not heard. So speaking and entering cost the store nothing.

While the store is away, what is known still counts, and a channel whose rules nobody here knows is open to everybody.
Either may be wrong: rules change on other processes, which this one does not hear. So a channel is *confirmed* only
once its rules were read from the store, after its subscription stands and since the store was last away. Until then it
exchanges nothing with other processes (Channel.confirmed): its people hear each other, see only each other, and nothing
they say leaves this process. When the rules are read, those who entered meanwhile and may not stay are closed first.

A store that comes back empty gets the rules back from a process that knows them, before anything else of the channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable

from .. import logs
from ..domain.access import Access, Invitation
from ..domain.errors import BadFrame, GoingAway, NotOwner, ReadOnly, Refusal, Removed
from ..domain.identity import Principal, is_one_of, user_id_of
from ..domain.ids import DEFAULT_CHANNEL, is_id
from ..domain.rules import NO_RULES, Rules
from ..groups import ModerationSettings
from ..ports import ChannelRules, LiveMessages, StoreUnavailable
from ..protocol.codec import pack
from ..protocol.schema import ChannelUpdated, Cleared, Moderate, RulesView
from .channel import Channel
from .channels import Channels
from .claimed_ids import ClaimedIds
from .control import ChannelCleared, RulesChanged, encode_control
from .presence import Presence
from .runtime import Runtime
from .session import LocalSessions

EVERY_CHANNEL = "*"
SWAPS_MOST = 8
"""Changes made at the same time elsewhere, on top of which one is made again before it is given up."""
INVITATION_KEY_BYTES = 12
CHECKS_AT_ONCE = 200
"""Rules read together: enough to fill a pipeline, few enough that the store answers others between."""


log = logs.get(__name__)


class Moderation:
    def __init__(
        self,
        store: ChannelRules,
        channels: Channels,
        presence: Presence,
        live: LiveMessages,
        local: LocalSessions,
        claimed_ids: ClaimedIds,
        settings: ModerationSettings,
        runtime: Runtime,
    ) -> None:
        self._store = store
        self._channels = channels
        self._presence = presence
        self._live = live
        self._local = local
        self._claimed_ids = claimed_ids
        self._now_ms = runtime.clock.now_ms
        self._owners = settings.owners
        self._members = settings.members
        self._ttl_ms = settings.rules_ttl_ms
        self._learning: dict[str, asyncio.Task[None]] = {}
        self._outages = 0

    # Entering.

    async def admit(self, channel: str, principal: Principal, invitation: Invitation | None) -> Access:
        """What `principal` may do in the channel. Raises Refusal if they may not enter."""
        rules = await self._look(channel)
        access = self._decide(channel, principal, invitation, rules or NO_RULES)
        if isinstance(access, Access):
            return access
        if rules is None and invitation is not None:
            raise Refusal("unavailable", "your invitation cannot be checked just now; try again")
        raise access

    def readmit(self, channel: Channel, principal: Principal, access: Access) -> Access | None:
        """The same for somebody who was admitted before, by the rules that are known now. None: they may not stay."""
        decided = self._decide(channel.name, principal, access.invitation, channel.rules or NO_RULES)
        return decided if isinstance(decided, Access) else None

    def _decide(
        self, channel: str, principal: Principal, invitation: Invitation | None, rules: Rules
    ) -> Access | Refusal:
        if self._is_listed(channel, principal, rules):
            return Access(member=True, invitation=invitation)
        if not rules.private and channel not in self._members:
            return Access(invitation=invitation)
        if invitation is not None and rules.accepts(invitation.key):
            return Access(invitation.rights, invitation=invitation)
        if channel in self._members:
            return Refusal("members_only", "this channel is for its members")
        return Refusal("channel_private", "this channel is private; its owner can invite you")

    async def know(self, channel: Channel) -> None:
        """Confirm the rules of a channel that is subscribed. They stay unconfirmed while the store is away."""
        if not channel.confirmed and not self._channels.away:
            learning = self._learning.get(channel.name)
            if learning is None:
                task = asyncio.get_running_loop().create_task(self._learn(channel))
                learning = self._learning[channel.name] = task
            await asyncio.shield(learning)

    def check_not_removed(self, channel: Channel, principal: Principal) -> None:
        """Raises Removed while a ban lasts."""
        if channel.rules is not None and channel.rules.keeps_out(principal.rules_id, self._now_ms()):
            raise Removed

    def is_still_listed(self, channel: Channel, principal: Principal, access: Access) -> bool:
        """Whether somebody who came in as a member or an owner is one by a newer token too."""
        return not access.member or self._is_listed(channel.name, principal, channel.rules or NO_RULES)

    def _is_listed(self, channel: str, principal: Principal, rules: Rules) -> bool:
        listed = self._members.get(channel, ())
        return self.is_owner(channel, principal, rules) or any(
            is_one_of(who, principal.rules_id, principal.claims) for who in listed
        )

    # Speaking.

    def may_write(self, channel: Channel, principal: Principal, access: Access) -> int:
        """How long this user must wait after each message, in ms. Raises ReadOnly if they may not write at all."""
        rules = channel.rules
        if access.rights == "read":
            raise ReadOnly("you are invited to read along, not to write")
        if rules is None or not (rules.read_only or rules.slow_ms) or self.is_owner(channel.name, principal, rules):
            return 0
        if rules.read_only:
            raise ReadOnly("only the owner writes in this channel just now")
        return rules.slow_ms

    # Owning.

    def is_owner(self, channel: str, principal: Principal, rules: Rules) -> bool:
        if rules.is_owned_by(principal.rules_id):
            return True
        named = (*self._owners.get(channel, ()), *self._owners.get(EVERY_CHANNEL, ()))
        return any(is_one_of(who, principal.rules_id, principal.claims) for who in named)

    def told(self, channel: Channel, principal: Principal, access: Access) -> RulesView | None:
        """What a `user_sync` says of the rules; None where there is nothing to say."""
        rules = channel.rules or NO_RULES
        yours = self.is_owner(channel.name, principal, rules)
        private = rules.private or channel.name in self._members
        if not (rules.owner or rules.slow_ms or rules.read_only or private or yours):
            return None
        return RulesView(rules.owner, rules.slow_ms, rules.read_only, private, access.rights, yours)

    async def state(self, channel: str, principal: Principal, access: Access) -> RulesView:
        """The same for somebody who may not be in it."""
        rules = await self._look(channel) or NO_RULES
        private = rules.private or channel in self._members
        yours = self.is_owner(channel, principal, rules)
        return RulesView(rules.owner, rules.slow_ms, rules.read_only, private, access.rights, yours)

    async def claim(self, channel: str, principal: Principal, take_place: Callable[[], Awaitable[None]]) -> None:
        """Make `principal` the owner of a channel that is nobody's, and that they alone are in (W64).

        Raises Refusal, or StoreUnavailable. Claiming one's own again is no fault. `take_place` is awaited before a
        channel is given away, and may raise Refusal.
        """
        rules = await self._load(channel)
        if self.is_owner(channel, principal, rules):
            return
        if channel == DEFAULT_CHANNEL:
            raise Refusal("not_claimable", f"the channel {DEFAULT_CHANNEL!r} is everybody's")
        if principal.generation:
            # The channel would show the id as its owner's when somebody else has claimed the id.
            raise Refusal("not_claimable", "a user id from uid cannot own a channel; connect without uid to claim one")
        if rules.owner:
            raise Refusal("channel_taken", "this channel has an owner")
        if rules.keeps_out(principal.rules_id, self._now_ms()):
            raise Refusal("removed", "you were removed from this channel")
        alone = await self._presence.sole_user(channel)
        if alone == "":
            raise Refusal("not_in_channel", "connect to the channel first: only somebody who is in it can claim it")
        if alone != principal.user_id or self._others_here(channel, principal.user_id):
            raise Refusal("channel_taken", "a channel can be claimed while nobody else is in it")
        await take_place()
        changed = await self._change(channel, lambda now: now if now.owner else now.claimed(principal.user_id))
        if changed.owner != principal.user_id:
            raise Refusal("channel_taken", "somebody else was quicker")
        self._tell(channel, changed, principal.user_id)
        _log("claim", channel, principal)

    async def invite(self, channel: str, principal: Principal, until: int) -> str:
        """Close the channel to all who are not invited; returns the key that goes into the invitation (W63).

        Raises Refusal for who is no owner, or StoreUnavailable.
        """
        before = await self._load(channel)
        if not self.is_owner(channel, principal, before):
            raise Refusal("not_owner", "only the owner of a channel invites")
        if channel == DEFAULT_CHANNEL and channel not in self._members:
            raise Refusal("not_claimable", f"the channel {DEFAULT_CHANNEL!r} is everybody's")
        new_key = secrets.token_urlsafe(INVITATION_KEY_BYTES)
        changed = await self._change(channel, lambda now: now.inviting(until, new_key))
        if not before.private:
            self._tell(channel, changed, principal.user_id)
        _log("invite", channel, principal, until=until)
        return changed.invitation_key

    async def moderate(self, channel: Channel, principal: Principal, frame: Moderate) -> None:
        """Carry out what an owner asked for. Raises NotOwner, BadFrame or StoreUnavailable."""
        name, by = channel.name, principal.user_id
        if not self.is_owner(name, principal, channel.rules or NO_RULES):
            raise NotOwner("only the owner of a channel does that")
        details: dict[str, object] = {}
        match frame.action:
            case "remove":
                await self._remove(name, principal, frame)
                details = {"user_id": frame.user_id, "seconds": frame.seconds}
            case "clear":
                timestamp = self._now_ms()
                await self._live.clear(name, timestamp)
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
        _log(frame.action, name, principal, **details)

    # Between processes.

    def rules_changed(self, channel: str, change: RulesChanged) -> None:
        """Another process changed the rules of a channel, or gave them back to a store that had lost them."""
        found = self._channels.get(channel)
        if found is not None:
            self._apply(found, change.rules, restored=change.restored)

    async def refresh(self) -> None:
        """The channels with people here are in use; learn what was not heard. Does nothing while the store is away."""
        with contextlib.suppress(StoreUnavailable):
            for channel in self._channels:
                if len(channel) and not self._channels.away:
                    keep_ms = (channel.rules or NO_RULES).keep_ms(self._ttl_ms, self._now_ms())
                    await self._apply_when_read(channel, self._store.keep(channel.name, keep_ms))

    def lose(self) -> None:
        """The store is away: until it is back, what holds anywhere may change unheard."""
        self._outages += 1
        self._channels.away = True
        for channel in self._channels:
            channel.doubt()

    async def restore(self) -> None:
        """The store is back, perhaps empty, and every subscription stands. Confirms what can be; see `retry`."""
        self._channels.away = False
        await self.retry()

    async def retry(self) -> None:
        """Confirm the channels that are not. Does nothing while the store is away."""
        waiting = [] if self._channels.away else [channel for channel in self._channels if not channel.confirmed]
        for start in range(0, len(waiting), CHECKS_AT_ONCE):
            await asyncio.gather(*map(self.know, waiting[start : start + CHECKS_AT_ONCE]))

    async def _apply_when_read(self, channel: Channel, reading: Awaitable[Rules]) -> None:
        """Take over what is stored; give back what the store has lost. Raises StoreUnavailable."""
        known, outages = channel.rules, self._outages
        stored = await reading
        if known is not None and known.version > stored.version:
            stored = await self._store.swap(channel.name, known, known.keep_ms(self._ttl_ms, self._now_ms()))
            # Before anything of the channel is sent to a process that had no rules to find.
            self._channels.tell_processes(channel.name, encode_control(RulesChanged(stored, restored=True)))
        # An outage that began meanwhile may have hidden a change that came after this was read.
        if outages == self._outages:
            self._apply(channel, stored, settled=True)

    async def _remove(self, channel: str, principal: Principal, frame: Moderate) -> None:
        if not is_id(frame.user_id):
            raise BadFrame("user_id names who is to go")
        now = self._now_ms()
        until = now + frame.seconds * 1000
        rules = await self._look(channel) or NO_RULES
        removed = await self._claimed_ids.rules_id(frame.user_id)
        if frame.user_id == principal.user_id or self.is_owner(channel, Principal(removed), rules):
            raise BadFrame("an owner cannot be removed")
        await self._change(channel, lambda rules: rules.without(removed, until, now))

    async def _look(self, channel: str) -> Rules | None:
        """The rules, as far as they can be known now. None: not at all."""
        here = self._channels.get(channel)
        if here is not None and here.confirmed:
            return here.rules
        try:
            return await self._load(channel)
        except StoreUnavailable:
            return None if here is None else here.rules

    async def _load(self, channel: str) -> Rules:
        """What is stored, or known here and lost by the store. Raises StoreUnavailable."""
        stored = await self._store.load(channel)
        here = self._channels.get(channel)
        known = None if here is None else here.rules
        return known if known is not None and known.version > stored.version else stored

    async def _learn(self, channel: Channel) -> None:
        try:
            with contextlib.suppress(StoreUnavailable):
                await self._apply_when_read(channel, self._store.load(channel.name))
        finally:
            del self._learning[channel.name]

    async def _change(self, channel: str, change: Callable[[Rules], Rules]) -> Rules:
        """Make a change, on top of those that are made at the same time. Returns the rules after it."""
        if self._channels.away or self._channels.is_local(channel):
            raise StoreUnavailable("other processes would not hear of it")
        stored = await self._load(channel)
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

    def _apply(self, channel: Channel, rules: Rules, *, settled: bool = False, restored: bool = False) -> None:
        """`settled`: they were read from the store, so the channel is confirmed. `restored`: see RulesChanged."""
        known = channel.rules
        newer = known is None or rules.version > known.version
        if newer:
            channel.rules = rules
        if newer or (settled and not channel.confirmed):
            self._enforce(channel, settled, restored)
        if settled and not channel.confirmed:
            channel.confirm()

    def _enforce(self, channel: Channel, settled: bool, restored: bool) -> None:
        """Close those whom the channel's rules do not allow to stay. Called before the channel is confirmed.

        Those who were admitted by rules that held then stay, unless the store had lost the right ones (`restored`).
        `settled`: the rules were read from the store.
        """
        rules, now = channel.rules or NO_RULES, self._now_ms()
        for removed in rules.bans:
            if rules.keeps_out(removed, now):
                for session in self._local.of_user(user_id_of(removed), channel.name):
                    if session.principal.rules_id == removed:
                        session.connection.close(Removed())
        for session in self._local.among(list(channel)):
            if settled and not channel.confirmed:
                channel.needs_snapshots = True
            if not (session.provisional or restored):
                continue
            access = self.readmit(channel, session.principal, session.access)
            if access is None:
                channel.detach(session.connection)
                session.connection.close(GoingAway(retry_ms=0))
            else:
                session.access = access
                session.provisional = session.provisional and not settled

    def _others_here(self, channel: str, user_id: str) -> bool:
        """Whether somebody else than this user is connected to a channel on this process."""
        here = self._local.among(self._channels.get(channel) or ())
        return any(session.member.user_id != user_id for session in here)

    def _tell(self, channel: str, rules: Rules, by: str) -> None:
        private = rules.private or channel in self._members
        frame = ChannelUpdated(rules.owner, rules.slow_ms, rules.read_only, private, by, self._now_ms())
        self._channels.post(channel, pack(frame))


def _log(action: str, channel: str, by: Principal, **details: object) -> None:
    log.info("moderated", action=action, channel=channel, by=by.user_id, **details)
