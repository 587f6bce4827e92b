"""What the Python client makes of each frame: the rules of the wire that concern a client, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from asocial_client import events as e
from asocial_client import frames as f
from asocial_client.mirror import Mirror

LIMITS = f.Limits(4096, 100, 1000, 200, 8, 2, 30, 30)
ANN, BOB = f.Member("ann", "Ann", "teal", 1), f.Member("bob", "Bob", "rust", 2)


class Asked:
    """A fake of what the mirror asks for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def snapshot(self) -> None:
        self.asked.append("sync")

    def who(self, user_id: str) -> None:
        self.asked.append(f"who {user_id}")

    def repeat_for_newcomers(self) -> None:
        self.asked.append("repeat")

    def measure_clock(self) -> None:
        self.asked.append("ping")


class World:
    """A mirror after its first snapshot: Ann is this user, and Bob is here."""

    def __init__(self) -> None:
        self.events: list[e.Event] = []
        self.asks = Asked()
        self.mirror = Mirror(self.events.append, self.asks)
        self.mirror.begin()
        self.mirror.synchronize(self.sync())
        self.events.clear()

    def now(self) -> int:
        return round(time.time() * 1000)

    def sync(self, **given: Any) -> f.UserSync:
        fields: dict[str, Any] = {
            "message_id": "s", "channel_id": "garden", "user_id": "ann", "connection_id": "c",
            "users": [ANN, BOB], "user_count": 2, "messages": [], "timestamp": self.now(),
            "ttl": f.Life(5000, 0, 0, 5000), "limits": LIMITS, "epoch": "a", "seq": 5,
        }  # fmt: skip
        return f.UserSync(**fields | given)

    def chat(self, message_id: str = "m", at: int | None = None, life_ms: int = 5000, user_id: str = "bob") -> f.Chat:
        sent = self.now() if at is None else at
        return f.Chat(
            message_id=message_id, channel_id="garden", user_id=user_id, name="Bob", color="rust", payload="hello",
            position=f.Position(1, 2), timestamp=sent, expires_at=sent + life_ms,
        )  # fmt: skip

    def stroke(self, message_id: str = "m", life_ms: int = 5000) -> f.Stroke:
        sent = self.now()
        return f.Stroke(
            message_id=message_id, user_id="bob", name="Bob", color="rust", points=[(0, 0), (1, 1)],
            timestamp=sent, expires_at=sent + life_ms,
        )  # fmt: skip

    def joined(self, user_id: str, seq: int, epoch: str = "a") -> f.UserJoined:
        return f.UserJoined(
            message_id="j", channel_id="garden", timestamp=1, user_id=user_id, name=user_id.title(), color="plum",
            joined_at=3, epoch=epoch, seq=seq,
        )  # fmt: skip

    def typing(self, text: str, message_id: str = "m", user_id: str = "bob") -> f.Typing:
        return f.Typing(message_id=message_id, user_id=user_id, payload=text, position=f.Position(0, 0))

    def take(self, *kinds: type) -> list[Any]:
        """The events since the last call; all are of these kinds, if any are given."""
        taken, self.events[:] = list(self.events), []
        assert not kinds or all(isinstance(event, kinds) for event in taken), taken
        return taken


@pytest.fixture
async def world() -> World:
    return World()


async def test_w12_a_message_ends_at_its_time_on_the_servers_clock(world: World) -> None:
    world.mirror.apply(world.chat(life_ms=5000))
    assert [message.text for message in world.take(e.Message)] == ["hello"]
    await asyncio.sleep(4.5)
    assert len(world.mirror.canvas.messages) == 1
    await asyncio.sleep(0.6)
    assert not world.mirror.canvas.messages
    world.take(e.Expired)


async def test_w12_a_message_that_is_over_is_not_shown(world: World) -> None:
    world.mirror.apply(world.chat(at=world.now() - 6000))
    assert world.take() == []


async def test_w13_a_message_in_a_snapshot_and_as_chat_is_one(world: World) -> None:
    chat = world.chat()
    world.mirror.apply(chat)
    world.mirror.synchronize(world.sync(messages=[chat]))
    world.mirror.apply(chat)
    assert len(world.take(e.Message)) == 1
    world.mirror.apply(world.chat(user_id="carl"))
    assert len(world.take(e.Message)) == 1, "the same message id of another user is another message"


async def test_w13_a_message_takes_the_place_of_its_draft_and_a_late_draft_is_ignored(world: World) -> None:
    world.mirror.apply(world.typing("hel"))
    assert [draft.text for draft in world.take(e.Draft)] == ["hel"]
    world.mirror.apply(world.chat())
    assert not world.mirror.canvas.drafts
    world.mirror.apply(world.typing("hell"))
    world.take(e.Message)


