"""What owners do: claim, invite, remove, slow mode, read-only, private, clear, landmarks (W62 to W66, W115).

channel_access.py decides who may do what; rules_sync.py stores the rules and applies them on every process.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable

from msgspec import UNSET

from .. import logs
from ..domain import landmarks
from ..domain.access import Access, Invitation
from ..domain.errors import BadFrame, NotOwner, NotSealed, Refusal
from ..domain.identity import Principal
from ..domain.ids import DEFAULT_CHANNEL, is_embedded, is_id
from ..domain.rules import NO_RULES, Rules
from ..ports import LiveMessages
from ..protocol.codec import pack
from ..protocol.schema import ChannelUpdated, Cleared, Moderate, RulesView
from .channel import Channel
from .channels import Channels
from .claimed_ids import ClaimedIds
from .control import ChannelCleared, encode_control
from .presence import Presence
from .rules_sync import RulesSync
from .runtime import Runtime
from .session import LocalSessions

INVITATION_KEY_BYTES = 12

log = logs.get(__name__)


class Moderation:
    def __init__(
        self,
        rules: RulesSync,
        channels: Channels,
        presence: Presence,
        live: LiveMessages,
        local: LocalSessions,
        claimed_ids: ClaimedIds,
        runtime: Runtime,
    ) -> None:
        self.access = rules.access
        self._rules = rules
        self._channels = channels
        self._presence = presence
        self._live = live
        self._local = local
        self._claimed_ids = claimed_ids
        self._now_ms = runtime.clock.now_ms

    async def admit(self, channel: str, principal: Principal, invitation: Invitation | None) -> Access:
        """What `principal` may do in the channel. Raises Refusal if they may not enter."""
        rules = await self._rules.current(channel)
        self.access.check_open(rules or NO_RULES)
        access = self.access.decide(channel, principal, invitation, rules or NO_RULES)
        if isinstance(access, Access):
            return access
        if rules is None and invitation is not None:
            raise Refusal("unavailable", "your invitation cannot be checked at the moment; try again")
        raise access

    async def load_rules_view(self, channel: str, principal: Principal, access: Access) -> RulesView:
        """The rules of a channel as `principal` sees them, who need not be in it."""
        return self.access.view(channel, principal, access, await self._rules.current(channel) or NO_RULES)

    async def claim(self, channel: str, principal: Principal, take_quota: Callable[[], Awaitable[None]]) -> None:
        """Make `principal` the owner of a channel that has none and in which they are alone (W64).

        Raises Refusal, or StoreUnavailable. Claiming one's own channel again is allowed. `take_quota` is awaited before
        the channel gets its owner, and may raise Refusal.
        """
        rules = await self._rules.load(channel)
        if self.access.is_owner(channel, principal, rules):
            return
        if channel == DEFAULT_CHANNEL:
            raise Refusal("not_claimable", f"the channel {DEFAULT_CHANNEL!r} belongs to everyone")
        if is_embedded(channel):
            raise Refusal("not_claimable", "a channel over another site's page gets its owners from the configuration")
        if principal.generation:
            # The channel would show the id as its owner's after somebody else has claimed the id.
            raise Refusal("not_claimable", "a user id from ?uid= cannot own a channel; connect without it to claim one")
        if rules.owner:
            raise Refusal("channel_taken", "this channel has an owner")
        if rules.is_banned(principal.rules_id, self._now_ms()):
            raise Refusal("removed", "you were removed from this channel")
        alone = await self._presence.sole_user(channel)
        if alone == "":
            raise Refusal("not_in_channel", "connect to the channel first: only a user who is in it can claim it")
        if alone != principal.user_id or self._has_other_local_users(channel, principal.user_id):
            raise Refusal("channel_taken", "a channel can be claimed only while nobody else is in it")
        await take_quota()
        changed = await self._rules.change(channel, lambda now: now if now.owner else now.with_owner(principal.user_id))
        if changed.owner != principal.user_id:
            raise Refusal("channel_taken", "somebody else claimed this channel first")
        self._post_update(channel, changed, principal.user_id)
        _log("claim", channel, principal)

    async def invite(self, channel: str, principal: Principal, until: int) -> str:
        """Make the channel private. Returns the key that goes into the invitation (W63).

        Raises Refusal if `principal` is not an owner, or StoreUnavailable.
        """
        before = await self._rules.load(channel)
        if not self.access.is_owner(channel, principal, before):
            raise Refusal("not_owner", "only the owner of a channel can invite")
        if channel == DEFAULT_CHANNEL and not self.access.is_members_only(channel):
            raise Refusal("not_claimable", f"the channel {DEFAULT_CHANNEL!r} belongs to everyone")
        new_key = secrets.token_urlsafe(INVITATION_KEY_BYTES)
        changed = await self._rules.change(channel, lambda now: now.with_invitation(until, new_key))
        if not before.private:
            self._post_update(channel, changed, principal.user_id)
        _log("invite", channel, principal, until=until)
        return changed.invitation_key

    async def moderate(self, channel: Channel, principal: Principal, frame: Moderate) -> int:
        """Carry out an owner's `moderate` frame. Returns the size of the update that each member gets; 0: a small one.

        Raises NotOwner, BadFrame, PositionInvalid or StoreUnavailable.
        """
        name, by, change = channel.name, principal.user_id, self._rules.change
        if not self.access.is_owner(name, principal, channel.rules or NO_RULES):
            raise NotOwner("only the owner of a channel can do that")
        details: dict[str, object] = {}
        rules: Rules | None = None
        match frame.action:
            case "remove":
                await self._remove(name, principal, frame)
                details = {"user_id": frame.user_id, "seconds": frame.seconds}
            case "clear":
                timestamp = self._now_ms()
                await self._live.clear(name, timestamp)
                self._channels.forget_messages(name, timestamp)
                self._channels.send_control(name, encode_control(ChannelCleared(timestamp)))
                self._channels.post(name, pack(Cleared(by, timestamp)))
            case "slow":
                rules = await change(name, lambda now: now.with_slow_ms(frame.slow_ms))
                details = {"slow_ms": frame.slow_ms}
            case "read_only":
                rules = await change(name, lambda now: now.with_read_only(frame.on))
                details = {"on": frame.on}
            case "private":
                if name == DEFAULT_CHANNEL:
                    raise BadFrame(f"the channel {DEFAULT_CHANNEL!r} belongs to everyone")
                rules = await change(name, lambda now: now.with_private(frame.on))
                details = {"on": frame.on}
            case "place_landmark" | "rename_landmark" | "remove_landmark":
                change_landmarks = _sealed_landmarks_change(frame) if channel.is_sealed else _landmarks_change(frame)
                rules = await change(name, lambda now: now.with_landmarks(change_landmarks))
        _log(frame.action, name, principal, **details)
        return 0 if rules is None else self._post_update(name, rules, by)

    async def _remove(self, channel: str, principal: Principal, frame: Moderate) -> None:
        if not is_id(frame.user_id):
            raise BadFrame("user_id must name the user to remove")
        now = self._now_ms()
        until = now + frame.seconds * 1000
        rules = await self._rules.current(channel) or NO_RULES
        removed = await self._claimed_ids.rules_id(frame.user_id)
        if frame.user_id == principal.user_id or self.access.is_owner(channel, Principal(removed), rules):
            raise BadFrame("an owner cannot be removed")
        await self._rules.change(channel, lambda rules: rules.with_ban(removed, until, now))

    def _has_other_local_users(self, channel: str, user_id: str) -> bool:
        """Whether other users are connected to a channel on this process."""
        sessions = self._local.of_connections(self._channels.get(channel) or ())
        return any(session.member.user_id != user_id for session in sessions)

    def _post_update(self, channel: str, rules: Rules, by: str) -> int:
        """Tell the channel its rules. Returns the size of the frame."""
        private = rules.private or self.access.is_members_only(channel)
        packed = pack(
            ChannelUpdated(
                owner=rules.owner,
                slow_ms=rules.slow_ms,
                read_only=rules.read_only,
                private=private,
                by=by,
                timestamp=self._now_ms(),
                landmarks=rules.landmarks or UNSET,
            )
        )
        self._channels.post(channel, packed)
        return len(packed)


def _landmarks_change(frame: Moderate) -> Callable[[landmarks.Landmarks], landmarks.Landmarks]:
    """The change that a frame asks for. Raises BadFrame."""
    name, new_name, position = frame.name, frame.new_name, frame.position
    if frame.action == "rename_landmark":
        return lambda before: landmarks.rename(before, name, new_name)
    if frame.action == "remove_landmark":
        return lambda before: landmarks.remove(before, name)
    if position is None:
        raise BadFrame("a landmark needs a position")
    return lambda before: landmarks.place(before, name, position)


def _sealed_landmarks_change(frame: Moderate) -> Callable[[landmarks.Landmarks], landmarks.Landmarks]:
    """The same in a sealed channel, where a landmark has an id and a box. Raises BadFrame or NotSealed."""
    landmark_id, box = frame.name, frame.box
    if frame.action == "remove_landmark":
        return lambda before: landmarks.remove(before, landmark_id)
    if frame.action == "rename_landmark" or frame.position is not None or not box:
        raise NotSealed("this channel is sealed: place a landmark with an id as its name and a box")
    return lambda before: landmarks.place_sealed(before, landmark_id, box)


def _log(action: str, channel: str, by: Principal, **details: object) -> None:
    log.info("moderated", action=action, channel=channel, by=by.user_id, **details)
