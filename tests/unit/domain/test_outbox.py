"""The outbox: who gets which bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from asocial.domain.flush import SLICE_BYTES, Flush, FlushLimit
from asocial.domain.message import Position
from asocial.domain.outbox import CURSOR_BYTES, MAX_TRANSIENT_FRAMES, REMOTE_DRAIN_DIVISOR, Outbox

T = TypeVar("T")

NO_BOUND = FlushLimit(2**62, 2**62)


def received(flush: Flush[str], connection: str) -> tuple[bytes, bytes]:
    """(Everything, reliable only) as a connection gets it."""
    everything = flush.pieces(connection) if connection in flush.personal else [flush.shared.data]
    return b"".join(everything), b"".join(flush.pieces(connection, reliable_only=True))


def test_everyone_gets_the_join_and_the_sender_its_reply_in_place() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a1]", "ann", b"(ack a1)")
    outbox.post(b"[b1]", "bob", b"(ack b1)")
    outbox.post(b"[a2]", "ann", b"(ack a2)")
    flush = outbox.take(b"", NO_BOUND)
    assert received(flush, "cat") == (b"[a1][b1][a2]", b"[a1][b1][a2]")
    assert received(flush, "ann") == (b"(ack a1)[b1](ack a2)", b"(ack a1)[b1](ack a2)")
    assert received(flush, "bob") == (b"[a1](ack b1)[a2]", b"[a1](ack b1)[a2]")
    assert (flush.reliable, flush.volatile) == (b"[a1][b1][a2]", b"")


def test_a_flush_leaves_nothing_behind() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a1]", "ann", b"(ack)")
    outbox.set_draft("bob", "b1", b"<b>")
    outbox.set_drawing("bob", "b2", b"<line>")
    outbox.set_cursor("ann", Position(1, 2))
    outbox.add_batch(b"[r]", b"<r>")
    outbox.attach("cat")
    outbox.take_cursors(NO_BOUND)
    outbox.take(b"", NO_BOUND)
    assert not outbox
    assert not outbox.has_cursors
    empty = outbox.take(b"", NO_BOUND)
    assert (received(empty, "cat"), empty.personal) == ((b"", b""), {})
    assert (empty.reliable, empty.volatile) == (b"", b"")


def test_only_the_latest_draft_of_a_sender_leaves_and_not_to_the_sender() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_draft("ann", "a1", b"<a:h>")
    outbox.set_draft("bob", "b1", b"<b>")
    outbox.set_draft("ann", "a1", b"<a:hello>")
    flush = outbox.take(b"{cursors}", NO_BOUND)
    assert received(flush, "cat") == (b"<a:hello><b>{cursors}", b"")
    assert received(flush, "ann") == (b"<b>{cursors}", b"")
    assert received(flush, "bob") == (b"<a:hello>{cursors}", b"")


def test_w13_a_message_removes_its_pending_draft_and_no_other() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_draft("ann", "a1", b"<a1>")
    outbox.post(b"[a1]", "ann", b"", replaces="a1")
    outbox.set_draft("bob", "b2", b"<b2>")
    outbox.post(b"[b1]", "bob", b"", replaces="b1")
    assert received(outbox.take(b"", NO_BOUND), "cat") == (b"[a1][b1]<b2>", b"[a1][b1]")


def test_w110_only_the_latest_state_of_a_stroke_leaves_beside_the_draft() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_drawing("ann", "s1", b"<s:1>")
    assert outbox
    outbox.set_draft("ann", "a1", b"<a>")
    outbox.set_drawing("bob", "s2", b"<s2>")
    outbox.set_drawing("ann", "s1", b"<s:2>")
    flush = outbox.take(b"{cursors}", NO_BOUND)
    assert received(flush, "cat") == (b"<a><s:2><s2>{cursors}", b"")
    assert received(flush, "ann") == (b"<s2>{cursors}", b"")
    assert (flush.counts.drafts, flush.counts.draft_bytes) == (3, len(b"<a><s:2><s2>"))


def test_w110_a_finished_stroke_removes_its_waiting_state_and_no_other() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_drawing("ann", "s1", b"<s1>")
    outbox.set_drawing("bob", "s2", b"<s2>")
    outbox.set_draft("ann", "a1", b"<a1>")
    outbox.post(b"[s1]", "ann", b"", replaces="s1")
    outbox.post(b"[b]", "bob", b"", replaces="b")
    assert received(outbox.take(b"", NO_BOUND), "cat") == (b"[s1][b]<a1><s2>", b"[s1][b]")


def test_w110_the_stroke_of_a_detached_member_is_not_sent() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_drawing("ann", "s1", b"<s1>")
    outbox.detach("ann", None)
    assert not outbox


def test_a_latecomer_gets_only_what_was_posted_after_it_came() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[old]", "ann", b"(ack)")
    outbox.add_batch(b"[far-old]", b"<far-old>")
    outbox.attach("late")
    outbox.post(b"[new]")
    outbox.add_batch(b"[far-new]", b"<far-new>")
    flush = outbox.take(b"", NO_BOUND)
    assert received(flush, "late") == (b"[new][far-new]<far-new>", b"[new][far-new]")
    assert received(flush, "bob") == (
        b"[old][new][far-old]<far-old>[far-new]<far-new>",
        b"[old][new][far-old][far-new]",
    )


def test_a_latecomer_that_sends_in_its_first_flush_gets_its_reply() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[old]")
    outbox.attach("late")
    outbox.post(b"[mine]", "late", b"(ack)")
    outbox.post(b"[new]")
    assert received(outbox.take(b"", NO_BOUND), "late") == (b"(ack)[new]", b"(ack)[new]")


def test_frames_of_other_processes_are_not_handed_to_the_broker_again() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[here]")
    outbox.add_batch(b"[there]", b"<there>")
    flush = outbox.take(b"", NO_BOUND)
    assert (flush.reliable, flush.volatile) == (b"[here]", b"")
    assert received(flush, "cat") == (b"[here][there]<there>", b"[here][there]")


def test_w13_a_draft_of_another_process_does_not_follow_its_end() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.add_batch(b"", b"<draft>")
    outbox.add_batch(b"[its end]", b"")
    assert received(outbox.take(b"", NO_BOUND), "cat") == (b"<draft>[its end]", b"[its end]")


def test_cursors_are_each_users_latest_and_a_gone_users_are_forgotten() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_cursor("ann", Position(1, 1))
    outbox.set_cursor("bob", Position(5, 5))
    outbox.set_cursor("ann", Position(2, 3))
    outbox.detach("bobs connection", "bob")
    assert outbox.take_cursors(NO_BOUND) == [("ann", 2, 3)]


def test_a_detached_members_message_is_sent_but_not_its_draft() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[last words]", "ann", b"(ack)")
    outbox.set_draft("ann", "a2", b"<unfinished>")
    outbox.detach("ann", None)
    flush = outbox.take(b"", NO_BOUND)
    assert received(flush, "bob") == (b"[last words]", b"[last words]")


def test_a_sender_gets_slices_of_what_everyone_gets_and_no_copy() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"b" * SLICE_BYTES)
    for _ in range(16):
        outbox.post(b"[mine]", "ann", b"(ack)")
    outbox.post(b"a" * SLICE_BYTES)
    flush = outbox.take(b"", NO_BOUND)
    before, acks, after = flush.pieces("ann")
    assert isinstance(before, memoryview)
    assert isinstance(after, memoryview)
    assert before.obj is after.obj is flush.shared.data
    assert acks == b"(ack)" * 16, "frames of one sender that follow each other are one cut"


@pytest.mark.parametrize("senders", [1, 300])
def test_copied_bytes_grow_with_frames_and_not_with_frames_times_senders(senders: int) -> None:
    outbox: Outbox[int] = Outbox()
    for number in range(senders * 16):
        outbox.post(b"x" * 1150, number % senders, b"(ack)")
    flush = outbox.take(b"", NO_BOUND)
    copied = sum(len(piece) for each in range(senders) for piece in flush.pieces(each) if isinstance(piece, bytes))
    assert copied <= senders * 16 * SLICE_BYTES


def test_a_slow_reader_gets_the_reliable_part_as_slices_too() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"a" * SLICE_BYTES)
    outbox.set_draft("ann", "a1", b"<draft>")
    outbox.add_batch(b"b" * SLICE_BYTES, b"<far>")
    pieces = outbox.take(b"{cursors}", NO_BOUND).pieces("bob", reliable_only=True)
    assert [bytes(piece) for piece in pieces] == [b"a" * SLICE_BYTES, b"b" * SLICE_BYTES]
    assert all(isinstance(piece, memoryview) for piece in pieces)


def test_a_flush_is_bounded_and_the_rest_follows_in_order() -> None:
    outbox: Outbox[str] = Outbox()
    for number in range(5):
        outbox.post(b"[%d]" % number, "ann" if number % 2 else None, b"(%d)" % number if number % 2 else b"")
    assert received(outbox.take(b"", FlushLimit(2, 1000)), "ann") == (b"[0](1)", b"[0](1)")
    assert received(outbox.take(b"", FlushLimit(1000, 7)), "ann") == (b"[2](3)", b"[2](3)")
    assert received(outbox.take(b"", FlushLimit(1000, 7)), "ann") == (b"[4]", b"[4]")
    assert not outbox
    assert outbox.waiting_bytes == 0


def test_one_frame_fits_always() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a long frame]")
    outbox.post(b"[b]")
    outbox.add_batch(b"[a long batch]", b"")
    outbox.add_batch(b"[r]", b"")
    bound = FlushLimit(1, 1)
    assert outbox.would_leave_frames(bound)
    assert outbox.take(b"", bound).shared.data == b"[a long frame][a long batch]"
    assert not outbox.would_leave_frames(bound)
    assert outbox.take(b"", bound).shared.data == b"[b][r]"
    assert not outbox


def test_w13_volatile_frames_never_overtake_frames_that_wait() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post(b"[a1]", "ann", b"(ack)")
    outbox.post(b"[a2]", "ann", b"(ack)")
    outbox.set_draft("ann", "a3", b"<a3>")
    outbox.post_transient("ann", b"<heart>")
    assert outbox.take(b"", FlushLimit(1, 1000)).shared.data == b"[a1]"
    assert outbox.take(b"", FlushLimit(1, 1000)).shared.data == b"[a2]<a3><heart>"


def test_drafts_that_do_not_fit_wait_and_the_oldest_goes_first() -> None:
    outbox: Outbox[str] = Outbox()
    for name in ("ann", "bob", "cat"):
        outbox.set_draft(name, "1", b"<%s>" % name.encode())
    outbox.set_draft("cat", "1", b"<c!!>")
    bound = FlushLimit(1000, 10)
    assert outbox.take(b"", bound).volatile == b"<ann><bob>"
    outbox.set_draft("ann", "1", b"<a!!>")
    assert outbox.take(b"", bound).volatile == b"<c!!><a!!>"
    assert not outbox


def test_cursors_that_do_not_fit_wait_and_the_oldest_goes_first() -> None:
    outbox: Outbox[str] = Outbox()
    for number, name in enumerate(("ann", "bob", "cat")):
        outbox.set_cursor(name, Position(number, 0))
    bound = FlushLimit(1000, CURSOR_BYTES * 2)
    assert [name for name, _, _ in outbox.take_cursors(bound)] == ["ann", "bob"]
    outbox.set_cursor("ann", Position(7, 7))
    assert outbox.take_cursors(bound) == [("cat", 2, 0), ("ann", 7, 7)]
    assert not outbox.has_cursors


def test_a_latecomer_is_late_until_all_that_waited_has_left() -> None:
    outbox: Outbox[str] = Outbox()
    for number in range(3):
        outbox.post(b"[%d]" % number)
        outbox.add_batch(b"[far%d]" % number, b"")
    outbox.attach("late")
    outbox.post(b"[new]", "late", b"(ack)")
    outbox.add_batch(b"[far new]", b"")
    bound = FlushLimit(2, 10)
    got = b"".join(received(outbox.take(b"", bound), "late")[0] for _ in range(6))
    assert got == b"(ack)[far new]"
    assert not outbox


def test_frames_of_other_processes_are_bounded() -> None:
    outbox: Outbox[str] = Outbox()
    for _ in range(200):
        for _ in range(100):
            outbox.add_batch(b"x" * 100, b"")
        outbox.take(b"", FlushLimit(1000, 1000))
    left = 0
    while outbox:
        left += len(outbox.take(b"", NO_BOUND).shared.data)
    assert left < (REMOTE_DRAIN_DIVISOR + 1) * 10_000


class Naive:
    """The same rules in the plainest way: a list of frames for each connection, nothing joined or shared."""

    def __init__(self) -> None:
        self.present: list[str] = []
        self.frames: list[tuple[bytes, str | None, bytes, set[str]]] = []
        self.batches: list[tuple[bytes, bytes, set[str]]] = []
        self.drafts: dict[str, tuple[str, bytes]] = {}
        self.drawings: dict[str, tuple[str, bytes]] = {}
        self.reactions: list[tuple[str, bytes]] = []

    def post(self, frame: bytes, sender: str | None = None, reply: bytes = b"", replaces: str = "") -> None:
        self.frames.append((frame, sender, reply, set(self.present)))
        if sender is not None and replaces and self.drafts.get(sender, ("",))[0] == replaces:
            del self.drafts[sender]
        elif sender is not None and replaces and self.drawings.get(sender, ("",))[0] == replaces:
            del self.drawings[sender]

    def set_draft(self, sender: str, message_id: str, frame: bytes) -> None:
        self.drafts[sender] = (message_id, frame)

    def set_drawing(self, sender: str, message_id: str, frame: bytes) -> None:
        self.drawings[sender] = (message_id, frame)

    def post_transient(self, sender: str, frame: bytes) -> None:
        if len(self.reactions) < MAX_TRANSIENT_FRAMES:
            self.reactions.append((sender, frame))

    def add_batch(self, reliable: bytes, volatile: bytes) -> None:
        self.batches.append((reliable, volatile, set(self.present)))

    def attach(self, name: str) -> None:
        self.present.append(name)

    def detach(self, name: str, _user_id: str) -> None:
        self.present.remove(name)
        self.drafts.pop(name, None)
        self.drawings.pop(name, None)
        self.reactions = [each for each in self.reactions if each[0] != name]

    def take(self, cursors: bytes, bound: FlushLimit) -> dict[str, tuple[bytes, bytes]]:
        frames = fitting(self.frames, bound.frames, bound.bytes, lambda each: len(each[0]))
        share = sum(len(reliable + passing) for reliable, passing, _ in self.batches) // REMOTE_DRAIN_DIVISOR
        batches = fitting(self.batches, 10**6, max(bound.bytes, share), lambda each: len(each[0]) + len(each[1]))
        volatile: list[tuple[str, bytes]] = []
        if not self.frames:
            both = (self.drafts, self.drawings)
            waiting = [(of, sender, frame) for of in both for sender, (_, frame) in of.items()]
            leaving = fitting(waiting, 10**6, bound.bytes, lambda each: len(each[2]))
            volatile = [(sender, frame) for _, sender, frame in leaving]
            for of, sender, _ in leaving:
                del of[sender]
            volatile += self.reactions
            self.reactions = []
        return {
            name: (
                b"".join(
                    [reply if sender == name else frame for frame, sender, reply, there in frames if name in there]
                    + [frame for sender, frame in volatile if sender != name]
                    + [cursors]
                    + [reliable + passing for reliable, passing, there in batches if name in there]
                ),
                b"".join(
                    [reply if sender == name else frame for frame, sender, reply, there in frames if name in there]
                    + [reliable for reliable, _, there in batches if name in there]
                ),
            )
            for name in self.present
        }


def fitting(waiting: list[T], most: int, most_bytes: int, size: Callable[[T], int]) -> list[T]:
    """Take from the front of `waiting` what fits: one always does."""
    taken: list[T] = []
    while waiting and len(taken) < most and (not taken or sum(map(size, [*taken, waiting[0]])) <= most_bytes):
        taken.append(waiting.pop(0))
    return taken


KINDS = [
    *(
        "post",
        "post",
        "post",
        "several",
        "event",
        "attach",
        "detach",
        "flush",
        "flush",
        "draft",
        "draw",
        "end",
        "react",
    ),
    "remote",
]


@pytest.mark.parametrize("seed", range(100))
def test_random_members_get_exactly_their_frames(seed: int) -> None:
    """Each recipient's bytes are those of the naive model, for any sequence and with bounds of all sizes."""
    chance = random.Random(seed)
    outbox: Outbox[str] = Outbox()
    naive = Naive()

    def do(what: str, *given: Any) -> None:
        getattr(outbox, what)(*given)
        getattr(naive, what)(*given)

    def flush(cursors: bytes, bound: FlushLimit) -> None:
        taken, expected = outbox.take(cursors, bound), naive.take(cursors, bound)
        assert {name: received(taken, name) for name in naive.present} == expected
        assert outbox.waiting_bytes == sum(len(frame) for frame, *_ in naive.frames)

    do("attach", "c0")
    for step in range(200):
        pad = b"." * chance.choice([0, 0, 0, 30, SLICE_BYTES])
        someone = chance.choice(naive.present)
        match chance.choice(KINDS):
            case "post":
                do("post", b"[%d%s]" % (step, pad), someone, b"(%d)" % step)
            case "several":
                for _ in range(chance.randrange(2, 16)):
                    do("post", b"[%d%s]" % (step, pad), someone, b"(%d)" % step)
            case "event":
                do("post", b"[%d%s]" % (step, pad))
            case "attach":
                do("attach", f"c{step}")
            case "detach" if len(naive.present) > 1:
                do("detach", someone, someone)
            case "draft":
                do("set_draft", someone, f"m{step}", b"<%d%s>" % (step, pad))
            case "draw":
                do("set_drawing", someone, f"s{step}", b"~%d%s~" % (step, pad))
            case "end" if naive.drafts or naive.drawings:
                ending = chance.choice([drafts for drafts in (naive.drafts, naive.drawings) if drafts])
                sender = chance.choice(sorted(ending))
                do("post", b"[%d]" % step, sender, chance.choice([b"", b"(%d)" % step]), ending[sender][0])
            case "react":
                do("post_transient", someone, b"/%d/" % step)
            case "remote":
                do("add_batch", b"|%d%s|" % (step, pad), chance.choice([b"", b"<far%d>" % step]))
            case "flush":
                cursors = chance.choice([b"", b"{%d}" % step])
                bound = FlushLimit(chance.choice([1, 3, 1000]), chance.choice([1, 10, 100, 3000, 10**6]))
                flush(b"" if outbox.would_leave_frames(bound) else cursors, bound)
    while outbox:
        flush(b"", FlushLimit(2, 50))
    assert (naive.frames, naive.batches, naive.drafts, naive.drawings, naive.reactions) == ([], [], {}, {}, [])


