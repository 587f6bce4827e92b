"""Sessions over the memory adapters, with fake connections and a clock that the test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from asocial.adapters.memory.claims import MemoryUserIdClaims
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.adapters.memory.presence import MemoryPresence
from asocial.adapters.memory.registry import MemorySessionRegistry
from asocial.adapters.memory.rules import MemoryChannelRules
from asocial.domain.access import Access
from asocial.domain.admission import MessageLimits
from asocial.domain.errors import (
    Banned,
    ChannelClosed,
    ClientGone,
    Disconnect,
    GoingAway,
    ProtocolAbuse,
    Removed,
    TooManyConnections,
    TooSlow,
)
from asocial.domain.identity import Principal
from asocial.domain.live_message import LiveMessage
from asocial.domain.profile import Profile, guest_profile
from asocial.domain.rules import Rules
from asocial.domain.sealed import KINDS_WITH_ID, OVERHEAD_BYTES, STEP_BYTES
from asocial.groups import (
    ClaimedIdSettings,
    MessageSettings,
    ModerationSettings,
    PresenceSettings,
    SessionSettings,
)
from asocial.ports import Batch, ChannelRules, Departed, LiveMessages, RateLimiter, Roster, StoreUnavailable, Updated
from asocial.protocol.codec import pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import Limits, Pong
from asocial.service.backlog import Backlog
from asocial.service.channel_access import ChannelAccess
from asocial.service.channels import Channels
from asocial.service.chat import ChatService
from asocial.service.claimed_ids import ClaimedIds
from asocial.service.control import Control, CountChanged, MessagesAgain, ProfileChanged, decode_control, encode_control
from asocial.service.control_router import ControlRouter
from asocial.service.dispatch import MAX_STRIKES, Dispatch
from asocial.service.fallback import FallbackPresence
from asocial.service.moderation import Moderation
from asocial.service.outages import REPEAT_S, Outages
from asocial.service.presence import Presence
from asocial.service.rules_sync import RulesSync
from asocial.service.server_rules import ServerRules
from asocial.service.session import LocalSessions, Session
from asocial.service.sessions import Sessions
from asocial.service.snapshot_memory import MEMORY_S
from asocial.service.snapshots import MESSAGES, Snapshots
from asocial.service.writing import UNSENT_LIMIT_BYTES
from tests.support.runtime import make_runtime
from tests.support.waiting import eventually

from .fakes import LIFE, NO_LIMIT, FakeBroker, FakeConnection, turns

ORIGIN = {"x": 0, "y": 0}
SEALED, BOX = "sealed-" + "x" * 43, "A" * ((OVERHEAD_BYTES + STEP_BYTES) * 4 // 3 + 1)
HOLD_MS, PRESENT_MS = 60_000, 180_000
"""Of claimed user ids."""


@dataclass
class Harness:
    """The services of a server, over memory adapters and without a socket."""

    roster_limit: int = 5
    now_ms: int = 1_000_000
    broker: FakeBroker = field(default_factory=FakeBroker)
    rules: ChannelRules | None = None
    live: LiveMessages | None = None
    members: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, list[str]] = field(default_factory=dict)
    answer_bytes: tuple[int, int] = (0, 0)
    """A second, for each user and each address; 0: no limit."""
    limiter: RateLimiter | None = None
    shared: type[MemoryPresence] | None = None
    """The kind of presence store that processes share; None: there is one process."""

    def __post_init__(self) -> None:
        runtime = make_runtime(self.clock)
        self.store = (self.shared or MemoryPresence)(self.clock, 300_000)
        backlog = Backlog(NO_LIMIT, runtime.counters)
        self.channels = Channels(
            self.broker, runtime, backlog, lambda channel, batch: self.router.receive(channel, batch), linger_s=0.0
        )
        presence = PresenceSettings(ttl_ms=300_000, grace_ms=8_000, roster_limit=self.roster_limit)
        fallback = None
        if self.shared is not None:
            fallback = FallbackPresence(self.store, MemoryPresence(self.clock, 300_000), self.channels)
        self.presence = Presence(fallback or self.store, self.channels, presence, runtime)
        live = self.live or MemoryLiveMessages()
        self.chat = ChatService(
            live,
            self.limiter or MemoryRateLimiter(self.clock),
            MessageSettings(LIFE, MessageLimits(user_per_minute=3)),
            runtime,
        )
        limits = Limits(
            frame_bytes=4096,
            messages_per_minute=3,
            messages_per_minute_per_ip=0,
            channel_messages_per_second=0,
            connections_per_user=2,
            roster=self.roster_limit,
            drafts_per_second=30,
            cursors_per_second=30,
        )
        self.local = LocalSessions(MemorySessionRegistry(), limits.connections_per_user)
        owners = ModerationSettings(owners=self.owners, members=self.members, rules_ttl_ms=60_000)
        access = ChannelAccess(owners, runtime.clock.now_ms)
        rules = self.rules or MemoryChannelRules(self.clock)
        self.rules_sync = RulesSync(rules, self.channels, self.local, access, owners.rules_ttl_ms, runtime)
        self.server_rules = ServerRules(rules, self.broker, self.channels, self.local, runtime)
        self.claims = MemoryUserIdClaims(self.clock)
        claim_settings = ClaimedIdSettings(HOLD_MS, PRESENT_MS, per_day=0)
        self.claimed_ids = ClaimedIds(
            self.claims, MemoryRateLimiter(self.clock), self.local, claim_settings, self.clock
        )
        self.moderation = Moderation(
            self.rules_sync, self.channels, self.presence, live, self.local, self.claimed_ids, runtime
        )
        snapshots = Snapshots(self.presence, self.chat, runtime.loop)
        settings = SessionSettings(
            life=LIFE,
            limits=limits,
            volatile_per_second_per_ip=0,
            answer_bytes_per_second=self.answer_bytes[0],
            answer_bytes_per_second_per_ip=self.answer_bytes[1],
        )
        self.sessions = Sessions(
            self.claimed_ids,
            self.channels,
            self.presence,
            snapshots,
            self.rules_sync,
            self.server_rules,
            settings,
            runtime,
        )
        parts = (self.channels, self.presence, self.chat, self.rules_sync, self.sessions)
        self.outages = Outages(*parts, fallback, runtime)
        self.router = ControlRouter(*parts, self.outages, fallback)
        self.dispatch = Dispatch(
            self.sessions, self.presence, self.chat, self.moderation, None, limits.frame_bytes, runtime
        )

    def clock(self) -> int:
        return self.now_ms

    def late(self) -> list[str]:
        """The channels that are confirmed and wait for snapshots."""
        return [channel.name for channel in self.channels if channel.needs_snapshots and channel.confirmed]

    async def enter(
        self,
        user: str,
        tab: str = "",
        channel: str = "garden",
        address: str = "",
        generation: str = "",
        keeps_token: bool = False,
    ) -> tuple[Session, FakeConnection]:
        connection = FakeConnection(f"{user}{tab}")
        principal = Principal(user, generation=generation, keeps_token=keeps_token)
        session = await self.open(connection, user, Access(), channel=channel, address=address, principal=principal)
        return session, connection

    async def open(
        self,
        connection: FakeConnection,
        user: str,
        access: Access,
        *,
        channel: str = "garden",
        address: str = "",
        principal: Principal | None = None,
    ) -> Session:
        return await self.sessions.open(
            connection,
            channel,
            user,
            guest_profile(user),
            None,
            principal=principal or Principal(user),
            access=access,
            address=address,
        )

    async def receive(self, session: Session, text: str) -> None:
        """As a connection does it: all of a frame before the next one."""
        work = self.dispatch.receive(session, text)
        if work is not None:
            await work

    async def send(self, session: Session, **frame: Any) -> None:
        await self.receive(session, json.dumps(frame))
        await asyncio.sleep(0.03)

    async def say(self, session: Session, message_id: str, payload: str = "hello") -> None:
        await self.send(session, type="chat", message_id=message_id, payload=payload, position=ORIGIN)

    async def close(self) -> None:
        for session in self.local:
            await self.sessions.close(session, left=True)
        self.presence.close()
        await self.channels.close()


@pytest.fixture
async def harness() -> AsyncIterator[Harness]:
    made = Harness()
    yield made
    await made.close()


async def test_w3_the_first_frame_is_user_sync_with_the_users_own_ids(harness: Harness) -> None:
    _, ann = await harness.enter("ann")
    (sync,) = ann.frames()
    assert sync["type"] == "user_sync"
    assert (sync["user_id"], sync["channel_id"], sync["connection_id"]) == ("ann", "garden", "ann")
    assert [user["user_id"] for user in sync["users"]] == ["ann"]
    assert sync["messages"] == []
    assert "token" not in sync


async def test_w11_a_chat_reaches_the_others_and_the_senders_other_tab_and_the_sender_gets_an_ack(
    harness: Harness,
) -> None:
    session, ann = await harness.enter("ann")
    _, tab = await harness.enter("ann", "-tab")
    _, bob = await harness.enter("bob")
    await harness.say(session, "m1", "  hello ")
    for other in (tab, bob):
        (chat,) = other.frames("chat")
        assert (chat["user_id"], chat["payload"], chat["timestamp"]) == ("ann", "hello", harness.now_ms)
        assert chat["expires_at"] == harness.now_ms + 5000
    assert ann.frames("chat") == []
    assert ann.frames("ack") == [
        {"type": "ack", "message_id": "m1", "timestamp": harness.now_ms, "expires_at": harness.now_ms + 5000}
    ]


async def test_w12_a_late_joiner_gets_live_messages_with_their_times(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    await harness.say(session, "m1")
    harness.now_ms += 3000
    _, bob = await harness.enter("bob")
    (message,) = bob.frames("user_sync")[0]["messages"]
    assert (message["message_id"], message["expires_at"] - harness.now_ms) == ("m1", 2000)
    harness.now_ms += 2000
    _, cat = await harness.enter("cat")
    assert cat.frames("user_sync")[0]["messages"] == []


async def test_w13_a_message_in_the_snapshot_does_not_come_again(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    await harness.receive(
        session, json.dumps({"type": "chat", "message_id": "m1", "payload": "hi", "position": ORIGIN})
    )
    # Not flushed yet, but posted: the newcomer has it from the snapshot, and only from there.
    _, bob = await harness.enter("bob")
    await asyncio.sleep(0.05)
    assert len(bob.frames("user_sync")[0]["messages"]) == 1
    assert bob.frames("chat") == []


async def test_w10_a_resent_message_counts_once(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    for _ in range(5):
        await harness.say(session, "m1")
        harness.now_ms += 10
    assert len(bob.frames("chat")) == 1
    acks = ann.frames("ack")
    assert len(acks) == 5
    assert acks == [acks[0]] * 5


async def test_w25_a_limit_error_has_the_wait_and_the_message_id(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    for number in range(4):
        await harness.say(session, f"m{number}")
    (error,) = ann.frames("error")
    assert (error["code"], error["message_id"], error["retry_after"]) == ("rate_limited", "m3", 60_000)
    harness.now_ms += 60_000
    await harness.say(session, "m3")
    assert len(ann.frames("ack")) == 4


async def test_w26_drafts_are_seen_by_others_and_the_message_ends_them(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    for draft in ("h", "he", "hel"):
        await harness.send(session, type="typing", message_id="m1", payload=draft, position=ORIGIN)
    assert [frame["payload"] for frame in bob.frames("typing")] == ["h", "he", "hel"]
    assert ann.frames("typing") == []
    # In one turn: the draft is still waiting when its message comes.
    typing = {"type": "typing", "message_id": "m1", "payload": "hell", "position": ORIGIN}
    await harness.receive(session, json.dumps(typing))
    await harness.say(session, "m1")
    assert [frame["type"] for frame in bob.frames("typing", "chat")][-1] == "chat"
    assert len(bob.frames("typing")) == 3


async def test_w26_a_draft_delayed_by_the_rate_never_follows_its_message(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    for number in range(40):
        typing = {"type": "typing", "message_id": "m1", "payload": f"draft {number}", "position": ORIGIN}
        await harness.receive(session, json.dumps(typing))
    await harness.say(session, "m1")
    await asyncio.sleep(0.2)
    assert bob.frames("typing", "chat")[-1]["type"] == "chat"


async def test_w8_an_abandoned_draft_is_sent_reliably(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    bob.unsent_bytes = 200_000
    await harness.send(session, type="typing", message_id="m1", payload="hm", position=ORIGIN)
    await harness.send(session, type="typing", message_id="m1", payload="", position=ORIGIN)
    assert [frame["payload"] for frame in bob.frames("typing")] == [""]


@pytest.mark.parametrize("others", [0, 6], ids=["small", "large"])
async def test_w15_the_drafts_of_a_client_that_left_end_with_it(harness: Harness, others: int) -> None:
    """Nothing else tells the others: its user is still here, or the channel is so large that nobody is seen leaving."""
    _, bob = await harness.enter("bob")
    for number in range(others):
        await harness.enter(f"user{number}")
    await harness.enter("ann", "2")
    for tab, left in (("1", True), ("3", False)):
        harness.now_ms += 60_000  # the limit on messages
        session, _ = await harness.enter("ann", tab)
        bob.writes.clear()
        await harness.send(session, type="typing", message_id=f"m{tab}", payload="hm", position=ORIGIN)
        stroke = {"type": "stroke", "message_id": f"s{tab}", "points": [[0, 0], [1, 1]], "done": False}
        await harness.send(session, **stroke)
        assert [frame["message_id"] for frame in bob.frames("typing", "stroke")] == [f"m{tab}", f"s{tab}"]
        bob.writes.clear()
        bob.unsent_bytes = 200_000  # the end is reliable
        await harness.sessions.close(session, left=left)
        await asyncio.sleep(0.03)
        bob.unsent_bytes = 0
        ends = [
            (frame["message_id"], frame.get("payload"), frame.get("points")) for frame in bob.frames("typing", "stroke")
        ]
        # A broken connection may go on with its drafts within the grace.
        assert ends == ([("m1", "", None), ("s1", None, [])] if left else [])


async def test_w15_what_a_client_showed_is_dropped_if_it_is_read_after_it_left(harness: Harness) -> None:
    """The process was suspended. The client may show something newer elsewhere, or the others saw it leave."""
    _, bob = await harness.enter("bob")
    session, connection = await harness.enter("ann")
    sealed, sealed_connection = await harness.enter("eve", channel=SEALED)
    _, reader = await harness.enter("bob", channel=SEALED)
    await asyncio.sleep(0.2)
    bob.writes.clear()
    reader.writes.clear()

    async def show(number: int) -> None:
        harness.now_ms += 60_000  # the limit on messages
        shown = {"message_id": f"m{number}", "position": ORIGIN}
        await harness.send(session, type="cursor", position={"x": number, "y": 0})
        await harness.send(session, type="view", position=ORIGIN, width=10, height=10)
        await harness.send(session, type="typing", payload="hm", **shown)
        await harness.send(session, type="stroke", message_id=f"s{number}", points=[[0, 0], [1, 1]], done=False)
        for kind in ("cursor", "view", "profile", "typing", "drawing"):
            draft = {"message_id": f"{kind}{number}"} if kind in KINDS_WITH_ID else {}
            await harness.send(sealed, type="sealed", kind=kind, box=BOX, **draft)
        await asyncio.sleep(0.2)

    await show(1)
    assert sorted(frame["type"] for frame in bob.frames()) == ["cursors", "stroke", "typing", "view"]
    kinds = ["cursor", "drawing", "profile", "typing", "view"]
    assert sorted(frame["kind"] for frame in reader.frames()) == kinds
    await asyncio.sleep(2.0)
    bob.writes.clear()
    reader.writes.clear()
    connection.gone = sealed_connection.gone = True
    await show(2)
    assert bob.frames() == reader.frames() == []
    # What it ended or posted counts.
    await harness.send(session, type="typing", message_id="m1", payload="", position=ORIGIN)
    await harness.say(session, "m3")
    assert [frame["type"] for frame in bob.frames()] == ["typing", "chat"]


async def test_w17_two_tabs_are_one_user(harness: Harness) -> None:
    _, bob = await harness.enter("bob")
    one, _ = await harness.enter("ann", "1")
    two, _ = await harness.enter("ann", "2")
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_joined")] == ["ann"]
    await harness.sessions.close(one, left=True)
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    await harness.sessions.close(two, left=True)
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w18_a_broken_connection_has_a_grace_and_a_closed_one_has_none(harness: Harness) -> None:
    _, bob = await harness.enter("bob")
    ann, _ = await harness.enter("ann")
    await harness.sessions.close(ann, left=False)
    harness.now_ms += 7_999
    await harness.presence.sweep()
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    harness.now_ms += 1
    await harness.presence.sweep()
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w18_the_grace_begins_after_the_requested_retry_delay(harness: Harness) -> None:
    _, bob = await harness.enter("bob")
    ann, _ = await harness.enter("ann")
    await harness.sessions.close(ann, left=False, away_ms=10_000)
    harness.now_ms += 17_999
    await harness.presence.sweep()
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    harness.now_ms += 1
    await harness.presence.sweep()
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w19_events_are_numbered_without_a_gap_from_the_snapshot_on(harness: Harness) -> None:
    _, bob = await harness.enter("bob")
    ann, _ = await harness.enter("ann")
    await harness.send(ann, type="profile", name="Ann", color="rust")
    await harness.sessions.close(ann, left=True)
    await asyncio.sleep(0.03)
    sync = bob.frames("user_sync")[0]
    events = bob.frames("user_joined", "user_updated", "user_left")
    assert [event["seq"] for event in events] == [sync["seq"] + 1, sync["seq"] + 2, sync["seq"] + 3]
    assert {event["epoch"] for event in events} == {sync["epoch"]}


async def test_w20_a_large_channel_is_counted_and_lists_the_user_itself(harness: Harness) -> None:
    sessions = [(await harness.enter(f"user{number}")) for number in range(9)]
    await asyncio.sleep(0.05)
    sync = sessions[8][1].frames("user_sync")[0]
    assert sync["user_count"] == 9
    assert len(sync["users"]) == 5
    assert "user8" in [user["user_id"] for user in sync["users"]]
    first = sessions[0][1]
    # Up to the limit each join is announced; above it, one count covers a second.
    assert [frame["user_id"] for frame in first.frames("user_joined")] == ["user1", "user2", "user3", "user4"]
    assert [frame["count"] for frame in first.frames("user_count")] == [6]
    await asyncio.sleep(1.1)
    assert [frame["count"] for frame in first.frames("user_count")] == [6, 9]
    for session, _ in sessions[5:]:
        await harness.sessions.close(session, left=True)
    await asyncio.sleep(1.1)
    assert first.frames("user_left") == []
    assert first.frames("user_count")[-1]["count"] == 5
    await harness.send(sessions[0][0], type="sync")
    assert len(first.frames("user_sync")[-1]["users"]) == 5


async def test_w20_a_who_request_returns_present_users(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    await harness.enter("bob")
    await harness.send(session, type="who", user_ids=["bob", "ghost", "bob"])
    (profiles,) = ann.frames("profiles")
    assert [user["user_id"] for user in profiles["users"]] == ["bob"]


async def test_w24_a_changed_profile_is_sent_to_all_and_used_for_the_next_message_of_every_tab(
    harness: Harness,
) -> None:
    one, first = await harness.enter("ann", "1")
    two, _ = await harness.enter("ann", "2")
    _, bob = await harness.enter("bob")
    await harness.send(one, type="profile", name=" Ann  Lee ", color="plum")
    for connection in (first, bob):
        (updated,) = connection.frames("user_updated")
        assert (updated["name"], updated["color"]) == ("Ann Lee", "plum")
    await harness.say(two, "m1")
    assert bob.frames("chat")[0]["name"] == "Ann Lee"


async def test_w24_a_profile_that_is_read_after_its_client_left_changes_nothing(harness: Harness) -> None:
    old, connection = await harness.enter("ann", "1")
    new, _ = await harness.enter("ann", "2")
    _, bob = await harness.enter("bob")
    connection.gone = True
    await harness.send(new, type="profile", name="New", color="plum")
    await harness.send(old, type="profile", name="Old", color="rust")
    assert [updated["name"] for updated in bob.frames("user_updated")] == ["New"]


async def test_w24_in_a_large_channel_only_the_changed_user_is_notified(harness: Harness) -> None:
    sessions = [(await harness.enter(f"user{number}")) for number in range(6)]
    await harness.send(sessions[0][0], type="profile", name="Ann", color="plum")
    assert len(sessions[0][1].frames("user_updated")) == 1
    assert sessions[1][1].frames("user_updated") == []


async def test_w5_connections_of_a_user_are_limited_and_a_refused_one_leaves_no_state(harness: Harness) -> None:
    await harness.enter("ann", "1")
    second, _ = await harness.enter("ann", "2", channel="elsewhere")
    with pytest.raises(TooManyConnections):
        await harness.enter("ann", "3")
    assert (await harness.store.roster("garden", 10)).user_count == 1
    assert len(harness.local) == 2
    await harness.sessions.close(second, left=True)
    await harness.enter("ann", "4")


async def test_w27_ten_bad_frames_in_a_row_are_the_end_and_a_good_one_starts_anew(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    for _ in range(MAX_STRIKES - 1):
        await harness.receive(session, "nonsense")
    await harness.send(session, type="ping", t=1)
    for _ in range(MAX_STRIKES - 1):
        await harness.receive(session, "nonsense")
    assert not ann.closed
    await harness.receive(session, "nonsense")
    assert isinstance(ann.closed_with, ProtocolAbuse)
    assert len(ann.frames("error")) == 2 * MAX_STRIKES - 1


async def test_w25_requests_are_limited_and_the_limit_is_no_strike(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    for number in range(40):
        await harness.receive(session, json.dumps({"type": "ping", "t": number}))
    errors = ann.frames("error")
    assert len(ann.frames("pong")) + len(errors) == 40
    assert errors
    assert {error["code"] for error in errors} == {"rate_limited"}
    assert ann.closed_with is None


@pytest.mark.parametrize(("text", "fits"), [("x" * 4097, False), ("é" * 2049, False), ("é" * 2048, True)])
async def test_w25_the_frame_limit_counts_bytes(harness: Harness, text: str, fits: bool) -> None:
    session, ann = await harness.enter("ann")
    await harness.receive(session, text)
    (error,) = ann.frames("error")
    assert error["code"] == ("bad_frame" if fits else "payload_too_large")


async def test_w79_answers_are_limited_in_bytes_by_user_and_by_address() -> None:
    harness = Harness(answer_bytes=(100, 400))  # 800 bytes of a user at once, 6,400 of an address
    ann, ann_tab = await harness.enter("ann", address="192.0.2.1")
    bob, bob_tab = await harness.enter("bob", address="192.0.2.1")
    cid, cid_tab = await harness.enter("cid", address="192.0.2.2")
    for _ in range(5):
        await harness.send(ann, type="sync")
    [error] = ann_tab.frames("error")[:1]
    assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)
    assert len(ann_tab.frames("user_sync")) < 4
    await harness.send(bob, type="who", user_ids=["ann"])
    assert bob_tab.frames("profiles"), "another user has a budget of its own"
    for number in range(10):
        guest, tab = await harness.enter(f"guest{number}", address="192.0.2.1")
    await harness.send(guest, type="who", user_ids=["ann"])
    assert [frame["code"] for frame in tab.frames("error")] == ["rate_limited"], "joins count for their address"
    await harness.send(cid, type="follow", user_id="ann")
    assert not cid_tab.frames("error"), "another address has a budget of its own"


@pytest.mark.parametrize("told", ["profile", "moderate"])
async def test_w79_an_announcement_counts_once_for_each_receiver(told: str) -> None:
    harness = Harness(roster_limit=50, answer_bytes=(250, 0))
    sessions = [await harness.enter(f"user{number}") for number in range(12)]
    session, tab = sessions[0]
    frame = {"profile": {"name": "Ann", "color": "rust"}, "moderate": {"action": "clear"}}[told]
    harness.owners["garden"] = [session.member.user_id]
    await harness.send(session, type=told, **frame)
    assert not tab.frames("error")
    await harness.send(session, type=told, **frame)
    assert [error["code"] for error in tab.frames("error")] == ["rate_limited"]


async def test_w79_a_member_with_an_unread_snapshot_gets_no_other(harness: Harness) -> None:
    session, tab = await harness.enter("ann")
    tab.unsent_bytes = UNSENT_LIMIT_BYTES - 10
    await harness.send(session, type="sync")
    assert isinstance(tab.closed_with, TooSlow)
    assert len(tab.frames("user_sync")) == 1


async def test_w78_a_snapshot_has_the_newest_messages(harness: Harness) -> None:
    for number in range(MESSAGES + 50):
        body = b'{"message_id":"m%d"}' % number
        harness.chat._live.add("garden", LiveMessage("bob", f"m{number}", 1, harness.now_ms + 1000, body))
    _, tab = await harness.enter("ann")
    [sync] = tab.frames("user_sync")
    assert [message["message_id"] for message in sync["messages"]] == [f"m{50 + number}" for number in range(MESSAGES)]


async def test_w24_a_profile_changed_on_another_process_is_used_for_messages_here(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    changed = ProfileChanged("ann", "Ann Lee", "plum")
    harness.broker.subscriptions["garden"](Batch(b"", b"", encode_control(changed)))
    await harness.say(session, "m1")
    assert (bob.frames("chat")[0]["name"], bob.frames("chat")[0]["color"]) == ("Ann Lee", "plum")


async def test_w24_a_profile_changed_here_is_sent_to_the_other_processes(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    await harness.send(session, type="profile", name="Ann", color="plum")
    await harness.send(session, type="profile", name="Ann", color="plum", on_map=False)
    told = [decode_control(batch.control) for _, batch in harness.broker.published if batch.control]
    assert told == [
        [ProfileChanged("ann", "Ann", "plum", changed_at=1_000_000)],
        [ProfileChanged("ann", "Ann", "plum", on_map=False, changed_at=1_000_000)],
    ]


async def test_w29_an_outage_is_announced_to_present_and_new_members(harness: Harness) -> None:
    _, ann = await harness.enter("ann")
    harness.outages.begin()
    _, bob = await harness.enter("bob")
    assert [frame["type"] for frame in ann.frames("user_sync", "degraded")] == ["user_sync", "degraded"]
    assert [frame["type"] for frame in bob.frames()] == ["user_sync", "degraded"]


async def test_w29_after_an_outage_members_get_snapshots_and_other_processes_get_local_messages(
    harness: Harness,
) -> None:
    session, ann = await harness.enter("ann")
    harness.broker.published.clear()
    harness.outages.begin()
    await harness.say(session, "m1")
    assert harness.broker.published == [], "an outage is local"
    await harness.outages.end()
    sync = ann.frames("restored", "user_sync")[-1]
    assert [frame["type"] for frame in ann.frames("restored", "user_sync")][-2:] == ["restored", "user_sync"]
    assert [message["message_id"] for message in sync["messages"]] == ["m1"]
    said = [told for told in _told_processes(harness) if isinstance(told, MessagesAgain)]
    assert [json.loads(bytes(body))["message_id"] for again in said for _, _, body in again.messages] == ["m1"]
    assert not any(batch.reliable for _, batch in harness.broker.published), "no client gets it unasked"


async def test_w24_a_change_of_an_outage_that_is_sent_late_undoes_no_later_one_here(harness: Harness) -> None:
    """The user changes the profile again while the store takes the first change."""

    class Slow(MemoryPresence):
        async def update(
            self, channel: str, user_id: str, profile: Profile, *, unless_later: bool = False
        ) -> Updated | None:
            updated = await super().update(channel, user_id, profile, unless_later=unless_later)
            if unless_later:
                await harness.send(ann, type="profile", name="Later", color="moss")
            return updated

    harness.presence._store = slow = Slow(harness.clock, 300_000)
    ann, _ = await harness.enter("ann")
    sooner = Profile("Sooner", "rust", changed_at=harness.now_ms - 1)
    await harness.sessions.change_profile_after_outage("garden", "ann", sooner)
    assert ann.participant.profile.name == "Later"
    assert [member.name for member in await slow.members("garden", ["ann"])] == ["Later"]


async def test_w20_after_an_outage_other_processes_are_told_where_the_count_stands(harness: Harness) -> None:
    await harness.enter("ann")
    parts = (harness.channels, harness.presence, harness.chat, harness.rules_sync, harness.sessions)
    fallback = FallbackPresence(harness.store, MemoryPresence(harness.clock, 300_000), harness.channels)
    outages = Outages(*parts, fallback, make_runtime(harness.clock))
    outages.begin()
    await outages.end()
    joined = await harness.store.roster("garden", 0)
    await eventually(lambda: CountChanged(1, joined.stamp) in _told_processes(harness), "told")


async def test_w90_messages_are_repeated_for_a_process_that_comes_back_later(harness: Harness) -> None:
    """In a busy channel its snapshots do not list all of them."""
    session, _ = await harness.enter("ann")
    harness.outages.begin()
    await harness.say(session, "m1")

    def times_repeated() -> int:
        return sum(isinstance(told, MessagesAgain) for told in _told_processes(harness))

    await harness.outages.end()
    assert times_repeated() == 1
    await asyncio.sleep(REPEAT_S + 0.1)
    assert times_repeated() == 2
    await asyncio.sleep(10 * REPEAT_S)
    assert times_repeated() == 2
    await harness.outages.end()
    harness.outages.begin()
    await asyncio.sleep(2 * REPEAT_S)
    assert times_repeated() == 3, "not in the next outage"
    assert REPEAT_S < MEMORY_S, "or clients would get messages again that are in their snapshots"


class RulesAway(MemoryChannelRules):
    """Rules that cannot be read while the test says so."""

    away = False

    async def load(self, channel: str) -> Rules:
        if self.away:
            raise StoreUnavailable("the rules cannot be read")
        return await super().load(channel)


async def _everyone_is_registered(harness: Harness, *users: str) -> None:
    """All are in the shared store after the next look, and every client shows them."""
    await harness.outages.retry()
    roster = await harness.store.roster("garden", 9)
    assert [member.user_id for member in roster.members] == list(users)
    await asyncio.sleep(0.05)
    for session in harness.local:
        connection = session.connection
        assert isinstance(connection, FakeConnection)
        sync = connection.frames("user_sync")[-1]
        assert sync["epoch"] == roster.stamp.epoch, f"{connection.id} sees the people of this process alone"
        assert [user["user_id"] for user in sync["users"]] == list(users)


async def test_w20_a_channel_confirmed_while_an_outage_ends_is_registered() -> None:
    """Found by the fuzz, seed 42: everyone got a new snapshot, and nobody was in it."""

    class ConfirmsLate(MemoryPresence):
        async def sweep(self) -> list[Departed]:
            if rules.away and not harness.channels.store_away:
                rules.away = False
                await harness.rules_sync.confirm_all()  # somebody joins
            return await super().sweep()

    rules = RulesAway(lambda: 0)
    harness = Harness(rules=rules, shared=ConfirmsLate)
    await harness.enter("ann")
    rules.away = True
    harness.outages.begin()
    harness.store._channels.clear()
    await harness.outages.end()
    assert not rules.away, "confirmed during the end"
    await _everyone_is_registered(harness, "ann")
    await harness.close()


@pytest.mark.parametrize("others", [True, False])
async def test_w20_a_client_that_joined_before_its_channel_was_confirmed_is_registered(
    others: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel is confirmed while the client gets its snapshot, when it is in no list of sessions yet."""
    rules = RulesAway(lambda: 0)
    harness = Harness(rules=rules, shared=MemoryPresence)
    if others:
        await harness.enter("bob")
    harness.outages.begin()
    rules.away = True
    read, asked, may_answer = harness.presence.roster, asyncio.Event(), asyncio.Event()

    async def read_slowly(channel: str) -> Roster:
        roster = await read(channel)
        asked.set()
        await may_answer.wait()
        return roster

    monkeypatch.setattr(harness.presence, "roster", read_slowly)
    entering = asyncio.ensure_future(harness.enter("ann"))
    await asked.wait()
    rules.away = False
    monkeypatch.setattr(harness.presence, "roster", read)
    await harness.outages.end()
    may_answer.set()
    await entering
    await _everyone_is_registered(harness, *(["bob"] if others else []), "ann")
    await harness.close()


