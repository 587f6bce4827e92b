"""Sessions: one client in one channel, from its `user_sync` to its last frame.

`open` attaches first, then takes the snapshot, then releases what was held back: nobody misses a message
that was posted in between (W3, W13). What a client sends is carried out in dispatch.py.

When the store that processes share goes away, `degrade` tells everyone; when it is back, `restore` hands each a fresh
snapshot, so that nobody is left with what they believed in between.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import msgspec

from ..domain.by_user import ByUser
from ..domain.errors import GoingAway, Removed, TokenExpired, TooManyConnections, TooSlow
from ..domain.identity import Principal
from ..domain.limits import TokenBucket
from ..domain.message import Life
from ..domain.profile import Member, Profile
from ..ports import Batch, Connection, Joined, SessionRegistry
from ..protocol import ClockSet, Degraded, Followed, Limits, Restored, UserSync, UserUpdated, pack
from .answers import Answers
from .channels import UNSENT_LIMIT_BYTES, Channel, Channels
from .chat import Talk, Voice
from .control import (
    ChannelCleared,
    CountChanged,
    FollowedBy,
    MessagesAgain,
    ProfileChanged,
    RulesChanged,
    decode_control,
    encode_control,
)
from .meters import Meters
from .moderation import Access, Moderation
from .presence import Presence
from .snapshots import Snapshots
from .volatile import Budgets

REQUESTS_PER_SECOND = 10.0
REQUESTS_BURST = 20.0
BATCH = 250
"""Connections closed, or told, in one turn: small enough that a turn stays short."""
BATCH_PAUSE_S = 0.02
UPDATE_BYTES = 200
"""What telling one connection of a profile or a follower counts as: about a frame and the write."""
LOOK_AGAIN_S = 3600.0
"""The longest a timer for a token's end runs before the clock is looked at again."""
EVERYBODY = Access()


class Session:
    """A client that is in. `member` is who it is to the others. `traced`, if set, wraps the posting of each message.

    `address`: what limits count its address as; empty where it is not known.
    """

    __slots__ = (
        "access",
        "address",
        "connection",
        "expiry",
        "member",
        "principal",
        "provisional",
        "requests",
        "strikes",
        "token",
        "traced",
        "voice",
    )  # fmt: skip

    def __init__(
        self,
        connection: Connection,
        voice: Voice,
        member: Member,
        token: str | None,
        principal: Principal,
        access: Access,
        address: str,
        now: float,
    ) -> None:
        self.connection = connection
        self.address = address
        self.voice = voice
        self.member = member
        self.token = token
        self.principal = principal
        self.access = access
        self.provisional = False
        """Whether it was let in by rules that were not confirmed: once they are, it may have to go."""
        self.expiry: asyncio.TimerHandle | None = None
        self.strikes = 0
        self.traced: Callable[[str], AbstractContextManager[None]] | None = None
        self.requests = TokenBucket(REQUESTS_PER_SECOND, REQUESTS_BURST, now)


