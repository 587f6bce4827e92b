"""Sessions: one client in one channel, from its `user_sync` to its last frame.

`open` attaches first, then takes the snapshot, then releases what was held back: nobody misses a message
that was posted in between (W3, W13). What a client sends is carried out in dispatch.py.

What happens when the store that processes share goes away is in outages.py.
"""

from __future__ import annotations

import asyncio
import random

import msgspec

from ..domain.access import Access
from ..domain.errors import GoingAway, TokenExpired, TooSlow
from ..domain.identity import Principal
from ..domain.ids import new_message_id
from ..domain.limits import TokenBucket
from ..domain.profile import Member, Profile
from ..groups import SessionSettings
from ..ports import Connection
from ..protocol.codec import pack
from ..protocol.schema import ClockSet, Degraded, Followed, Restored, UserSync, UserUpdated
from .answers import Answers
from .channel import UNSENT_LIMIT_BYTES, Channel
from .channels import Channels
from .chat import Participant
from .claimed_ids import ClaimedIds
from .control import FollowedBy, ProfileChanged, encode_control
from .moderation import Moderation
from .presence import Presence
from .runtime import Runtime
from .session import LocalSessions, Session
from .snapshots import Snapshots
from .throttle import Budgets

REQUESTS_PER_SECOND = 10.0
REQUESTS_BURST = 20.0
BATCH = 250
"""Connections closed, or told, in one turn: small enough that a turn stays short."""
BATCH_PAUSE_S = 0.02
UPDATE_BYTES = 200
"""What telling one connection of a profile or a follower counts as: about a frame and the write."""
LOOK_AGAIN_S = 3600.0
"""The longest a timer for a token's end runs before the clock is looked at again."""