async def test_connections_that_the_shared_store_has_lost_are_registered_again() -> None:
    """A server that evicts keys, or an operator who deletes one. No outage shows it."""
    harness = Harness(shared=MemoryPresence)
    await harness.enter("ann")
    _, bob = await harness.enter("bob")
    harness.store._channels.clear()
    await harness.sessions.refresh()
    await _everyone_is_registered(harness, "ann", "bob")
    assert bob.frames("degraded", "restored") == [], "there was no outage"
    syncs = len(bob.frames("user_sync"))
    await harness.sessions.refresh()
    await harness.outages.retry()
    assert len(bob.frames("user_sync")) == syncs, "nothing was lost any more"
    await harness.close()


async def test_an_outage_while_rules_are_read_does_not_delay_reading_them_again() -> None:
    reading, may_answer = asyncio.Event(), asyncio.Event()

    class Slow(MemoryChannelRules):
        async def load(self, channel: str) -> Rules:
            if not reading.is_set():
                reading.set()
                await may_answer.wait()
            return await super().load(channel)

    harness = Harness(rules=Slow(lambda: 0), shared=MemoryPresence)
    entering = asyncio.ensure_future(harness.enter("ann"))
    await reading.wait()
    harness.outages.begin()
    await harness.outages.end()
    assert harness.channels.get("garden").confirmed  # type: ignore[union-attr]
    may_answer.set()
    await entering
    await _everyone_is_registered(harness, "ann")
    await harness.close()


