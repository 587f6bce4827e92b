"""The index drops messages when they expire, also if they were replaced or cleared before."""

from __future__ import annotations

from asocial.domain.live_message import LiveMessage
from asocial.domain.live_message_index import MESSAGE_BYTES, SLOT_MS, LiveMessageIndex

NOW = 1_700_000_000_000


def said(name: str, at: int = NOW, life: int = 5_000) -> LiveMessage:
    return LiveMessage("ann", name, at, at + life, b"{}")


def test_a_read_drops_expired_messages_to_the_millisecond() -> None:
    living = LiveMessageIndex()
    for offset in range(2 * SLOT_MS):
        living.add("garden", said(f"m{offset}", NOW, 5_000 + offset))
    living.expire(NOW + 5_000 + SLOT_MS + 7)
    assert [message.message_id for message in living.of("garden", 0)] == [
        f"m{offset}" for offset in range(SLOT_MS + 8, 2 * SLOT_MS)
    ]
    living.expire(NOW + 5_000 + 2 * SLOT_MS)
    assert living.channels() == []


def test_adding_messages_drops_expired_ones_without_a_read() -> None:
    living = LiveMessageIndex()
    living.add("garden", said("old", life=1_000))
    living.add("square", said("new", NOW + 1_000 + SLOT_MS))
    assert living.channels() == ["square"]


def test_a_reused_id_lives_as_long_as_its_newest_message() -> None:
    living = LiveMessageIndex()
    living.add("garden", said("m1", life=1_000))
    again = said("m1", NOW + 1, life=9_000)
    living.add("garden", again)
    living.expire(NOW + 5_000)
    assert living.of("garden", NOW + 5_000) == [again]


def test_cleared_messages_do_not_return_and_are_cleared_once() -> None:
    living = LiveMessageIndex()
    before, after = said("before"), said("after", NOW + 10)
    living.add("garden", before)
    living.add("garden", after)
    assert living.forget("garden", NOW) == [before]
    living.expire(NOW + 5_000)
    assert living.of("garden", NOW) == [after]
    living.expire(NOW + 5_010)
    assert living.channels() == []


def test_w70_above_the_limit_messages_that_end_soonest_are_dropped() -> None:
    living = LiveMessageIndex(limit_bytes=100_000)
    for number in range(1_000):
        living.add(f"channel{number % 7}", said(f"m{number}", NOW + number, 60_000))
        assert living._bytes <= 100_000
    kept = sorted(message.timestamp for name in living.channels() for message in living.of(name, 0))
    assert kept == list(range(NOW + 1_000 - len(kept), NOW + 1_000)), "the newest"
    assert 100 < len(kept) < 100_000 // MESSAGE_BYTES
    for name in living.channels():
        living.forget(name, NOW + 10**6)
    # What was removed early keeps its memory until its life is over.
    living.expire(NOW + 10**6)
    assert living._bytes == 0


def test_w78_a_channel_keeps_its_newest_messages_and_counts_the_others() -> None:
    index = LiveMessageIndex(channel_messages=10)
    for number in range(25):
        index.add("garden", LiveMessage("ann", f"m{number}", number, 10_000, b"{}"))
    index.add("other", LiveMessage("ann", "m0", 25, 10_000, b"{}"))
    kept = [message.message_id for message in index.of("garden", 30)]
    assert kept == [f"m{number}" for number in range(25)][-len(kept) :]
    assert 8 <= len(kept) <= 10
    assert index.take_dropped() == 25 - len(kept)
    assert index.take_dropped() == 0
    assert len(index.of("other", 30)) == 1