class Sessions:
    """All sessions of this process."""

    def __init__(
        self,
        local: LocalSessions,
        channels: Channels,
        presence: Presence,
        snapshots: Snapshots,
        moderation: Moderation,
        claimed_ids: ClaimedIds,
        settings: SessionSettings,
        runtime: Runtime,
    ) -> None:
        self._claimed_ids = claimed_ids
        self._answers = Answers(
            per_user=settings.answer_bytes_per_second, per_address=settings.answer_bytes_per_second_per_ip
        )
        self._snapshots = snapshots
        self._channels = channels
        self._presence = presence
        self._local = local
        self._moderation = moderation
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self._wall_ms = runtime.clock.wall_ms
        self._life = settings.life
        self._limits = settings.limits
        self._budgets = Budgets(settings.volatile_per_second_per_ip, runtime.loop)
        self.degraded = False
        """Whether clients were told that the shared store is away: those who join are told too."""

    async def open(
        self,
        connection: Connection,
        channel_name: str,
        user_id: str,
        profile: Profile,
        token: str | None,
        *,
        principal: Principal,
        access: Access,
        address: str,
        plain_users: bool = False,
    ) -> Session:
        """Let a client in. `token` is handed to it in `user_sync`. Raises TooManyConnections, Removed or GoingAway.

        `principal` is what its own token said of it, `access` what it may do by the rules as they were known then,
        `address` what limits count it as. `plain_users`: see Session.

        The caller calls `close` for every session this returns; one that raises has left nothing behind.
        """
        await self._local.register(user_id, connection)
        channel = None
        try:
            channel = await self._channels.enter(channel_name, connection)
            await self._moderation.know(channel)
            access = self._readmit(channel, principal, access)
            if not await self._claimed_ids.enter(principal):
                # Somebody else claimed the id while this client was connecting. It comes again, and is told so.
                raise GoingAway(retry_ms=0)
            member = await self._presence.join(channel_name, connection, user_id, profile)
            session = self._session(connection, channel, member, token, principal, access, address)
            session.plain_users = plain_users
            # In a crowd a join is told as a count, some time later; whoever joins is to see it at once.
            channel.changes += 1
            snapshot, told = await self.snapshot(session)
            # Once more: what was decided meanwhile finds only those who are in already.
            session.access = self._readmit(channel, principal, access)
            session.provisional = not channel.confirmed
        except BaseException:
            await self._local.unregister(user_id, connection)
            if channel is not None:
                self._channels.exit(channel, connection)
                await self._presence.leave(channel_name, connection.id)
            raise
        self._local.add(session)
        session.participant.budget = self._budgets.enter(address)
        self._expire(session)
        channel.release(connection, snapshot + pack(Degraded()) if self.degraded else snapshot, told)
        self._answers.spend(user_id, address, len(snapshot), self._loop.time())
        return session

    async def close(self, session: Session, *, left: bool, away_ms: int = 0) -> None:
        """The connection is over. `left`: it said so; otherwise it has a grace to come back within (W18).

        `away_ms`: how long it was asked to stay away first.
        """
        connection, channel, user_id = session.connection, session.participant.channel, session.member.user_id
        session.participant.silence()
        if session.expiry is not None:
            session.expiry.cancel()
        self._local.remove(session)
        self._budgets.leave(session.participant.address)
        # Detached before anything is awaited, so that nothing more is written to a socket that is gone.
        channel.detach(connection)
        gone = None
        if left:
            if await self._presence.leave(channel.name, connection.id):
                gone = user_id
        else:
            await self._presence.abandon(channel.name, connection.id, away_ms)
        self._channels.exit(channel, connection, user_gone=gone)
        await self._local.unregister(user_id, connection)
        await self._claimed_ids.leave(session.principal)

    def renew(self, session: Session, principal: Principal) -> None:
        """The session's user has shown a new token, which may say less of them than the last one."""
        session.principal = principal
        if not self._moderation.is_still_listed(session.participant.channel, principal, session.access):
            session.connection.close(GoingAway(retry_ms=0))
        self._expire(session)

    async def drain(self, *, spread_ms: int) -> None:
        """Send everyone away in batches, each told when to come back, spread over `spread_ms` so that no herd forms.

        Evenly and in no order: left to chance, some moments would get twice their share.
        """
        sessions = list(self._local)
        waits_ms = [spread_ms * place // len(sessions) for place in range(len(sessions))]
        random.shuffle(waits_ms)
        for start in range(0, len(sessions), BATCH):
            # What was accepted is written before the close frame; a connection that is closing takes nothing more.
            for channel in self._channels:
                channel.flush_all()
            for session, wait_ms in zip(sessions[start : start + BATCH], waits_ms[start:], strict=False):
                session.connection.close(GoingAway(retry_ms=wait_ms))
            await asyncio.sleep(BATCH_PAUSE_S)

    async def refresh(self) -> None:
        """Every session of this process lives: say so where it would be forgotten."""
        await self._presence.refresh()
        await self._moderation.refresh()
        await self._local.refresh()
        await self.refresh_claims()

    async def refresh_claims(self) -> None:
        """Renew the claims of user ids (W105). Users who lost theirs are closed: they learn why when they come back."""
        for lost in await self._claimed_ids.refresh():
            for session in self._local.of_claim(lost):
                session.connection.close(GoingAway(retry_ms=0))

    def degrade(self) -> None:
        """The shared store is away: tell everyone that only people on this process can be reached."""
        self.degraded = True
        self.forget_snapshots()
        self._tell_all(pack(Degraded()))

    async def tell_restored(self, channel: Channel) -> None:
        """The shared store is back: tell everyone in a channel, with a fresh snapshot. Raises StoreUnavailable."""
        restored = pack(Restored())
        sessions = self._local.among(channel)
        for start in range(0, len(sessions), BATCH):
            for session in sessions[start : start + BATCH]:
                snapshot, told = await self.snapshot(session)
                channel.told(session.connection, told)
                _hand_over(session.connection, restored + snapshot)
            await asyncio.sleep(0)

    def forget_snapshots(self) -> None:
        """Snapshots read so far are out of date: the stores answer differently from now on."""
        self._snapshots.clear()

    def tell_clock(self, shift_ms: int) -> None:
        """The server's clock was set by so much (W85)."""
        self._tell_all(pack(ClockSet(self._now_ms(), shift_ms)))

    def apply_profile(self, channel: str, changed: ProfileChanged) -> None:
        """A user has another profile: what they say here from now on is signed with it."""
        profile = Profile(changed.name, changed.color, changed.on_map)
        for session in self._local.of_user(changed.user_id, channel):
            session.participant.profile = profile
            session.member = Member.of(changed.user_id, profile, session.member.joined_at)

    def tell_followed(self, channel: str, followed: FollowedBy) -> None:
        """Tell a user's clients on this process that somebody follows them."""
        for session in self._local.of_user(followed.user_id, channel):
            session.connection.write(pack(Followed(followed.follower_id)))

    async def change_profile(self, channel: str, user_id: str, profile: Profile) -> UserUpdated | None:
        """Change a profile on every process. Returns what its user is to be told where the channel is not told."""
        changed = ProfileChanged(user_id, profile.name, profile.color, profile.on_map)
        self.apply_profile(channel, changed)
        self._channels.tell_processes(channel, encode_control(changed))
        return await self._presence.update(channel, user_id, profile)

    def wait_s(self, session: Session) -> float:
        """How long the session must wait before it may ask for anything more (W79)."""
        return self._answers.wait_s(session.member.user_id, session.address, self._loop.time())

    def answered(self, session: Session, size: int) -> None:
        """What the session asked for was answered with `size` bytes, all recipients together."""
        self._answers.spend(session.member.user_id, session.address, size, self._loop.time())

    def told_all(self, session: Session) -> None:
        """What the session asked for was told to everyone in its channel."""
        self.answered(session, UPDATE_BYTES * len(session.participant.channel))

    async def sync(self, session: Session) -> None:
        """Answer with the channel as it is now."""
        snapshot, told = await self.snapshot(session)
        session.participant.channel.told(session.connection, told)
        _hand_over(session.connection, snapshot)
        self.answered(session, len(snapshot))

    async def set_profile(self, session: Session, profile: Profile) -> None:
        """Change who the session's user is in its channel, in every tab, on every process (W24)."""
        channel = session.participant.channel
        told_alone = await self.change_profile(channel.name, session.member.user_id, profile)
        channel.changes += 1
        if told_alone is not None:
            session.connection.write(pack(told_alone))
            self.answered(session, UPDATE_BYTES)
        else:
            self.told_all(session)

    def follow(self, session: Session, user_id: str) -> None:
        """Tell a user, in every tab, on every process, that the session's user follows them (W32)."""
        channel, told = session.participant.channel.name, FollowedBy(user_id, session.member.user_id)
        self.tell_followed(channel, told)
        self._channels.tell_processes(channel, encode_control(told))
        self.answered(session, UPDATE_BYTES * (1 + self._local.connections(user_id)))

    async def snapshot(self, session: Session) -> tuple[bytes, frozenset[bytes]]:
        """The packed `user_sync` for a session, as things are now, and the messages in it."""
        snapshot, now_ms = await self._snapshots.of(session.participant.channel), self._now_ms()
        rules = self._moderation.told(session.participant.channel, session.principal, session.access)
        expires_at = session.principal.expires_at
        own = session.member
        sync = pack(
            UserSync(
                message_id=new_message_id(),
                channel_id=session.participant.channel.name,
                user_id=own.user_id,
                connection_id=session.connection.id,
                token=msgspec.UNSET if session.token is None else session.token,
                users=snapshot.user_ids_with(own.user_id) if session.plain_users else snapshot.users_with(own),
                user_count=snapshot.user_count,
                messages=snapshot.messages_at(now_ms),
                timestamp=now_ms,
                ttl=self._life,
                limits=self._limits,
                epoch=snapshot.stamp.epoch,
                seq=snapshot.stamp.seq,
                rules=msgspec.UNSET if rules is None else rules,
                expires_at=msgspec.UNSET if expires_at is None else expires_at,
            )
        )
        return sync, snapshot.told

    def _session(
        self,
        connection: Connection,
        channel: Channel,
        member: Member,
        token: str | None,
        principal: Principal,
        access: Access,
        address: str,
    ) -> Session:
        participant = Participant(
            channel, connection, member.user_id, member.profile, address, self._limits, self._loop
        )
        requests = TokenBucket(REQUESTS_PER_SECOND, REQUESTS_BURST, self._loop.time())
        return Session(connection, participant, member, token, principal, access, address, requests)

    def _expire(self, session: Session) -> None:
        """Close the connection when its token is over, by the machine's clock; look again at times, clocks are set."""
        if session.expiry is not None:
            session.expiry.cancel()
        if session.principal.expires_at is None:
            return
        left_s = (session.principal.expires_at - self._wall_ms()) / 1000
        if left_s <= 0:
            session.connection.close(TokenExpired())
        else:
            session.expiry = self._loop.call_later(min(left_s, LOOK_AGAIN_S), self._expire, session)

    def _readmit(self, channel: Channel, principal: Principal, access: Access) -> Access:
        """What somebody who is about to be in may do there. Raises Removed, or GoingAway if that is nothing."""
        self._moderation.check_not_removed(channel, principal)
        decided = self._moderation.readmit(channel, principal, access)
        if decided is None:
            # Its client comes again, and is told before the upgrade that it may not.
            raise GoingAway(retry_ms=0)
        return decided

    def _tell_all(self, frame: bytes) -> None:
        for session in self._local:
            session.connection.write(frame)


def _hand_over(connection: Connection, snapshot: bytes) -> None:
    """Write a snapshot; a connection that has not taken what came before, and would exceed its limit, is closed."""
    unsent = connection.unsent_bytes
    if unsent and unsent + len(snapshot) > UNSENT_LIMIT_BYTES:
        connection.close(TooSlow())
    else:
        connection.write(snapshot)