async def test_w90_after_an_outage_members_get_missed_messages_once(harness: Harness) -> None:
    session, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    await harness.say(session, "m1")
    await asyncio.sleep(0.05)
    numbers = [b.number + b.frames - 1 for _, b in harness.broker.published if b'"m1"' in b.reliable]
    harness.outages.begin()
    await harness.outages.end()
    [again] = [told for told in _told_processes(harness) if isinstance(told, MessagesAgain)]
    assert [number for number, _, _ in again.messages] == numbers, "as it was published first"
    deliver = harness.broker.subscriptions["garden"]
    far = [(number, 1_005_000, msgspec.Raw(b'{"type":"chat","message_id":"far%d"}' % number)) for number in (1, 2)]
    deliver(Batch(text_frame(bytes(far[0][2])), b"", number=1, frames=1, publisher=b"far"))
    for _ in range(2):
        deliver(Batch(b"", b"", encode_control(MessagesAgain(far)), publisher=b"far"))
    await asyncio.sleep(0.05)
    assert [frame["message_id"] for frame in ann.frames("chat")] == ["far1", "far2"]
    assert [frame["message_id"] for frame in bob.frames("chat")] == ["m1", "far1", "far2"]


async def test_w90_the_copy_of_a_message_of_another_process_is_not_sent_after_an_outage(harness: Harness) -> None:
    """It was sent again here, and this process keeps a copy. Others have had it from the process that posted it."""
    await harness.enter("ann")
    copy = LiveMessage("ann", "m1", 1_000_000, 1_005_000, b'{"type":"chat","message_id":"m1"}', number=0)
    harness.chat._live.add("garden", copy, shared=False)
    own = LiveMessage("ann", "m2", 1_000_000, 1_005_000, b'{"type":"chat","message_id":"m2"}', number=7)
    harness.chat._live.add("garden", own)
    harness.outages.begin()
    await harness.outages.end()
    [again] = [told for told in _told_processes(harness) if isinstance(told, MessagesAgain)]
    assert [(number, json.loads(bytes(body))["message_id"]) for number, _, body in again.messages] == [(7, "m2")]


