"""Sessions: one client in one channel, from its `user_sync` to its last frame.

`open` attaches the connection, takes the snapshot, and then releases the frames held back meanwhile, so that no message
is missed (W3, W13). dispatch.py carries out what clients send; outages.py handles outages of the shared store.
"""

from __future__ import annotations

import asyncio
import random

import msgspec

from ..domain.access import Access
from ..domain.cells import Region
from ..domain.errors import ChannelFull, ClientGone, GoingAway, TokenExpired, TooSlow
from ..domain.identity import Principal
from ..domain.ids import new_message_id
from ..domain.limits import TokenBucket
from ..domain.profile import Member, Profile
from ..domain.rules import NO_RULES
from ..domain.sealed import MAX_PEOPLE
from ..domain.settled_addresses import SettledAddresses
from ..groups import SessionSettings
from ..ports import Connection
from ..protocol.codec import pack
from ..protocol.schema import ClockSet, Degraded, Followed, Restored, RulesView, UserSync
from .answer_budget import AnswerBudget
from .channel import Channel
from .channels import Channels
from .claimed_ids import ClaimedIds
from .control import FollowedBy, ProfileChanged, encode_control
from .participant import Participant
from .presence import Presence
from .rules_sync import RulesSync
from .runtime import Runtime
from .server_rules import ServerRules
from .session import Session
from .snapshots import Snapshots
from .throttle import AddressBuckets
from .writing import UNSENT_LIMIT_BYTES

REQUESTS_PER_SECOND = 10.0
REQUESTS_BURST = 20.0
BATCH = 250
"""Connections that are closed, or get a snapshot, in one turn of the loop, so that a turn stays short."""
BATCH_PAUSE_S = 0.02
UPDATE_BYTES = 200
"""What an update to one connection counts as: about one frame and its write."""
EXPIRY_CHECK_S = 3600.0
"""The longest time until a token's end is compared with the clock again."""