class Sessions:
    """All sessions of this process."""

    def __init__(
        self,
        channels: Channels,
        presence: Presence,
        talk: Talk,
        registry: SessionRegistry,
        moderation: Moderation,
        *,
        loop: asyncio.AbstractEventLoop,
        now_ms: Callable[[], int],
        wall_ms: Callable[[], int] | None = None,
        life: Life,
        limits: Limits,
        answers: Answers | None = None,
        volatile_per_second_per_ip: int = 0,
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters or Meters()
        self._answers = answers or Answers(per_user=0, per_address=0)
        self._snapshots = Snapshots(presence, talk, loop=loop, roster_limit=limits.roster)
        self._channels = channels
        self._presence = presence
        self._talk = talk
        self._registry = registry
        self._moderation = moderation
        self._loop = loop
        self._now_ms = now_ms
        self._wall_ms = wall_ms or now_ms
        self._life = life
        self._limits = limits
        self._budgets = Budgets(volatile_per_second_per_ip, loop)
        self._by_user: ByUser[Connection] = ByUser()
        self._sessions: dict[Connection, Session] = {}
        self._degraded = False
        self.on_profile_elsewhere: Callable[[str, str, Profile], None] = lambda _channel, _user_id, _profile: None
        channels.on_control = self._heed
        self._behind: set[str] = set()
        moderation.on_rules = self._obey
        moderation.others_here = self._others_here

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(list(self._sessions.values()))

    async def open(
        self,
        connection: Connection,
        channel_name: str,
        user_id: str,
        profile: Profile,
        token: str | None = None,
        *,
        principal: Principal | None = None,
        access: Access = EVERYBODY,
        address: str = "",
    ) -> Session:
        """Let a client in. `token` is handed to it in `user_sync`. Raises TooManyConnections, Removed or GoingAway.

        `principal` is what its own token said of it, `access` what it may do by the rules as they were known then,
        `address` what limits count it as.

        The caller calls `close` for every session this returns; one that raises has left nothing behind.
        """
        if not await self._registry.register(user_id, connection.id, self._limits.connections_per_user):
            raise TooManyConnections
        channel = None
        try:
            channel = await self._channels.enter(channel_name, connection)
            await self._moderation.know(channel)
            principal = principal or Principal(user_id)
            access = self._readmit(channel, principal, access)
            member = await self._presence.join(channel_name, connection, user_id, profile)
            session = self._session(connection, channel, member, token, principal, access, address)
            # In a crowd a join is told as a count, some time later; whoever joins is to see it at once.
            channel.changes += 1
            snapshot, told = await self.snapshot(session)
            # Once more: what was decided meanwhile finds only those who are in already.
            session.access = self._readmit(channel, principal, access)
            session.provisional = not channel.confirmed
        except BaseException:
            await self._registry.unregister(user_id, connection.id)
            if channel is not None:
                self._channels.exit(channel, connection)
                await self._presence.leave(channel_name, connection.id)
            raise
        self._by_user.add(user_id, connection)
        self._sessions[connection] = session
        session.voice.budget = self._budgets.enter(address)
        self._expire(session)
        channel.release(connection, snapshot + pack(Degraded()) if self._degraded else snapshot, told)
        self._answers.spend(user_id, address, len(snapshot), self._loop.time())
        return session

    async def close(self, session: Session, *, left: bool, away_ms: int = 0) -> None:
        """The connection is over. `left`: it said so; otherwise it has a grace to come back within (W18).

        `away_ms`: how long it was asked to stay away first.
        """
        connection, channel, user_id = session.connection, session.voice.channel, session.member.user_id
        session.voice.silence()
        if session.expiry is not None:
            session.expiry.cancel()
        del self._sessions[connection]
        self._by_user.remove(user_id, connection)
        self._budgets.leave(session.voice.address)
        # Detached before anything is awaited, so that nothing more is written to a socket that is gone.
        channel.detach(connection)
        gone = None
        if left:
            if await self._presence.leave(channel.name, connection.id):
                gone = user_id
        else:
            await self._presence.abandon(channel.name, connection.id, away_ms)
        self._channels.exit(channel, connection, user_gone=gone)
        await self._registry.unregister(user_id, connection.id)

    def renew(self, session: Session, principal: Principal) -> None:
        """The session's user has shown a new token, which may say less of them than the last one."""
        session.principal = principal
        if not self._moderation.is_still_listed(session.voice.channel, principal, session.access):
            session.connection.close(GoingAway(retry_ms=0))
        self._expire(session)

    async def drain(self, *, spread_ms: int) -> None:
        """Send everyone away in batches, each told when to come back, spread over `spread_ms` so that no herd forms.

        Evenly and in no order: left to chance, some moments would get twice their share.
        """
        sessions = list(self)
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
        await self._registry.refresh([(session.member.user_id, session.connection.id) for session in self])

    def degrade(self) -> None:
        """The shared store is away: tell everyone that only people on this process can be reached."""
        self._degraded = True
        self._moderation.lose()
        self._snapshots.clear()
        self._meters.outages += 1
        frame = pack(Degraded())
        for session in self:
            session.connection.write(frame)

    def tell_clock(self, shift_ms: int) -> None:
        """The server's clock was set by so much (W85)."""
        frame = pack(ClockSet(self._now_ms(), shift_ms))
        for session in self:
            session.connection.write(frame)

    async def restore(
        self,
        rejoined: Sequence[tuple[str, Joined]],
        changed: Mapping[tuple[str, str], Profile] | None = None,
        channels: Collection[str] | None = None,
    ) -> None:
        """It is back, and everyone here is registered with it again: `rejoined` are those it had lost, by channel.

        `changed`, by channel and user, are the profiles that nobody elsewhere has heard of. Gives the other processes
        what was said here meanwhile and lives, and everyone here a fresh snapshot: in `channels`, or in all of them but
        those whose rules are not confirmed yet (moderation.py). Those come later, when they are.
        Raises StoreUnavailable if it went away again; then there will be another `restore`.
        """
        self._degraded = False
        if channels is None:
            await self._moderation.restore()
        await self._presence.tell_rejoined(rejoined)
        self._snapshots.clear()
        for (channel_name, user_id), profile in (changed or {}).items():
            await self._change_profile(channel_name, user_id, profile)
        restored = pack(Restored())
        # Also where nobody is left on this process: those who spoke may have gone to another one meanwhile.
        for name, said in self._talk.said_here().items():
            if (channels is None or name in channels) and not self._channels.is_local(name):
                self._talk.share(name)
                again = [(message.number, message.expires_at, msgspec.Raw(message.body)) for message in said]
                self._channels.tell_processes(name, encode_control(MessagesAgain(again)))
        for channel in self._channels:
            if (channels is not None and channel.name not in channels) or not channel.confirmed:
                continue
            self._behind.discard(channel.name)
            members = [session for connection in channel if (session := self._sessions.get(connection)) is not None]
            for start in range(0, len(members), BATCH):
                for session in members[start : start + BATCH]:
                    snapshot, told = await self.snapshot(session)
                    channel.told(session.connection, told)
                    _hand_over(session.connection, restored + snapshot)
                await asyncio.sleep(0)

    def behind(self) -> list[str]:
        """Channels whose rules are confirmed by now, and whose people have not had a snapshot since: see `restore`."""
        self._behind = {name for name in self._behind if self._channels.get(name) is not None}
        return [name for name in self._behind if not self._channels.is_local(name)]

    def wait_s(self, session: Session) -> float:
        """How long the session must wait before it may ask for anything more (W79)."""
        return self._answers.wait_s(session.member.user_id, session.address, self._loop.time())

    def answered(self, session: Session, size: int) -> None:
        """What the session asked for was answered with `size` bytes, all recipients together."""
        self._answers.spend(session.member.user_id, session.address, size, self._loop.time())

    def told_all(self, session: Session) -> None:
        """What the session asked for was told to everyone in its channel."""
        self.answered(session, UPDATE_BYTES * len(session.voice.channel))

    async def sync(self, session: Session) -> None:
        """Answer with the channel as it is now."""
        snapshot, told = await self.snapshot(session)
        session.voice.channel.told(session.connection, told)
        _hand_over(session.connection, snapshot)
        self.answered(session, len(snapshot))

    async def set_profile(self, session: Session, profile: Profile) -> None:
        """Change who the session's user is in its channel, in every tab, on every process (W24)."""
        channel = session.voice.channel
        told_alone = await self._change_profile(channel.name, session.member.user_id, profile)
        channel.changes += 1
        if told_alone is not None:
            session.connection.write(pack(told_alone))
            self.answered(session, UPDATE_BYTES)
        else:
            self.told_all(session)

    def follow(self, session: Session, user_id: str) -> None:
        """Tell a user, in every tab, on every process, that the session's user follows them (W32)."""
        channel, told = session.voice.channel.name, FollowedBy(user_id, session.member.user_id)
        self._tell_followed(channel, told)
        self._channels.tell_processes(channel, encode_control(told))
        self.answered(session, UPDATE_BYTES * (1 + len(self._by_user.get(user_id, ()))))

    async def snapshot(self, session: Session) -> tuple[bytes, frozenset[bytes]]:
        """The packed `user_sync` for a session, as things are now, and the messages in it."""
        snapshot, now_ms = await self._snapshots.of(session.voice.channel), self._now_ms()
        rules = self._moderation.told(session.voice.channel, session.principal, session.access)
        expires_at = session.principal.expires_at
        sync = pack(
            UserSync(
                channel_id=session.voice.channel.name,
                user_id=session.member.user_id,
                connection_id=session.connection.id,
                token=msgspec.UNSET if session.token is None else session.token,
                users=snapshot.users_with(session.member),
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
        voice = Voice(
            channel,
            connection,
            member.user_id,
            member.profile,
            loop=self._loop,
            drafts_per_second=self._limits.drafts_per_second,
            cursors_per_second=self._limits.cursors_per_second,
            address=address,
        )
        return Session(connection, voice, member, token, principal, access, address, self._loop.time())

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
        self._moderation.check_not_removed(channel, principal.user_id)
        decided = self._moderation.readmit(channel, principal, access)
        if decided is None:
            # Its client comes again, and is told before the upgrade that it may not.
            raise GoingAway(retry_ms=0)
        return decided

    def _obey(self, channel: Channel, settled: bool, restored: bool) -> None:
        """A channel's rules changed, or were read from the store (`settled`): close those who have to go.

        Those who were admitted by rules that held then stay, unless the store had lost the right ones (`restored`).
        """
        rules, now = channel.rules, self._now_ms()
        for user_id in rules.bans if rules is not None else ():
            if rules is not None and rules.keeps_out(user_id, now):
                for connection in self._by_user.get(user_id, ()):
                    if self._sessions[connection].voice.channel is channel:
                        connection.close(Removed())
        for connection in list(channel):
            session = self._sessions.get(connection)
            if session is None:
                continue
            if settled and not channel.confirmed:
                self._behind.add(channel.name)
            if not (session.provisional or restored):
                continue
            access = self._moderation.readmit(channel, session.principal, session.access)
            if access is None:
                channel.detach(connection)
                connection.close(GoingAway(retry_ms=0))
            else:
                session.access = access
                session.provisional = session.provisional and not settled

    def _others_here(self, channel: str, user_id: str) -> bool:
        found = self._channels.get(channel)
        sessions = map(self._sessions.get, found or ())
        return any(session is not None and session.member.user_id != user_id for session in sessions)

    async def _change_profile(self, channel: str, user_id: str, profile: Profile) -> UserUpdated | None:
        changed = ProfileChanged(user_id, profile.name, profile.color, profile.on_map)
        self._apply_profile(channel, changed)
        self._channels.tell_processes(channel, encode_control(changed))
        return await self._presence.update(channel, user_id, profile)

    def _heed(self, channel: str, batch: Batch) -> None:
        """What another process tells this one, not its clients."""
        for told in decode_control(batch.control):
            match told:
                case ProfileChanged():
                    self._apply_profile(channel, told)
                    self.on_profile_elsewhere(channel, told.user_id, Profile(told.name, told.color, told.on_map))
                case FollowedBy():
                    if not self._channels.is_local(channel):
                        self._tell_followed(channel, told)
                case CountChanged():
                    self._presence.count_elsewhere(channel, told)
                case MessagesAgain():
                    here = self._channels.get(channel)
                    if here is not None:
                        here.catch_up(batch.publisher, [(n, end, bytes(body)) for n, end, body in told.messages])
                case RulesChanged() | ChannelCleared():
                    self._moderation.heed(channel, told)

    def _tell_followed(self, channel: str, told: FollowedBy) -> None:
        for connection in self._by_user.get(told.user_id, ()):
            if self._sessions[connection].voice.channel.name == channel:
                connection.write(pack(Followed(told.follower_id)))

    def _apply_profile(self, channel: str, changed: ProfileChanged) -> None:
        for connection in self._by_user.get(changed.user_id, ()):
            session = self._sessions[connection]
            if session.voice.channel.name == channel:
                profile = session.voice.profile = Profile(changed.name, changed.color, changed.on_map)
                session.member = Member.of(changed.user_id, profile, session.member.joined_at)


def _hand_over(connection: Connection, snapshot: bytes) -> None:
    """Write a snapshot; a connection that has not taken what came before, and would exceed its limit, is closed."""
    unsent = connection.unsent_bytes
    if unsent and unsent + len(snapshot) > UNSENT_LIMIT_BYTES:
        connection.close(TooSlow())
    else:
        connection.write(snapshot)