@pytest.mark.parametrize("kind", ["message", "stroke"])
@pytest.mark.parametrize("end", ["its life", "cleared", "late"])
async def test_w13_a_draft_or_a_repetition_is_ignored_after_the_end(world: World, kind: str, end: str) -> None:
    world.mirror.apply(world.typing("hel"))
    frame = world.chat(life_ms=3000) if kind == "message" else world.stroke(life_ms=3000)
    if end == "late":
        frame = msgspec.structs.replace(frame, timestamp=frame.timestamp - 4000, expires_at=frame.expires_at - 4000)
    world.mirror.apply(frame)
    if end == "its life":
        await asyncio.sleep(3.1)
    if end == "cleared":
        world.mirror.apply(f.Cleared(by="ann", timestamp=frame.timestamp))
    canvas = world.mirror.canvas
    assert [*canvas.messages, *canvas.strokes, *canvas.drafts] == []
    world.take()
    for late_s in (0, 10):
        await asyncio.sleep(late_s)
        world.mirror.apply(world.typing("hell"))
        world.mirror.apply(world.typing(""))
        # The same message, with times that would let it live again.
        world.mirror.apply(msgspec.structs.replace(frame, timestamp=world.now(), expires_at=world.now() + 3000))
        assert world.take() == []
    await asyncio.sleep(10)
    world.mirror.apply(world.chat("other"))
    world.take(e.Message)
    assert len(canvas._known) == 1, "what nothing can follow any more is forgotten"


async def test_w13_a_message_and_a_stroke_with_one_id_are_one(world: World) -> None:
    world.mirror.apply(world.chat())
    world.mirror.apply(world.stroke())
    world.take(e.Message)
    await asyncio.sleep(6)
    world.take(e.Expired)


async def test_w15_a_draft_that_does_not_change_for_ten_seconds_ends(world: World) -> None:
    world.mirror.apply(world.typing("hel"))
    await asyncio.sleep(9)
    world.mirror.apply(world.typing("hell"))
    await asyncio.sleep(9)
    assert world.mirror.canvas.drafts
    await asyncio.sleep(2)
    assert not world.mirror.canvas.drafts
    assert [draft.text for draft in world.take(e.Draft)] == ["hel", "hell", ""]


async def test_w15_an_own_entry_among_the_cursors_is_ignored(world: World) -> None:
    world.mirror.apply(f.Cursors(cursors=[("ann", 1, 1), ("bob", 2, 3)]))
    assert world.take(e.Cursor) == [e.Cursor("bob", 2, 3)]
    assert world.mirror.cursors == {"bob": (2, 3)}


async def test_w16_a_newcomer_and_w29_the_end_of_an_outage_ask_for_cursor_and_draft(world: World) -> None:
    world.mirror.apply(world.joined("carl", 6))
    known = []
    for frame in (f.Degraded(), f.Restored()):
        world.mirror.apply(frame)
        known.append(world.mirror.is_degraded)
    assert known == [True, False]
    assert world.asks.asked == ["repeat", "repeat"]


async def test_w17_who_leaves_takes_cursor_and_draft_along(world: World) -> None:
    world.mirror.apply(world.typing("hel"))
    world.mirror.apply(f.Cursors(cursors=[("bob", 2, 3)]))
    world.take(e.Draft, e.Cursor)
    world.mirror.apply(f.UserLeft(message_id="l", channel_id="c", timestamp=1, user_id="bob", epoch="a", seq=6))
    assert (world.mirror.cursors, world.mirror.canvas.drafts, world.mirror.roster.count) == ({}, {}, 1)
    assert world.take(e.Draft, e.Left)[-1] == e.Left(BOB)


@pytest.mark.parametrize(
    ("seq", "epoch", "asked"), [(5, "a", []), (6, "a", []), (7, "a", ["sync"]), (1, "b", ["sync"])]
)
async def test_w19_a_gap_or_a_new_epoch_asks_for_a_snapshot(
    world: World, seq: int, epoch: str, asked: list[str]
) -> None:
    world.mirror.apply(world.joined("carl", seq, epoch))
    assert [ask for ask in world.asks.asked if ask != "repeat"] == asked
    assert ("carl" in world.mirror.roster.members) == (seq == 6)


async def test_w19_a_snapshot_older_than_a_known_event_is_not_taken(world: World) -> None:
    world.mirror.apply(world.joined("carl", 9))
    assert not world.mirror.synchronize(world.sync(seq=8))
    carl = f.Member("carl", "Carl", "plum", 3)
    assert world.mirror.synchronize(world.sync(seq=9, users=[ANN, carl]))
    assert not world.mirror.roster.needs_snapshot
    assert world.take(e.Joined, e.Left) == [e.Left(BOB), e.Joined(carl)], "the events that were missing"