class Sessions:
    """All sessions of this process."""

    def __init__(
        self,
        claimed_ids: ClaimedIds,
        channels: Channels,
        presence: Presence,
        snapshots: Snapshots,
        rules: RulesSync,
        server_rules: ServerRules,
        settings: SessionSettings,
        runtime: Runtime,
    ) -> None:
        self._answer_budget = AnswerBudget(
            per_user=settings.answer_bytes_per_second, per_address=settings.answer_bytes_per_second_per_ip
        )
        self._snapshots = snapshots
        self._channels = channels
        self._presence = presence
        self._claimed_ids = claimed_ids
        self._local = claimed_ids.local
        self._rules = rules
        self._server_rules = server_rules
        self._access = rules.access
        self._loop = runtime.loop
        self._now_ms = runtime.clock.now_ms
        self._wall_ms = runtime.clock.wall_ms
        self._life = settings.life
        self._limits = settings.limits
        self._address_buckets = AddressBuckets(settings.volatile_per_second_per_ip, runtime.loop)
        self._settled = SettledAddresses()
        self._monotonic_ms = runtime.clock.monotonic_ms
        self.degraded = False
        """Whether clients have been told that the shared store is away. New clients are then told too."""

    async def open(
        self,
        connection: Connection,
        channel_name: str,
        user_id: str,
        profile: Profile,
        token: str | None,
        *,
        chose_color: bool = True,
        principal: Principal,
        access: Access,
        address: str,
        plain_users: bool = False,
        region: Region | None = None,
    ) -> Session:
        """Open a session.

        Raises TooManyConnections, Banned, ChannelClosed, ChannelFull, Removed or GoingAway; or ClientGone.

        `token` is sent to the client in `user_sync`. `chose_color`: see Presence.join. `principal`: what the client's
        own token says. `access`: what the client may do, by the rules known when it was admitted. `address`: as limits
        count it. `plain_users`: see Session. `region`: what the client will see, if it said so.

        The caller must call `close` for every session that this returns. If it raises, nothing is left behind.
        """
        await self._local.register(user_id, connection)
        channel, joins = None, False
        try:
            channel = await self._channels.join(channel_name, connection, region)
            if not channel.confirmed:
                await self._rules.confirm(channel)
            access = self._readmit(channel, principal, access, address)
            decided_by = (channel.rules, self._server_rules.version)
            if principal.generation and not await self._claimed_ids.enter(principal):
                # Somebody else claimed the id meanwhile. The client connects again, and is refused before the upgrade.
                raise GoingAway(retry_ms=0)
            is_newcomer = channel.is_sealed and not await self._presence.members(channel_name, [user_id])
            if is_newcomer and await self._presence.count(channel_name) >= MAX_PEOPLE:
                raise ChannelFull
            # This process may have been suspended, or have much to catch up with. A client that gave up waiting is
            # elsewhere by now, perhaps with another name. Here, others would see it come and go with the old one.
            if connection.is_gone():
                raise ClientGone
            joins, confirmations = True, channel.confirmations
            member = await self._presence.join(channel_name, connection, user_id, profile, chose_color=chose_color)
            # Again: others may have joined in the meantime, also through other processes.
            if is_newcomer and await self._presence.count(channel_name) > MAX_PEOPLE:
                raise ChannelFull
            session = self._session(connection, channel, member, token, principal, access, address)
            session.plain_users = plain_users
            # In a crowd a join is announced later, as a count. The new client must see it at once.
            channel.changes += 1
            snapshot, messages = await self.snapshot(session)
            # Again: a change of the rules in the meantime has checked only the sessions that were already open. If they
            # are the same, so is the answer: as time passes, they only admit more.
            if (channel.rules, self._server_rules.version) != decided_by:
                session.access = self._readmit(channel, principal, access, address)
            session.provisional = not channel.confirmed
        except BaseException:
            await self._local.unregister(user_id, connection)
            if channel is not None:
                self._channels.leave(channel, connection)
                if joins:
                    await self._presence.leave(channel_name, connection.id)
            # The client may not have its token yet. So only a ban reserves its id.
            banned = channel is not None and self._access.is_removed(channel, principal)
            await self._claimed_ids.leave(principal, reserve=banned)
            raise
        self._local.add(session)
        if channel.confirmations != confirmations:
            # The snapshot may be of before that, with the people of this process alone.
            channel.needs_snapshots = True
        session.participant.budget = self._address_buckets.acquire(address)
        session.stay = self._settled.open(address, self._monotonic_ms())
        self._schedule_expiry(session)
        channel.release(connection, snapshot + pack(Degraded()) if self.degraded else snapshot, messages)
        self._answer_budget.spend(user_id, address, len(snapshot), self._loop.time())
        return session

    async def close(self, session: Session, *, left: bool, away_ms: int = 0) -> None:
        """The connection is over. `left`: it sent a close frame; otherwise it has a grace to come back (W18).

        `away_ms`: how long the server asked it to stay away.
        """
        connection, channel, user_id = session.connection, session.participant.channel, session.member.user_id
        session.participant.close(left=left)
        if session.expiry is not None:
            session.expiry.cancel()
        self._local.remove(session)
        self._address_buckets.release(session.participant.address)
        if session.stay is not None:
            self._settled.close(session.stay, self._monotonic_ms())
        # Detached before anything is awaited, so that nothing is written to a socket that is gone.
        channel.detach(connection)
        gone = None
        if left:
            if await self._presence.leave(channel.name, connection.id):
                gone = user_id
        else:
            await self._presence.abandon(channel.name, connection.id, away_ms)
        self._channels.leave(channel, connection, user_gone=gone)
        await self._local.unregister(user_id, connection)
        # A user who was removed must not come back at once with another claim.
        banned = self._access.is_removed(channel, session.principal)
        await self._claimed_ids.leave(session.principal, reserve=banned or session.principal.keeps_token)

    def is_settled_address(self, address: str) -> bool:
        """Whether at least half of an address's connections here are older than a minute and unpunished (W121)."""
        return self._settled.is_settled(address, self._monotonic_ms())

    def punish(self, session: Session) -> None:
        """The client sent what a correct one would not, or too much: its address is settled without it (W121)."""
        if session.stay is not None:
            self._settled.punish(session.stay)

    def renew(self, session: Session, principal: Principal) -> None:
        """The user has sent a newer token, which may grant less than the last one."""
        session.principal = principal
        if not self._access.is_still_listed(session.participant.channel, principal, session.access):
            session.connection.close(GoingAway(retry_ms=0))
        self._schedule_expiry(session)

    async def drain(self, *, spread_ms: int) -> None:
        """Close all connections in batches, and tell each when to reconnect, evenly spread over `spread_ms`.

        The order is random but the spacing is even: random times would give some moments twice their share.
        """
        sessions = list(self._local)
        waits_ms = [spread_ms * place // len(sessions) for place in range(len(sessions))]
        random.shuffle(waits_ms)
        for start in range(0, len(sessions), BATCH):
            # Accepted messages are written before the close frame: a closing connection takes nothing more.
            for channel in self._channels:
                channel.flush_all()
            for session, wait_ms in zip(sessions[start : start + BATCH], waits_ms[start:], strict=False):
                session.connection.close(GoingAway(retry_ms=wait_ms))
            await asyncio.sleep(BATCH_PAUSE_S)

    async def refresh(self) -> None:
        """Refresh presence, rules, registrations and claims of every session of this process."""
        await self._presence.refresh()
        await self._rules.refresh()
        await self.refresh_bans()
        await self._local.refresh()
        await self.refresh_claims()

    async def refresh_bans(self) -> None:
        """Read the bans of the server again (W139). Disconnects users who are banned."""
        await self._server_rules.refresh()

    async def refresh_claims(self) -> None:
        """Renew the claims of user ids (W105). Disconnects users whose id another claim holds."""
        for lost in await self._claimed_ids.refresh():
            for session in self._local.of_claim(lost):
                session.connection.close(GoingAway(retry_ms=0))

    def send_degraded(self) -> None:
        """The shared store is away: tell every client that members on other processes cannot be reached."""
        self.degraded = True
        self.forget_snapshots()
        self._send_to_all(pack(Degraded()))

    async def send_snapshots(self, channel: Channel, *, restored: bool) -> None:
        """Send every client of a channel a new snapshot. Raises StoreUnavailable.

        `restored`: with the news that the shared store is back.
        """
        news = pack(Restored()) if restored else b""
        sessions = self._local.of_connections(channel)
        for start in range(0, len(sessions), BATCH):
            for session in sessions[start : start + BATCH]:
                snapshot, messages = await self.snapshot(session)
                channel.snapshots.remember(session.connection, messages)
                _write_snapshot(session.connection, news + snapshot)
            await asyncio.sleep(0)

    def forget_snapshots(self) -> None:
        """Drop the snapshots read so far: the stores answer differently from now on."""
        self._snapshots.clear()

    def send_clock(self, shift_ms: int) -> None:
        """Tell every client by how much the server's clock was set (W85)."""
        self._send_to_all(pack(ClockSet(self._now_ms(), shift_ms)))

    def apply_profile(self, channel: str, changed: ProfileChanged) -> None:
        """A user changed its profile: its new messages on this process carry it."""
        profile = changed.profile
        for session in self._local.of_user(changed.user_id, channel):
            session.participant.profile = profile
            crowd = session.participant.channel.crowd
            if crowd is not None:
                crowd.activity.show_on_map(session.connection, profile.on_map)
            session.member = Member.of(changed.user_id, profile, session.member.joined_at)

    def send_followed(self, channel: str, followed: FollowedBy) -> None:
        """Tell a user's clients on this process that another user follows them."""
        for session in self._local.of_user(followed.user_id, channel):
            session.participant.followed()
            session.connection.write(pack(Followed(followed.follower_id)))

    async def change_profile_after_outage(self, channel: str, user_id: str, profile: Profile) -> None:
        """Make a change that was made here during an outage hold on every process, unless the user made a later one.

        Raises StoreUnavailable.
        """
        holds = await self._presence.update_after_outage(channel, user_id, profile)
        here = self._local.of_user(user_id, channel)
        # The user may have changed it again in the meantime.
        if holds and all(session.participant.profile.changed_at <= profile.changed_at for session in here):
            self._apply_everywhere(channel, ProfileChanged.of(user_id, profile))

    def take_request(self, session: Session) -> float:
        """Count a request of the session (W79). Returns the seconds to wait if it is one too many, else 0.0."""
        now = self._loop.time()
        if session.requests is None:
            session.requests = TokenBucket(REQUESTS_PER_SECOND, REQUESTS_BURST, now)
        wait_s = session.requests.take(now)
        return wait_s or self._answer_budget.wait_s(session.member.user_id, session.address, now)

    def charge_answer(self, session: Session, size: int) -> None:
        """Count an answer of `size` bytes, all recipients together, against the session's budgets."""
        self._answer_budget.spend(session.member.user_id, session.address, size, self._loop.time())

    def charge_broadcast(self, session: Session, size: int = UPDATE_BYTES) -> None:
        """Count an update of `size` bytes that the session caused for everyone in its channel."""
        self.charge_answer(session, max(size, UPDATE_BYTES) * len(session.participant.channel))

    async def sync(self, session: Session) -> None:
        """Answer `sync` with a snapshot of the channel."""
        snapshot, messages = await self.snapshot(session)
        session.participant.channel.snapshots.remember(session.connection, messages)
        _write_snapshot(session.connection, snapshot)
        self.charge_answer(session, len(snapshot))

    async def set_profile(self, session: Session, profile: Profile) -> None:
        """Change the user's profile in the channel, on all its connections and all processes (W24)."""
        channel = session.participant.channel
        user_id = session.member.user_id
        self._apply_everywhere(channel.name, ProfileChanged.of(user_id, profile))
        own_update = await self._presence.update(channel.name, user_id, profile)
        channel.changes += 1
        if own_update is not None:
            session.connection.write(pack(own_update))
            self.charge_answer(session, UPDATE_BYTES)
        else:
            self.charge_broadcast(session)

    def follow(self, session: Session, user_id: str) -> None:
        """Tell a user, on all its connections and all processes, that the session's user follows them (W32)."""
        channel, followed = session.participant.channel.name, FollowedBy(user_id, session.member.user_id)
        self.send_followed(channel, followed)
        crowd = session.participant.channel.crowd
        if crowd is not None:
            crowd.follow(session.connection, user_id)
            session.participant.follows()
        self._channels.send_control(channel, encode_control(followed))
        self.charge_answer(session, UPDATE_BYTES * (1 + self._local.connections(user_id)))

    async def snapshot(self, session: Session) -> tuple[bytes, frozenset[bytes]]:
        """The packed `user_sync` for a session as of now, and the messages in it."""
        channel = session.participant.channel
        snapshot, now_ms = await self._snapshots.of(channel), self._now_ms()
        if channel.crowd is not None:
            channel.crowd.seed(snapshot.live)
        region = channel.region_of(session.connection)
        if region is not None:
            snapshot = snapshot.within(region)
        rules = self._rules_view(session)
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
                strokes=snapshot.strokes_at(now_ms),
                timestamp=now_ms,
                ttl=self._life,
                limits=self._limits,
                epoch=snapshot.stamp.epoch,
                seq=snapshot.stamp.seq,
                rules=msgspec.UNSET if rules is None else rules,
                expires_at=msgspec.UNSET if expires_at is None else expires_at,
                crowd=msgspec.UNSET if channel.crowd is None else True,
            )
        )
        return sync, snapshot.bodies

    def _apply_everywhere(self, channel: str, changed: ProfileChanged) -> None:
        self.apply_profile(channel, changed)
        self._channels.send_control(channel, encode_control(changed))

    def _rules_view(self, session: Session) -> RulesView | None:
        """The channel's rules for `user_sync`; None if all of them have their defaults."""
        channel = session.participant.channel
        rules = channel.rules or NO_RULES
        if self._access.has_defaults(channel.name, rules):
            return None
        view = self._access.view(channel.name, session.principal, session.access, rules)
        is_set = view.owner or view.slow_ms or view.read_only or view.private or view.yours or view.landmarks
        return view if is_set else None

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
        return Session(connection, participant, member, token, principal, access, address)

    def _schedule_expiry(self, session: Session) -> None:
        """Close the connection when its token expires by the machine's clock, which may be set meanwhile."""
        if session.expiry is not None:
            session.expiry.cancel()
        if session.principal.expires_at is None:
            return
        left_s = (session.principal.expires_at - self._wall_ms()) / 1000
        if left_s <= 0:
            session.connection.close(TokenExpired())
        else:
            session.expiry = self._loop.call_later(min(left_s, EXPIRY_CHECK_S), self._schedule_expiry, session)

    def _readmit(self, channel: Channel, principal: Principal, access: Access, address: str) -> Access:
        """What a client that is about to join may do.

        Raises Banned, ChannelClosed, Removed, or GoingAway if it may not stay.
        """
        self._server_rules.check_not_banned(principal, address)
        self._access.check_open(channel.rules or NO_RULES)
        self._access.check_not_removed(channel, principal)
        decided = self._access.readmit(channel, principal, access)
        if decided is None:
            # The client connects again, and is refused before the upgrade.
            raise GoingAway(retry_ms=0)
        return decided

    def _send_to_all(self, frame: bytes) -> None:
        for session in self._local:
            session.connection.write(frame)


def _write_snapshot(connection: Connection, snapshot: bytes) -> None:
    """Write a snapshot, or close the connection if its unsent bytes would exceed the limit."""
    unsent = connection.unsent_bytes
    if unsent and unsent + len(snapshot) > UNSENT_LIMIT_BYTES:
        connection.close(TooSlow())
    else:
        connection.write(snapshot)
