"""The outbox: who gets which bytes."""

from __future__ import annotations

import random

import pytest

from asocial.domain.message import Position
from asocial.domain.outbox import FLEETING_LIMIT, Flush, Outbox


def received(flush: Flush[str], connection: str) -> tuple[bytes, bytes]:
    """(Everything, reliable only) as a connection gets it."""
    return flush.personal.get(connection, flush.shared)


def test_everyone_gets_the_join_and_the_sender_its_reply_in_place() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a1]", "ann", b"(ack a1)")
    outbox.post(b"[b1]", "bob", b"(ack b1)")
    outbox.post(b"[a2]", "ann", b"(ack a2)")
    flush = outbox.take()
    assert received(flush, "cat") == (b"[a1][b1][a2]", b"[a1][b1][a2]")
    assert received(flush, "ann") == (b"(ack a1)[b1](ack a2)", b"(ack a1)[b1](ack a2)")
    assert received(flush, "bob") == (b"[a1](ack b1)[a2]", b"[a1](ack b1)[a2]")
    assert (flush.reliable, flush.volatile) == (b"[a1][b1][a2]", b"")


def test_a_flush_leaves_nothing_behind() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a1]", "ann", b"(ack)")
    outbox.draft("bob", "b1", b"<b>")
    outbox.cursor("ann", Position(1, 2))
    outbox.remote(b"[r]", b"<r>")
    outbox.attach("cat")
    outbox.take_cursors()
    outbox.take()
    assert not outbox
    assert not outbox.has_cursors
    empty = outbox.take()
    assert (empty.shared, empty.personal, empty.reliable, empty.volatile) == ((b"", b""), {}, b"", b"")


def test_only_the_latest_draft_of_a_sender_leaves_and_not_to_the_sender() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.draft("ann", "a1", b"<a:h>")
    outbox.draft("bob", "b1", b"<b>")
    outbox.draft("ann", "a1", b"<a:hello>")
    flush = outbox.take(b"{cursors}")
    assert received(flush, "cat") == (b"<a:hello><b>{cursors}", b"")
    assert received(flush, "ann") == (b"<b>{cursors}", b"")
    assert received(flush, "bob") == (b"<a:hello>{cursors}", b"")


def test_w13_a_message_takes_its_pending_draft_away_and_no_other() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.draft("ann", "a1", b"<a1>")
    outbox.post(b"[a1]", "ann", b"", replaces="a1")
    outbox.draft("bob", "b2", b"<b2>")
    outbox.post(b"[b1]", "bob", b"", replaces="b1")
    assert outbox.take().shared == (b"[a1][b1]<b2>", b"[a1][b1]")


def test_a_latecomer_gets_only_what_was_posted_after_it_came() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[old]", "ann", b"(ack)")
    outbox.remote(b"[far-old]", b"<far-old>")
    outbox.attach("late")
    outbox.post(b"[new]")
    outbox.remote(b"[far-new]", b"<far-new>")
    flush = outbox.take()
    assert received(flush, "late") == (b"[new][far-new]<far-new>", b"[new][far-new]")
    assert received(flush, "bob") == (
        b"[old][new][far-old]<far-old>[far-new]<far-new>",
        b"[old][new][far-old][far-new]",
    )


def test_a_latecomer_that_talks_in_its_first_flush_gets_its_reply() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[old]")
    outbox.attach("late")
    outbox.post(b"[mine]", "late", b"(ack)")
    outbox.post(b"[new]")
    assert received(outbox.take(), "late") == (b"(ack)[new]", b"(ack)[new]")


def test_frames_of_other_processes_are_not_handed_to_the_broker_again() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[here]")
    outbox.remote(b"[there]", b"<there>")
    flush = outbox.take()
    assert (flush.reliable, flush.volatile) == (b"[here]", b"")
    assert flush.shared == (b"[here][there]<there>", b"[here][there]")


def test_w13_a_draft_of_another_process_does_not_follow_its_end() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.remote(b"", b"<draft>")
    outbox.remote(b"[its end]", b"")
    assert outbox.take().shared == (b"<draft>[its end]", b"[its end]")


def test_cursors_are_each_users_latest_and_a_gone_users_are_forgotten() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.cursor("ann", Position(1, 1))
    outbox.cursor("bob", Position(5, 5))
    outbox.cursor("ann", Position(2, 3))
    outbox.detach("bobs connection", "bob")
    assert outbox.take_cursors() == [("ann", 2, 3)]


def test_who_detaches_leaves_its_message_but_not_its_draft() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[last words]", "ann", b"(ack)")
    outbox.draft("ann", "a2", b"<unfinished>")
    outbox.detach("ann", None)
    flush = outbox.take()
    assert flush.shared == (b"[last words]", b"[last words]")
    assert "ann" not in flush.personal


@pytest.mark.parametrize("seed", range(30))
def test_random_lives_get_exactly_what_is_theirs(seed: int) -> None:
    """Against a model that keeps a list per connection: nothing lost, doubled, reordered or sent back."""
    chance = random.Random(seed)
    outbox: Outbox[str] = Outbox()
    expected: dict[str, list[bytes]] = {"c0": [], "c1": []}
    actual: dict[str, bytes] = {"c0": b"", "c1": b""}
    for step in range(300):
        match chance.choice(["post", "post", "post", "event", "attach", "detach", "flush", "draft"]):
            case "post" if expected:
                sender, frame = chance.choice(sorted(expected)), b"[%d]" % step
                outbox.post(frame, sender, b"(%d)" % step)
                for connection, frames in expected.items():
                    frames.append(b"(%d)" % step if connection == sender else frame)
            case "event":
                outbox.post(b"[%d]" % step)
                for frames in expected.values():
                    frames.append(b"[%d]" % step)
            case "attach":
                outbox.attach(f"c{step}")
                expected[f"c{step}"], actual[f"c{step}"] = [], b""
            case "detach" if len(expected) > 1:
                gone = chance.choice(sorted(expected))
                outbox.detach(gone, None)
                del expected[gone], actual[gone]
            case "draft" if expected:
                outbox.draft(chance.choice(sorted(expected)), "m", b"<%d>" % step)
            case "flush":
                flush = outbox.take()
                for connection in expected:
                    actual[connection] += received(flush, connection)[1]
    flush = outbox.take()
    for connection, frames in expected.items():
        assert actual[connection] + received(flush, connection)[1] == b"".join(frames)


def test_w30_reactions_of_one_sender_do_not_replace_each_other_and_do_not_come_back_to_it() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.draft("ann", "a1", b"<draft>")
    for frame in (b"<1>", b"<2>"):
        outbox.fleeting("ann", frame)
        outbox.fleeting("bob", frame.replace(b">", b"b>"))
    assert outbox, "a flush is owed"
    flush = outbox.take(b"{cursors}")
    assert received(flush, "cat") == (b"<draft><1><1b><2><2b>{cursors}", b"")
    assert received(flush, "ann") == (b"<1b><2b>{cursors}", b"")
    assert received(flush, "bob") == (b"<draft><1><2>{cursors}", b"")
    assert (flush.reliable, flush.volatile) == (b"", b"<draft><1><1b><2><2b>{cursors}")
    assert not outbox


def test_w30_one_flush_carries_so_many_reactions_and_none_of_somebody_gone() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.fleeting("bob", b"<b>")
    for _ in range(FLEETING_LIMIT + 10):
        outbox.fleeting("ann", b"<a>")
    outbox.detach("bob", "bob")
    assert outbox.take().volatile == b"<a>" * (FLEETING_LIMIT - 1)