@pytest.mark.parametrize("how", ["join", "sync", "restore"])
async def test_w90_a_message_in_a_snapshot_does_not_come_again(harness: Harness, how: str) -> None:
    """It is in the store that processes share a moment before the batch that brings it."""
    session, bob = await harness.enter("bob")
    body = b'{"type":"chat","message_id":"far","expires_at":1005000}'
    harness.chat._live.add("garden", LiveMessage("cyd", "far", 1_000_000, 1_005_000, body))
    if how == "join":
        session, bob = await harness.enter("dan")
    elif how == "sync":
        harness.channels.get("garden").changes += 1  # type: ignore[union-attr]
        await harness.receive(session, json.dumps({"type": "sync"}))
    else:
        await harness.outages.end()
    harness.broker.subscriptions["garden"](Batch(text_frame(body) + pack(Pong(1, 1)), b""))
    await asyncio.sleep(0.05)
    assert [message["message_id"] for message in bob.frames("user_sync")[-1]["messages"]] == ["far"]
    assert bob.frames("chat") == []
    assert len(bob.frames("pong")) == 1


async def test_draining_sends_every_client_a_retry_delay(harness: Harness) -> None:
    connections = [(await harness.enter(f"user{number}"))[1] for number in range(5)]
    await harness.sessions.drain(spread_ms=5000)
    waits = []
    for connection in connections:
        assert isinstance(connection.closed_with, GoingAway)
        assert connection.closed_with.retry_ms is not None
        waits.append(connection.closed_with.retry_ms)
    assert sorted(waits) == [0, 1000, 2000, 3000, 4000]


