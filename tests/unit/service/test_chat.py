"""ChatService with a slow limiter, as one over Redis is, whose answers the test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.adapters.memory.messages import MemoryLiveMessages
from asocial.domain.admission import GRANTED, Duplicate, MessageLimits, Posting, Verdict
from asocial.domain.live_message import LiveMessage

from .test_sessions import Harness

LIFE_MS = 5000


class SlowLimiter(MemoryRateLimiter):
    """Answers when `answer` is called; `known` and `lost` are what it says of messages."""

    def __init__(self) -> None:
        super().__init__(lambda: 0)
        self.asked: list[Posting] = []
        self.told_posted: list[Posting] = []
        self.known: Duplicate | None = None
        self.lost = False
        self._waiting: list[asyncio.Future[None]] = []
        self._changed = asyncio.Condition()

    def admit_at_once(self, posting: Posting, limits: MessageLimits) -> Verdict | None:
        return None

    async def admit(self, posting: Posting, _limits: MessageLimits) -> Verdict:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        async with self._changed:
            self.asked.append(posting)
            self._changed.notify_all()
        await waiting
        return Verdict(duplicate=self.known) if self.known else GRANTED

    def posted(self, posting: Posting) -> None:
        self.told_posted.append(posting)

    async def is_lost(self, _posting: Posting) -> bool:
        return self.lost

    async def all_asked(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.asked) >= count)

    def answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.set_result(None)


@pytest.fixture
def limiter() -> SlowLimiter:
    return SlowLimiter()


@pytest.fixture
async def harness(limiter: SlowLimiter) -> AsyncIterator[Harness]:
    made = Harness(limiter=limiter)
    yield made
    await made.close()


async def at_once(harness: Harness, limiter: SlowLimiter, *says: Any) -> None:
    """All are asked for before the first is answered."""
    tasks = [asyncio.create_task(each) for each in says]
    await limiter.all_asked(len(tasks))
    limiter.answer()
    await asyncio.gather(*tasks)


async def test_w10_when_two_tabs_send_one_id_at_once_the_first_is_delivered(
    harness: Harness, limiter: SlowLimiter
) -> None:
    tab, one = await harness.enter("ann")
    other, two = await harness.enter("ann", "-tab")
    _, bob = await harness.enter("bob")
    await at_once(harness, limiter, harness.say(tab, "m", "yes"), harness.say(other, "m", "no"))
    assert [chat["payload"] for chat in bob.frames("chat")] == ["yes"]
    assert one.frames("ack") == two.frames("ack") != []
    assert len(limiter.told_posted) == 1


async def test_w10_a_message_posted_by_another_process_is_acked_with_its_times(
    harness: Harness, limiter: SlowLimiter
) -> None:
    session, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    limiter.known = Duplicate(harness.now_ms - 700, harness.now_ms - 700 + LIFE_MS)
    await at_once(harness, limiter, harness.say(session, "m"))
    (ack,) = ann.frames("ack")
    assert (ack["timestamp"], ack["expires_at"]) == limiter.known[:2]
    assert bob.frames("chat") == []


class SharedMessages(MemoryLiveMessages):
    """`elsewhere`: what other processes put into the store that they share."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: list[LiveMessage] = []

    async def load(self, channel: str, now_ms: int) -> list[LiveMessage]:
        return [*self.elsewhere, *await super().load(channel, now_ms)]


RESENT = {
    # (posted for sure, the same text, in the shared store, lost) and whether it is posted here
    "another text": ((True, False, False, False), False),
    "another text of a dead process": ((False, False, False, True), False),
    "never posted": ((False, True, False, True), True),
    "posted at last": ((False, True, True, False), False),
    "posted and in the store": ((True, True, True, False), False),
    "posted, and lost on its way to the store": ((True, True, False, False), True),
}


@pytest.mark.parametrize(("case", "posted"), RESENT.values(), ids=RESENT.keys())
async def test_w10_a_message_of_another_process_is_posted_here_only_if_no_process_may_have_posted_it(
    limiter: SlowLimiter, case: tuple[bool, bool, bool, bool], posted: bool
) -> None:
    live = SharedMessages()
    harness = Harness(limiter=limiter, live=live)
    session, ann = await harness.enter("ann")
    _, bob = await harness.enter("bob")
    sure, repeated, stored, lost = case
    known = limiter.known = Duplicate(
        harness.now_ms - 700, harness.now_ms - 700 + LIFE_MS, confirmed=sure, same_text=repeated
    )
    limiter.lost = lost
    if stored:
        live.elsewhere.append(LiveMessage("ann", "m", known.timestamp, known.expires_at, b"{}"))
    await at_once(harness, limiter, harness.say(session, "m"))
    (ack,) = ann.frames("ack")
    assert (ack["timestamp"], ack["expires_at"]) == known[:2]
    assert [(chat["timestamp"], chat["expires_at"]) for chat in bob.frames("chat")] == [known[:2]] * posted
    kept = live.find("garden", "ann", "m", harness.now_ms) is not None
    assert kept == (posted or stored), "this process vouches for what it acknowledges"
    await harness.close()


async def test_w73_only_the_first_frame_of_a_draft_takes_a_slot(harness: Harness, limiter: SlowLimiter) -> None:
    session, _ = await harness.enter("ann")
    _, bob = await harness.enter("bob")

    async def typed() -> None:
        for letters in ("h", "he", "hey"):
            await harness.send(session, type="typing", message_id="m", payload=letters, position={"x": 0, "y": 0})

    await at_once(harness, limiter, typed())
    assert [posting.kind for posting in limiter.asked] == ["draft"]
    assert bob.frames("typing")[-1]["payload"] == "hey"


async def test_w73_a_colour_change_needs_no_slot(harness: Harness, limiter: SlowLimiter) -> None:
    session, ann = await harness.enter("ann")
    name = session.member.name
    await harness.send(session, type="profile", name=name, color="jade")
    assert limiter.asked == []
    await at_once(harness, limiter, harness.send(session, type="profile", name="Ann", color="jade"))
    assert [posting.kind for posting in limiter.asked] == ["name"]
    assert [frame["name"] for frame in ann.frames("user_updated")] == [name, "Ann"]


async def test_w112_w85_live_messages_and_strokes_keep_the_life_they_have_left_when_the_clock_is_set() -> None:
    harness = Harness()
    ann, _ = await harness.enter("ann")
    await harness.say(ann, "word")
    await harness.send(ann, type="stroke", message_id="line", points=[[0, 0], [1, 1]], done=True)
    before = harness.chat.local_messages()["garden"]
    harness.now_ms += 60_000
    harness.chat.shift_clock(60_000)
    after = harness.chat.local_messages()["garden"]
    assert [(each.message_id, each.stroke) for each in after] == [("word", False), ("line", True)]
    for old, new in zip(before, after, strict=True):
        frame = json.loads(new.body)
        assert (frame["timestamp"], frame["expires_at"]) == (new.timestamp, new.expires_at)
        assert (new.timestamp, new.expires_at) == (old.timestamp + 60_000, old.expires_at + 60_000)
    assert json.loads(after[1].body)["points"] == [[0.0, 0.0], [1.0, 1.0]]
    await harness.close()