def test_w30_reactions_of_one_sender_do_not_replace_each_other_and_do_not_come_back_to_it() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.set_draft("ann", "a1", b"<draft>")
    for frame in (b"<1>", b"<2>"):
        outbox.post_transient("ann", frame)
        outbox.post_transient("bob", frame.replace(b">", b"b>"))
    assert outbox, "a flush is owed"
    flush = outbox.take(b"{cursors}", NO_BOUND)
    assert received(flush, "cat") == (b"<draft><1><1b><2><2b>{cursors}", b"")
    assert received(flush, "ann") == (b"<1b><2b>{cursors}", b"")
    assert received(flush, "bob") == (b"<draft><1><2>{cursors}", b"")
    assert (flush.reliable, flush.volatile) == (b"", b"<draft><1><1b><2><2b>{cursors}")
    assert not outbox


def test_w30_a_flush_carries_a_limited_number_of_reactions_and_none_of_users_who_left() -> None:
    outbox: Outbox[str] = Outbox()
    outbox.post_transient("bob", b"<b>")
    for _ in range(MAX_TRANSIENT_FRAMES + 10):
        outbox.post_transient("ann", b"<a>")
    outbox.detach("bob", "bob")
    assert outbox.take(b"", NO_BOUND).volatile == b"<a>" * (MAX_TRANSIENT_FRAMES - 1)
