"""What the Python client sends, when, and again: with a fake connection, in virtual time."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from asocial_client import frames as f
from asocial_client.sealed.link import SealedLink
from asocial_client.sealed.translator import Translator
from asocial_client.session import Session

from tests.unit.client.test_mirror import ANN, LIMITS


class FakeConnection:
    """Takes frames. `number` counts the connections, as in the real one."""

    def __init__(self) -> None:
        self.number = 0
        self.sent: list[f.ClientFrame] = []

    async def send(self, frame: f.ClientFrame) -> None:
        self.sent.append(frame)

    async def close(self) -> None:
        pass

    def take(self, *kinds: type) -> list[Any]:
        """The frames of these kinds since the last call."""
        taken, self.sent = self.sent, []
        return [frame for frame in taken if isinstance(frame, kinds)]


@pytest.fixture
async def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
async def session(connection: FakeConnection) -> Session:
    made = Session("ws://talk.example", "garden", None, {}, None, None)
    made._connection = connection  # type: ignore[assignment]
    connect(made, connection)
    await asyncio.sleep(2)
    connection.sent.clear()
    return made


def connect(session: Session, connection: FakeConnection, user_count: int = 1) -> None:
    connection.number += 1
    session.opened()
    session.received(
        f.UserSync(
            message_id="s", channel_id="garden", user_id="ann", connection_id="c", users=[ANN], user_count=user_count,
            messages=[], timestamp=round(time.time() * 1000), ttl=f.Life(5000, 0, 0, 5000), limits=LIMITS,
            epoch="a", seq=5,
        )
    )  # fmt: skip


def joined(seq: int = 6) -> f.UserJoined:
    return f.UserJoined(
        message_id="j", channel_id="garden", timestamp=1, user_id=f"user-{seq}", name="N", color="plum", joined_at=3,
        epoch="a", seq=seq,
    )  # fmt: skip


async def test_w16_a_newcomer_gets_cursor_and_draft_as_they_are_then(
    session: Session, connection: FakeConnection
) -> None:
    await session.show_cursor(f.MoveCursor(f.Position(1, 1)))
    await session.show_draft(f.PostTyping("m", "hel", f.Position(0, 0)))
    connection.take()
    session.received(joined())
    await session.show_cursor(f.MoveCursor(f.Position(2, 2)))
    await session.show_draft(f.PostTyping("m", "", f.Position(0, 0)))
    connection.take()
    await asyncio.sleep(1.1)
    assert connection.take(f.MoveCursor, f.PostTyping) == [f.MoveCursor(f.Position(2, 2))], "the draft was abandoned"


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "ordinary"])
async def test_w192_the_address_of_a_sealed_channel_has_neither_profile_nor_view(is_sealed: bool) -> None:
    link = SealedLink.new("garden")
    profile: dict[str, str | None] = {"name": "Wilhelmina", "color": "teal", "on_map": "0"}
    translator = Translator(link, profile, time.monotonic) if is_sealed else None
    session = Session("ws://talk.example", link.channel, None, profile, "i1", None, translator)
    await session.show_view(f.ShowView(f.Position(8675309, 7654321), 1280, 720))
    query = dict(parse_qsl(urlsplit(session.address()[0]).query))
    open_to_server = {"channel": link.channel, "invite": "i1"}
    assert open_to_server.items() <= query.items()
    private = {"name", "color", "on_map", "x", "y", "w", "h"}
    assert private & set(query) == (set() if is_sealed else private)


async def test_w19_a_snapshot_is_asked_for_until_it_comes(session: Session, connection: FakeConnection) -> None:
    session.received(joined(seq=9))
    await asyncio.sleep(2.5)
    assert len(connection.take(f.AskSync)) == 3
    connect(session, connection)
    await asyncio.sleep(5)
    assert connection.take(f.AskSync) == []


async def test_w20_unknown_members_are_asked_for_together_and_once(
    session: Session, connection: FakeConnection
) -> None:
    connect(session, connection, user_count=1000)
    for _ in range(2):
        session.received(f.Cursors(cursors=[(f"user-{number}", 1.0, 1.0) for number in range(120)]))
        await asyncio.sleep(4)
    asked = [frame.user_ids for frame in connection.take(f.AskWho)]
    assert [len(ids) for ids in asked] == [50, 50, 20]
    assert len({user_id for ids in asked for user_id in ids}) == 120


async def test_w10_what_has_no_ack_is_sent_on_the_next_connection_and_acked_once(
    session: Session, connection: FakeConnection
) -> None:
    posts = [f.PostChat(f"m{number}", "hello", f.Position(0, 0)) for number in range(3)]
    posting = [asyncio.create_task(session.post(post, 30)) for post in posts]
    await asyncio.sleep(0)
    session.received(f.Ack(message_id="m1", timestamp=1, expires_at=2))
    await asyncio.sleep(0)
    assert connection.take(f.PostChat) == posts
    session.broke("the cable", 1.0)
    await asyncio.sleep(1)
    connect(session, connection)
    await asyncio.sleep(0.1)
    assert connection.take(f.PostChat) == [posts[0], posts[2]]
    for message_id in ("m0", "m2"):
        session.received(f.Ack(message_id=message_id, timestamp=1, expires_at=2))
    assert [ack.message_id for ack, _ in await asyncio.gather(*posting)] == ["m0", "m1", "m2"]


async def test_w21_the_clock_is_measured_often_at_first_and_on_the_current_connection_only(
    session: Session, connection: FakeConnection
) -> None:
    connect(session, connection)
    await asyncio.sleep(1)
    assert len(connection.take(f.Ping)) == 3
    await asyncio.sleep(61)
    # Two of this connection; the first connection's measurements have ended.
    assert len(connection.take(f.Ping)) == 2


async def test_without_a_connection_volatile_frames_are_dropped(session: Session, connection: FakeConnection) -> None:
    session.broke("the cable", 1.0)
    await session.show_cursor(f.MoveCursor(f.Position(1, 1)))
    assert connection.take(f.MoveCursor) == []
    connect(session, connection)
    await asyncio.sleep(1.1)
    assert connection.take(f.MoveCursor) == [f.MoveCursor(f.Position(1, 1))], "others see it when it is back"


async def test_w160_the_view_is_sent_in_a_crowd_only_and_at_most_four_times_a_second(
    session: Session, connection: FakeConnection
) -> None:
    view = f.ShowView(f.Position(5, 6), 700, 500)
    await session.show_view(view)
    assert not connection.take(f.ShowView)
    session.received(f.CrowdFrame(on=True))
    await asyncio.sleep(0)
    assert connection.take(f.ShowView) == [view]
    for x in range(50):
        await session.show_view(f.ShowView(f.Position(x, 0), 700, 500))
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    sent = connection.take(f.ShowView)
    assert len(sent) <= 5
    assert sent[-1].position == f.Position(49, 0)
    session.received(f.CrowdFrame(on=False))
    await session.show_view(view)
    await asyncio.sleep(1)
    assert not connection.take(f.ShowView)


async def test_w32_followers_get_the_view(session: Session, connection: FakeConnection) -> None:
    views = [f.ShowView(f.Position(x, 6), 700, 500) for x in (5, 6)]
    await session.show_view(views[0])
    session.received(f.Followed(user_id="bob"))
    await asyncio.sleep(0)
    assert connection.take(f.ShowView) == [views[0]]
    await session.show_view(views[1])
    await asyncio.sleep(0.3)
    assert connection.take(f.ShowView) == [views[1]]


async def test_w162_the_address_says_what_the_client_shows(session: Session) -> None:
    assert "x=" not in session.address()[0]
    await session.show_view(f.ShowView(f.Position(5, 6), 700, 500))
    assert session.address()[0].endswith("x=5&y=6&w=700&h=500")


async def test_w167_cursors_and_drafts_keep_to_the_pace_until_the_crowd_is_over(
    session: Session, connection: FakeConnection
) -> None:
    session.received(f.CrowdFrame(on=True))
    session.received(f.PaceFrame(cursors_per_second=4, drafts_per_second=2))
    await asyncio.sleep(2)
    connection.sent.clear()

    async def move() -> tuple[int, int]:
        for x in range(50):
            await session.show_cursor(f.MoveCursor(f.Position(x, 0)))
            await session.show_draft(f.PostTyping("m1", f"{x}", f.Position(0, 0)))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.6)
        sent = connection.take(f.MoveCursor, f.PostTyping)
        cursors = [frame for frame in sent if isinstance(frame, f.MoveCursor)]
        drafts = [frame for frame in sent if isinstance(frame, f.PostTyping)]
        assert (cursors[-1].position.x, drafts[-1].payload) == (49, "49")
        return len(cursors), len(drafts)

    assert await move() == (5, 3)
    await session.show_draft(f.PostTyping("m1", "x", f.Position(0, 0)))
    await session.show_draft(f.PostTyping("m1", "xy", f.Position(0, 0)))
    await session.show_draft(f.PostTyping("m1", "", f.Position(0, 0)))
    await asyncio.sleep(2)
    assert [frame.payload for frame in connection.take(f.PostTyping)][-1] == "", "a draft that is given up stays so"
    session.received(f.CrowdFrame(on=False))
    await asyncio.sleep(2)
    connection.sent.clear()
    assert await move() == (50, 50)


async def test_after_close_no_frame_changes_what_is_known(session: Session, connection: FakeConnection) -> None:
    """Frames still come while `close` waits for the answer to its close frame."""
    closing = asyncio.create_task(session.close())
    await asyncio.sleep(0)
    before = list(session.events.waiting)
    session.received(joined())
    connect(session, connection, user_count=7)
    await closing
    assert not session.mirror.is_live
    assert session.mirror.roster.count == 1
    assert list(session.events.waiting) == before
    assert not session._tasks