async def test_w20_in_a_large_channel_unknown_members_are_asked_for(world: World) -> None:
    world.mirror.apply(f.UserCount(count=50, epoch="a", seq=30))
    assert world.take(e.CountChanged) == [e.CountChanged(50)]
    world.mirror.apply(f.Cursors(cursors=[("zoe", 1, 1), ("bob", 1, 1)]))
    assert world.asks.asked == ["who zoe"]
    world.mirror.apply(f.Profiles(users=[f.Member("zoe", "Zoe", "jade", 4)]))
    assert world.mirror.roster.members["zoe"].name == "Zoe"
    world.mirror.apply(f.UserCount(count=2, epoch="a", seq=31))
    assert world.asks.asked == ["who zoe", "sync"], "as many names may be known, but the wrong ones"


async def test_w20_the_members_that_a_large_channel_answers_with_are_bounded(world: World) -> None:
    world.mirror.roster.add([f.Member(f"user-{number}", "", "", 0) for number in range(5000)])
    assert len(world.mirror.roster.members) == 1000 + LIMITS.roster
    assert "user-4999" in world.mirror.roster.members


async def test_w85_what_was_cleared_stays_cleared_when_the_servers_clock_is_set(world: World) -> None:
    cleared = world.now()
    world.mirror.apply(f.Cleared(by="ann", timestamp=cleared))
    world.mirror.apply(f.ClockSet(timestamp=cleared - 60_000, shift=-60_000))
    world.mirror.apply(world.chat("before", at=cleared - 60_001))
    world.mirror.apply(world.chat("after", at=cleared - 59_999))
    world.take()
    assert [message.id for message in world.mirror.canvas.messages.values()] == ["after"]


async def test_w65_cleared_messages_end_and_late_ones_are_ignored(world: World) -> None:
    cleared = world.now()
    world.mirror.apply(world.chat("before", at=cleared - 10))
    world.mirror.apply(world.typing("hel", "draft"))
    world.mirror.apply(f.Cleared(by="ann", timestamp=cleared))
    world.mirror.apply(world.chat("late", at=cleared - 5))
    world.mirror.apply(world.chat("after", at=cleared + 1))
    kinds = [type(event).__name__ for event in world.take()]
    assert kinds == ["Message", "Draft", "Expired", "Draft", "Cleared", "Message"]


@pytest.mark.parametrize("shift", [-3_600_000, 3_600_000])
async def test_w85_when_the_servers_clock_is_set_messages_keep_the_time_they_have_left(
    world: World, shift: int
) -> None:
    world.mirror.apply(world.chat())
    before = world.mirror.clock.now_ms()
    world.mirror.apply(f.ClockSet(timestamp=world.now() + shift, shift=shift))
    [message] = world.mirror.canvas.messages.values()
    assert abs(world.mirror.clock.now_ms() - before - shift) < 1000
    assert abs(message.expires_at - world.now() - shift - 5000) < 1000
    world.take(e.Message)
    await asyncio.sleep(5.1)
    assert not world.mirror.canvas.messages


async def test_w21_the_measurement_with_the_shortest_round_trip_counts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, now = world.mirror.clock, 1_000_000.0
    monkeypatch.setattr(clock, "monotonic_ms", lambda: now)
    for trip_ms, ahead_ms in ((400, 77_000), (20, 50_000), (900, 99_000)):
        ping = clock.ping()
        middle = now + trip_ms / 2
        now += trip_ms
        clock.measure(f.Pong(t=ping.t, timestamp=round(middle + ahead_ms)))
    assert clock.now_ms() - now == 50_000


@pytest.mark.parametrize(
    ("show", "asked"),
    [
        (lambda world, at: world.mirror.apply(world.chat(at=at)), ["ping"]),
        (lambda world, at: world.mirror.synchronize(world.sync(timestamp=at)), []),
    ],
    ids=["a frame from the future", "a snapshot that is far off"],
)
async def test_w86_a_measurement_that_cannot_be_true_is_dropped(
    world: World, show: Callable[[World, int], object], asked: list[str]
) -> None:
    clock = world.mirror.clock
    clock.measure(f.Pong(t=clock.ping().t, timestamp=world.now()))
    show(world, world.now() + 60_000)
    assert abs(clock.now_ms() - world.now() - 60_000) < 1000
    assert world.asks.asked == asked


async def test_w110_w114_a_stroke_that_is_being_drawn_is_not_shown(world: World) -> None:
    world.mirror.apply(f.Stroke(message_id="s", user_id="bob", points=[(0, 0)]))
    assert world.take() == []


async def test_a_reconnect_drops_drafts_and_takes_any_snapshot(world: World) -> None:
    world.mirror.apply(world.typing("hel"))
    world.mirror.end()
    world.mirror.begin()
    assert world.mirror.synchronize(world.sync(epoch="b", seq=1))
    assert [type(event).__name__ for event in world.take(e.Draft, e.Connected)] == ["Draft", "Draft", "Connected"]
