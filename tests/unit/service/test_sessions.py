"""Sessions over the in-memory adapters, with fake connections and a clock that is set by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
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
from asocial.domain.errors import GoingAway, ProtocolAbuse, TooManyConnections, TooSlow
from asocial.domain.identity import Principal
from asocial.domain.live_message_index import LiveMessage
from asocial.domain.profile import guest_profile
from asocial.groups import (
    ClaimedIdSettings,
    MessageSettings,
    ModerationSettings,
    PresenceSettings,
    SessionSettings,
)
from asocial.ports import Batch, ChannelRules, LiveMessages, RateLimiter
from asocial.protocol.codec import pack
from asocial.protocol.framing import text_frame
from asocial.protocol.schema import Limits, Pong
from asocial.service.backlog import Backlog
from asocial.service.channel import UNSENT_LIMIT_BYTES
from asocial.service.channels import Channels
from asocial.service.chat import ChatService
from asocial.service.claimed_ids import ClaimedIds
from asocial.service.control import Control, CountChanged, MessagesAgain, ProfileChanged, decode_control, encode_control
from asocial.service.control_router import ControlRouter
from asocial.service.dispatch import STRIKES, Dispatch
from asocial.service.fallback import FallbackPresence
from asocial.service.moderation import Moderation
from asocial.service.outages import Outages
from asocial.service.presence import Presence
from asocial.service.session import LocalSessions, Session
from asocial.service.sessions import Sessions
from asocial.service.snapshots import MESSAGES, Snapshots
from tests.patience import eventually
from tests.runtime import make_runtime

from .fakes import LIFE, NO_LIMIT, FakeBroker, FakeConnection, turns

ORIGIN = {"x": 0, "y": 0}
HOLD_MS, PRESENT_MS = 60_000, 180_000
"""Of claimed user ids."""


@dataclass
class House:
    """A server without a socket."""

    roster_limit: int = 5
    now_ms: int = 1_000_000
    broker: FakeBroker = field(default_factory=FakeBroker)
    rules: ChannelRules | None = None
    live: LiveMessages | None = None
    members: dict[str, list[str]] = field(default_factory=dict)
    answer_bytes: tuple[int, int] = (0, 0)
    """A second, for each user and each address; 0: no limit."""
    limiter: RateLimiter | None = None

    def __post_init__(self) -> None:
        runtime = make_runtime(self.clock)
        self.store = MemoryPresence(self.clock, 300_000)
        backlog = Backlog(NO_LIMIT, runtime.counters)
        self.channels = Channels(
            self.broker, runtime, backlog, lambda channel, batch: self.router.receive(channel, batch), linger_s=0.0
        )
        presence = PresenceSettings(ttl_ms=300_000, grace_ms=8_000, roster_limit=self.roster_limit)
        self.presence = Presence(self.store, self.channels, presence, runtime)
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
        self.claims = MemoryUserIdClaims(self.clock)
        self.claimed_ids = ClaimedIds(
            self.claims, MemoryRateLimiter(self.clock), self.local, ClaimedIdSettings(HOLD_MS, PRESENT_MS, per_day=0)
        )
        self.moderation = Moderation(
            self.rules or MemoryChannelRules(self.clock),
            self.channels,
            self.presence,
            live,
            self.local,
            self.claimed_ids,
            ModerationSettings(owners={}, members=self.members, rules_ttl_ms=60_000),
            runtime,
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
            self.local, self.channels, self.presence, snapshots, self.moderation, self.claimed_ids, settings, runtime
        )
        parts = (self.channels, self.presence, self.chat, self.moderation, self.sessions)
        self.outages = Outages(*parts, None, runtime)
        self.router = ControlRouter(*parts, self.outages, None)
        self.dispatch = Dispatch(
            self.sessions, self.presence, self.chat, self.moderation, None, limits.frame_bytes, runtime
        )

    def clock(self) -> int:
        return self.now_ms

    def late(self) -> list[str]:
        """The channels that are confirmed and wait for snapshots."""
        return [channel.name for channel in self.channels if channel.needs_snapshots and channel.confirmed]

    async def enter(
        self, user: str, tab: str = "", channel: str = "garden", address: str = "", generation: str = ""
    ) -> tuple[Session, FakeConnection]:
        connection = FakeConnection(f"{user}{tab}")
        session = await self.open(connection, user, Access(), channel=channel, address=address, generation=generation)
        return session, connection

    async def open(
        self,
        connection: FakeConnection,
        user: str,
        access: Access,
        *,
        channel: str = "garden",
        address: str = "",
        generation: str = "",
    ) -> Session:
        return await self.sessions.open(
            connection,
            channel,
            user,
            guest_profile(user),
            None,
            principal=Principal(user, generation=generation),
            access=access,
            address=address,
        )

    async def send(self, session: Session, **frame: Any) -> None:
        await self.dispatch.receive(session, json.dumps(frame))
        await asyncio.sleep(0.03)

    async def say(self, session: Session, message_id: str, payload: str = "hello") -> None:
        await self.send(session, type="chat", message_id=message_id, payload=payload, position=ORIGIN)

    async def close(self) -> None:
        for session in self.local:
            await self.sessions.close(session, left=True)
        self.presence.close()
        await self.channels.close()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    yield made
    await made.close()


async def test_w3_the_first_frame_is_user_sync_and_tells_who_and_where_one_is(house: House) -> None:
    _, ann = await house.enter("ann")
    (sync,) = ann.frames()
    assert sync["type"] == "user_sync"
    assert (sync["user_id"], sync["channel_id"], sync["connection_id"]) == ("ann", "garden", "ann")
    assert [user["user_id"] for user in sync["users"]] == ["ann"]
    assert sync["messages"] == []
    assert "token" not in sync


async def test_w11_a_chat_reaches_the_others_and_the_senders_other_tab_and_the_sender_gets_an_ack(house: House) -> None:
    session, ann = await house.enter("ann")
    _, tab = await house.enter("ann", "-tab")
    _, bob = await house.enter("bob")
    await house.say(session, "m1", "  hello ")
    for other in (tab, bob):
        (chat,) = other.frames("chat")
        assert (chat["user_id"], chat["payload"], chat["timestamp"]) == ("ann", "hello", house.now_ms)
        assert chat["expires_at"] == house.now_ms + 5000
    assert ann.frames("chat") == []
    assert ann.frames("ack") == [
        {"type": "ack", "message_id": "m1", "timestamp": house.now_ms, "expires_at": house.now_ms + 5000}
    ]


async def test_w12_a_late_joiner_gets_what_lives_with_its_true_times(house: House) -> None:
    session, _ = await house.enter("ann")
    await house.say(session, "m1")
    house.now_ms += 3000
    _, bob = await house.enter("bob")
    (message,) = bob.frames("user_sync")[0]["messages"]
    assert (message["message_id"], message["expires_at"] - house.now_ms) == ("m1", 2000)
    house.now_ms += 2000
    _, cat = await house.enter("cat")
    assert cat.frames("user_sync")[0]["messages"] == []


async def test_w13_a_message_in_the_snapshot_does_not_come_again(house: House) -> None:
    session, _ = await house.enter("ann")
    await house.dispatch.receive(
        session, json.dumps({"type": "chat", "message_id": "m1", "payload": "hi", "position": ORIGIN})
    )
    # Not flushed yet, but posted: the newcomer has it from the snapshot, and only from there.
    _, bob = await house.enter("bob")
    await asyncio.sleep(0.05)
    assert len(bob.frames("user_sync")[0]["messages"]) == 1
    assert bob.frames("chat") == []


async def test_w10_a_resent_message_counts_once(house: House) -> None:
    session, ann = await house.enter("ann")
    _, bob = await house.enter("bob")
    for _ in range(5):
        await house.say(session, "m1")
        house.now_ms += 10
    assert len(bob.frames("chat")) == 1
    acks = ann.frames("ack")
    assert len(acks) == 5
    assert acks == [acks[0]] * 5


async def test_w25_the_limit_is_told_with_the_time_to_wait_and_the_message(house: House) -> None:
    session, ann = await house.enter("ann")
    for number in range(4):
        await house.say(session, f"m{number}")
    (error,) = ann.frames("error")
    assert (error["code"], error["message_id"], error["retry_after"]) == ("rate_limited", "m3", 60_000)
    house.now_ms += 60_000
    await house.say(session, "m3")
    assert len(ann.frames("ack")) == 4


async def test_w26_drafts_are_seen_by_others_and_the_message_ends_them(house: House) -> None:
    session, ann = await house.enter("ann")
    _, bob = await house.enter("bob")
    for draft in ("h", "he", "hel"):
        await house.send(session, type="typing", message_id="m1", payload=draft, position=ORIGIN)
    assert [frame["payload"] for frame in bob.frames("typing")] == ["h", "he", "hel"]
    assert ann.frames("typing") == []
    # In one turn: the draft is still waiting when its message comes.
    typing = {"type": "typing", "message_id": "m1", "payload": "hell", "position": ORIGIN}
    await house.dispatch.receive(session, json.dumps(typing))
    await house.say(session, "m1")
    assert [frame["type"] for frame in bob.frames("typing", "chat")][-1] == "chat"
    assert len(bob.frames("typing")) == 3


async def test_w26_a_draft_held_back_by_the_rate_never_follows_its_message(house: House) -> None:
    session, _ = await house.enter("ann")
    _, bob = await house.enter("bob")
    for number in range(40):
        typing = {"type": "typing", "message_id": "m1", "payload": f"draft {number}", "position": ORIGIN}
        await house.dispatch.receive(session, json.dumps(typing))
    await house.say(session, "m1")
    await asyncio.sleep(0.2)
    assert bob.frames("typing", "chat")[-1]["type"] == "chat"


async def test_w8_an_abandoned_draft_is_told_in_the_lane_that_loses_nothing(house: House) -> None:
    session, _ = await house.enter("ann")
    _, bob = await house.enter("bob")
    bob.unsent_bytes = 200_000
    await house.send(session, type="typing", message_id="m1", payload="hm", position=ORIGIN)
    await house.send(session, type="typing", message_id="m1", payload="", position=ORIGIN)
    assert [frame["payload"] for frame in bob.frames("typing")] == [""]


async def test_w17_two_tabs_are_one_person(house: House) -> None:
    _, bob = await house.enter("bob")
    one, _ = await house.enter("ann", "1")
    two, _ = await house.enter("ann", "2")
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_joined")] == ["ann"]
    await house.sessions.close(one, left=True)
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    await house.sessions.close(two, left=True)
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w18_who_breaks_off_has_a_grace_and_who_leaves_has_none(house: House) -> None:
    _, bob = await house.enter("bob")
    ann, _ = await house.enter("ann")
    await house.sessions.close(ann, left=False)
    house.now_ms += 7_999
    await house.presence.sweep()
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    house.now_ms += 1
    await house.presence.sweep()
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w18_who_was_asked_to_stay_away_has_its_grace_after_that(house: House) -> None:
    _, bob = await house.enter("bob")
    ann, _ = await house.enter("ann")
    await house.sessions.close(ann, left=False, away_ms=10_000)
    house.now_ms += 17_999
    await house.presence.sweep()
    await asyncio.sleep(0.03)
    assert bob.frames("user_left") == []
    house.now_ms += 1
    await house.presence.sweep()
    await asyncio.sleep(0.03)
    assert [frame["user_id"] for frame in bob.frames("user_left")] == ["ann"]


async def test_w19_events_are_numbered_without_a_gap_from_the_snapshot_on(house: House) -> None:
    _, bob = await house.enter("bob")
    ann, _ = await house.enter("ann")
    await house.send(ann, type="profile", name="Ann", color="rust")
    await house.sessions.close(ann, left=True)
    await asyncio.sleep(0.03)
    sync = bob.frames("user_sync")[0]
    events = bob.frames("user_joined", "user_updated", "user_left")
    assert [event["seq"] for event in events] == [sync["seq"] + 1, sync["seq"] + 2, sync["seq"] + 3]
    assert {event["epoch"] for event in events} == {sync["epoch"]}


async def test_w20_a_crowd_is_counted_not_listed_and_oneself_is_always_in_the_list(house: House) -> None:
    sessions = [(await house.enter(f"user{number}")) for number in range(9)]
    await asyncio.sleep(0.05)
    sync = sessions[8][1].frames("user_sync")[0]
    assert sync["user_count"] == 9
    assert len(sync["users"]) == 5
    assert "user8" in [user["user_id"] for user in sync["users"]]
    first = sessions[0][1]
    # Up to the limit each is told; above it, one count for all that came within a second.
    assert [frame["user_id"] for frame in first.frames("user_joined")] == ["user1", "user2", "user3", "user4"]
    assert [frame["count"] for frame in first.frames("user_count")] == [6]
    await asyncio.sleep(1.1)
    assert [frame["count"] for frame in first.frames("user_count")] == [6, 9]
    for session, _ in sessions[5:]:
        await house.sessions.close(session, left=True)
    await asyncio.sleep(1.1)
    assert first.frames("user_left") == []
    assert first.frames("user_count")[-1]["count"] == 5
    await house.send(sessions[0][0], type="sync")
    assert len(first.frames("user_sync")[-1]["users"]) == 5


async def test_w20_who_answers_with_those_who_are_there(house: House) -> None:
    session, ann = await house.enter("ann")
    await house.enter("bob")
    await house.send(session, type="who", user_ids=["bob", "ghost", "bob"])
    (profiles,) = ann.frames("profiles")
    assert [user["user_id"] for user in profiles["users"]] == ["bob"]


async def test_w24_a_changed_profile_is_told_to_all_and_signs_the_next_message_of_every_tab(house: House) -> None:
    one, first = await house.enter("ann", "1")
    two, _ = await house.enter("ann", "2")
    _, bob = await house.enter("bob")
    await house.send(one, type="profile", name=" Ann  Lee ", color="plum")
    for connection in (first, bob):
        (updated,) = connection.frames("user_updated")
        assert (updated["name"], updated["color"]) == ("Ann Lee", "plum")
    await house.say(two, "m1")
    assert bob.frames("chat")[0]["name"] == "Ann Lee"


async def test_w24_in_a_crowd_only_the_one_who_changed_is_told(house: House) -> None:
    sessions = [(await house.enter(f"user{number}")) for number in range(6)]
    await house.send(sessions[0][0], type="profile", name="Ann", color="plum")
    assert len(sessions[0][1].frames("user_updated")) == 1
    assert sessions[1][1].frames("user_updated") == []


async def test_w5_a_user_has_so_many_connections_and_a_refused_one_leaves_nothing_behind(house: House) -> None:
    await house.enter("ann", "1")
    second, _ = await house.enter("ann", "2", channel="elsewhere")
    with pytest.raises(TooManyConnections):
        await house.enter("ann", "3")
    assert (await house.store.roster("garden", 10)).user_count == 1
    assert len(house.local) == 2
    await house.sessions.close(second, left=True)
    await house.enter("ann", "4")


async def test_w27_ten_bad_frames_in_a_row_are_the_end_and_a_good_one_starts_anew(house: House) -> None:
    session, ann = await house.enter("ann")
    for _ in range(STRIKES - 1):
        await house.dispatch.receive(session, "nonsense")
    await house.send(session, type="ping", t=1)
    for _ in range(STRIKES - 1):
        await house.dispatch.receive(session, "nonsense")
    assert not ann.closed
    await house.dispatch.receive(session, "nonsense")
    assert isinstance(ann.closed_with, ProtocolAbuse)
    assert len(ann.frames("error")) == 2 * STRIKES - 1


async def test_w25_requests_are_limited_and_the_limit_is_no_strike(house: House) -> None:
    session, ann = await house.enter("ann")
    for number in range(40):
        await house.dispatch.receive(session, json.dumps({"type": "ping", "t": number}))
    errors = ann.frames("error")
    assert len(ann.frames("pong")) + len(errors) == 40
    assert errors
    assert {error["code"] for error in errors} == {"rate_limited"}
    assert ann.closed_with is None


@pytest.mark.parametrize(("text", "fits"), [("x" * 4097, False), ("é" * 2049, False), ("é" * 2048, True)])
async def test_w25_the_frame_limit_counts_bytes(house: House, text: str, fits: bool) -> None:
    session, ann = await house.enter("ann")
    await house.dispatch.receive(session, text)
    (error,) = ann.frames("error")
    assert error["code"] == ("bad_frame" if fits else "payload_too_large")


async def test_w79_what_is_asked_for_is_counted_in_bytes_by_user_and_by_address() -> None:
    house = House(answer_bytes=(100, 400))  # 800 bytes of a user at once, 6,400 of an address
    ann, ann_tab = await house.enter("ann", address="192.0.2.1")
    bob, bob_tab = await house.enter("bob", address="192.0.2.1")
    cid, cid_tab = await house.enter("cid", address="192.0.2.2")
    for _ in range(5):
        await house.send(ann, type="sync")
    [error] = ann_tab.frames("error")[:1]
    assert (error["code"], error["retry_after"] > 0) == ("rate_limited", True)
    assert len(ann_tab.frames("user_sync")) < 4
    await house.send(bob, type="who", user_ids=["ann"])
    assert bob_tab.frames("profiles"), "another user has a budget of its own"
    for number in range(10):
        guest, tab = await house.enter(f"guest{number}", address="192.0.2.1")
    await house.send(guest, type="who", user_ids=["ann"])
    assert [frame["code"] for frame in tab.frames("error")] == ["rate_limited"], "joins count for their address"
    await house.send(cid, type="follow", user_id="ann")
    assert not cid_tab.frames("error"), "another address has a budget of its own"


@pytest.mark.parametrize("told", ["profile", "moderate"])
async def test_w79_what_is_told_to_everyone_counts_for_everyone(told: str) -> None:
    house = House(roster_limit=50, answer_bytes=(250, 0))
    sessions = [await house.enter(f"user{number}") for number in range(12)]
    session, tab = sessions[0]
    frame = {"profile": {"name": "Ann", "color": "rust"}, "moderate": {"action": "clear"}}[told]
    house.moderation._owners = {"garden": [session.member.user_id]}
    await house.send(session, type=told, **frame)
    assert not tab.frames("error")
    await house.send(session, type=told, **frame)
    assert [error["code"] for error in tab.frames("error")] == ["rate_limited"]


async def test_w79_who_has_not_read_the_last_snapshot_gets_no_other(house: House) -> None:
    session, tab = await house.enter("ann")
    tab.unsent_bytes = UNSENT_LIMIT_BYTES - 10
    await house.send(session, type="sync")
    assert isinstance(tab.closed_with, TooSlow)
    assert len(tab.frames("user_sync")) == 1


async def test_w78_a_snapshot_tells_the_newest_messages(house: House) -> None:
    for number in range(MESSAGES + 50):
        body = b'{"message_id":"m%d"}' % number
        house.chat._live.add("garden", LiveMessage("bob", f"m{number}", 1, house.now_ms + 1000, body))
    _, tab = await house.enter("ann")
    [sync] = tab.frames("user_sync")
    assert [message["message_id"] for message in sync["messages"]] == [f"m{50 + number}" for number in range(MESSAGES)]


async def test_w24_a_profile_changed_on_another_process_signs_messages_here(house: House) -> None:
    session, _ = await house.enter("ann")
    _, bob = await house.enter("bob")
    changed = ProfileChanged("ann", "Ann Lee", "plum")
    house.broker.subscriptions["garden"](Batch(b"", b"", encode_control(changed)))
    await house.say(session, "m1")
    assert (bob.frames("chat")[0]["name"], bob.frames("chat")[0]["color"]) == ("Ann Lee", "plum")


async def test_w24_a_profile_changed_here_is_told_to_the_other_processes(house: House) -> None:
    session, _ = await house.enter("ann")
    await house.send(session, type="profile", name="Ann", color="plum")
    await house.send(session, type="profile", name="Ann", color="plum", on_map=False)
    told = [decode_control(batch.control) for _, batch in house.broker.published if batch.control]
    assert told == [[ProfileChanged("ann", "Ann", "plum")], [ProfileChanged("ann", "Ann", "plum", on_map=False)]]


async def test_w29_an_outage_is_told_to_those_here_and_to_those_who_come(house: House) -> None:
    _, ann = await house.enter("ann")
    house.outages.begin()
    _, bob = await house.enter("bob")
    assert [frame["type"] for frame in ann.frames("user_sync", "degraded")] == ["user_sync", "degraded"]
    assert [frame["type"] for frame in bob.frames()] == ["user_sync", "degraded"]


async def test_w29_after_an_outage_everyone_is_told_anew_and_the_others_get_what_was_said_here(house: House) -> None:
    session, ann = await house.enter("ann")
    house.broker.published.clear()
    house.outages.begin()
    await house.say(session, "m1")
    assert house.broker.published == [], "an outage is local"
    await house.outages.end()
    sync = ann.frames("restored", "user_sync")[-1]
    assert [frame["type"] for frame in ann.frames("restored", "user_sync")][-2:] == ["restored", "user_sync"]
    assert [message["message_id"] for message in sync["messages"]] == ["m1"]
    said = [told for told in _told_processes(house) if isinstance(told, MessagesAgain)]
    assert [json.loads(bytes(body))["message_id"] for again in said for _, _, body in again.messages] == ["m1"]
    assert not any(batch.reliable for _, batch in house.broker.published), "no client gets it unasked"


async def test_w20_after_an_outage_other_processes_are_told_where_the_count_stands(house: House) -> None:
    await house.enter("ann")
    parts = (house.channels, house.presence, house.chat, house.moderation, house.sessions)
    fallback = FallbackPresence(house.store, MemoryPresence(house.clock, 300_000), house.channels)
    outages = Outages(*parts, fallback, make_runtime(house.clock))
    outages.begin()
    await outages.end()
    joined = await house.store.roster("garden", 0)
    await eventually(lambda: CountChanged(1, joined.stamp) in _told_processes(house), "told")


async def test_w90_after_an_outage_people_are_shown_what_their_process_missed_and_once(house: House) -> None:
    session, ann = await house.enter("ann")
    _, bob = await house.enter("bob")
    await house.say(session, "m1")
    await asyncio.sleep(0.05)
    numbers = [b.number + b.frames - 1 for _, b in house.broker.published if b'"m1"' in b.reliable]
    house.outages.begin()
    await house.outages.end()
    [again] = [told for told in _told_processes(house) if isinstance(told, MessagesAgain)]
    assert [number for number, _, _ in again.messages] == numbers, "as it was published first"
    deliver = house.broker.subscriptions["garden"]
    far = [(number, 1_005_000, msgspec.Raw(b'{"type":"chat","message_id":"far%d"}' % number)) for number in (1, 2)]
    deliver(Batch(text_frame(bytes(far[0][2])), b"", number=1, frames=1, publisher=b"far"))
    for _ in range(2):
        deliver(Batch(b"", b"", encode_control(MessagesAgain(far)), publisher=b"far"))
    await asyncio.sleep(0.05)
    assert [frame["message_id"] for frame in ann.frames("chat")] == ["far1", "far2"]
    assert [frame["message_id"] for frame in bob.frames("chat")] == ["m1", "far1", "far2"]


@pytest.mark.parametrize("how", ["join", "sync", "restore"])
async def test_w90_a_message_in_a_snapshot_does_not_come_again(house: House, how: str) -> None:
    """It is in the store that processes share a moment before the batch that brings it."""
    session, bob = await house.enter("bob")
    body = b'{"type":"chat","message_id":"far","expires_at":1005000}'
    house.chat._live.add("garden", LiveMessage("cyd", "far", 1_000_000, 1_005_000, body))
    if how == "join":
        session, bob = await house.enter("dan")
    elif how == "sync":
        house.channels.get("garden").changes += 1  # type: ignore[union-attr]
        await house.dispatch.receive(session, json.dumps({"type": "sync"}))
    else:
        await house.outages.end()
    house.broker.subscriptions["garden"](Batch(text_frame(body) + pack(Pong(1, 1)), b""))
    await asyncio.sleep(0.05)
    assert [message["message_id"] for message in bob.frames("user_sync")[-1]["messages"]] == ["far"]
    assert bob.frames("chat") == []
    assert len(bob.frames("pong")) == 1


async def test_draining_tells_everyone_when_to_come_back(house: House) -> None:
    connections = [(await house.enter(f"user{number}"))[1] for number in range(5)]
    await house.sessions.drain(spread_ms=5000)
    waits = []
    for connection in connections:
        assert isinstance(connection.closed_with, GoingAway)
        assert connection.closed_with.retry_ms is not None
        waits.append(connection.closed_with.retry_ms)
    assert sorted(waits) == [0, 1000, 2000, 3000, 4000]


async def test_draining_writes_what_was_accepted_before_it_closes(house: House) -> None:
    session, _ = await house.enter("ann")
    _, bob = await house.enter("bob")
    await asyncio.sleep(0.03)
    post = {"type": "chat", "message_id": "m1", "payload": "last words", "position": ORIGIN}
    await house.dispatch.receive(session, json.dumps(post))
    await house.sessions.drain(spread_ms=0)
    assert [frame["payload"] for frame in bob.frames_before_close("chat")] == ["last words"]


async def test_a_client_whose_snapshot_fails_is_taken_back_out(house: House) -> None:
    class Broken(MemoryPresence):
        async def roster(self, channel: str, limit: int) -> Any:
            raise ConnectionError("the store is gone")

    house.presence._store = Broken(house.clock, 300_000)
    with pytest.raises(ConnectionError):
        await house.enter("ann")
    assert len(house.local) == 0
    assert house.local._by_user == {}
    await turns()
    channel = house.channels.get("garden")
    assert channel is None or len(channel) == 0


async def test_after_churn_nothing_is_left(house: House) -> None:
    for number in range(50):
        session, _ = await house.enter(f"user{number}", channel=f"c{number % 7}")
        await house.sessions.close(session, left=number % 2 == 0)
    house.now_ms += 600_000
    await house.presence.sweep()
    await asyncio.sleep(0.05)
    assert (len(house.local), len(house.channels)) == (0, 0)
    assert house.local._by_user == {}
    assert house.store._channels == {}
    assert house.store._deadlines == []


def _told_processes(house: House) -> list[Control]:
    return [told for _, batch in house.broker.published for told in decode_control(batch.control)]