async def test_draining_writes_what_was_accepted_before_it_closes(harness: Harness) -> None:
    session, _ = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    await asyncio.sleep(0.03)
    post = {"type": "chat", "message_id": "m1", "payload": "last words", "position": ORIGIN}
    await harness.receive(session, json.dumps(post))
    await harness.sessions.drain(spread_ms=0)
    assert [frame["payload"] for frame in bob.frames_before_close("chat")] == ["last words"]


async def test_a_client_whose_snapshot_fails_leaves_the_channel(harness: Harness) -> None:
    class Broken(MemoryPresence):
        async def roster(self, channel: str, limit: int) -> Any:
            raise ConnectionError("the store is gone")

    harness.presence._store = Broken(harness.clock, 300_000)
    with pytest.raises(ConnectionError):
        await harness.enter("ann")
    assert len(harness.local) == 0
    assert harness.local._by_user == {}
    await turns()
    channel = harness.channels.get("garden")
    assert channel is None or len(channel) == 0


class WaitingMessages(MemoryLiveMessages):
    """Answers when the test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        self.asked.set()
        await self.may_answer.wait()
        return await super().load(channel, now_ms)


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("the user is banned", Banned),
        ("the address is banned", Banned),
        ("the user is removed", Removed),
        ("the channel is closed", ChannelClosed),
        ("the channel is private", GoingAway),
        ("somebody else is banned", None),
        ("slow mode", None),
    ],
)
async def test_rules_that_change_while_a_client_gets_its_snapshot_decide_again(
    what: str, error: type[Disconnect] | None
) -> None:
    messages = WaitingMessages()
    harness = Harness(live=messages)
    entering = asyncio.ensure_future(harness.enter("ann", address="192.0.2.1"))
    await messages.asked.wait()
    until = harness.now_ms + 60_000
    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "the user is banned": lambda: harness.server_rules.ban("ann", until),
        "the address is banned": lambda: harness.server_rules.ban("@192.0.2.1", until),
        "the user is removed": lambda: harness.rules_sync.change(
            "garden", lambda rules: rules.with_ban("ann", until, harness.now_ms)
        ),
        "the channel is closed": lambda: harness.rules_sync.change(
            "garden", lambda rules: rules.with_closed_until(until)
        ),
        "the channel is private": lambda: harness.rules_sync.change("garden", lambda rules: rules.with_private(True)),
        "somebody else is banned": lambda: harness.server_rules.ban("bob", until),
        "slow mode": lambda: harness.rules_sync.change("garden", lambda rules: rules.with_slow_ms(1000)),
    }
    await changes[what]()
    messages.may_answer.set()
    if error is None:
        session, connection = await entering
        assert connection.closed_with is None
        await harness.sessions.close(session, left=True)
    else:
        with pytest.raises(error):
            await entering
    assert len(harness.local) == 0
    await harness.close()


async def test_w18_a_client_that_left_before_its_session_was_open_is_not_seen(harness: Harness) -> None:
    session, bob = await harness.enter("bob")
    ann = FakeConnection("ann")
    ann.gone = True
    with pytest.raises(ClientGone):
        await harness.open(ann, "ann", Access())
    await asyncio.sleep(0.05)
    assert bob.frames("user_joined", "user_left") == []
    assert (await harness.store.roster("garden", 9)).user_count == 1
    assert len(harness.local) == 1
    await harness.sessions.close(session, left=True)
    await harness.close()


async def test_after_churn_nothing_is_left(harness: Harness) -> None:
    for number in range(50):
        session, _ = await harness.enter(f"user{number}", channel=f"c{number % 7}")
        await harness.sessions.close(session, left=number % 2 == 0)
    harness.now_ms += 600_000
    await harness.presence.sweep()
    await asyncio.sleep(0.05)
    assert (len(harness.local), len(harness.channels)) == (0, 0)
    assert harness.local._by_user == {}
    assert harness.store._channels == {}
    assert harness.store._deadlines == []


def _told_processes(harness: Harness) -> list[Control]:
    return [told for _, batch in harness.broker.published for told in decode_control(batch.control)]
