from __future__ import annotations

from asocial.domain.received import MAX_PUBLISHERS, MAX_SPANS, Received


def test_each_batch_is_new_once() -> None:
    received = Received()
    spans = ((7, 1), (8, 3), (8, 3), (11, 1), (10, 2), (6, 2), (5, 2))
    assert [received.add(b"one", *span) for span in spans] == [True, True, False, True, False, False, True]
    assert received.add(b"two", 8, 3)


def test_a_skipped_batch_may_arrive_later() -> None:
    received = Received()
    for number in (1, 2, 6, 7):
        received.add(b"one", number, 1)
    assert [received.has(b"one", number) for number in range(9)] == [n in (1, 2, 6, 7) for n in range(9)]
    assert [received.add(b"one", number, 1) for number in (4, 3, 4, 5, 6, 8)] == [True, True, False, True, False, True]
    assert not received.has(b"another", 1)


def test_handled_frames_are_removed_and_later_ones_stay() -> None:
    received = Received()
    for number in (1, 4, 9):
        received.add(b"one", number, 2)
    received.mark_received_up_to(b"one", 7)
    assert [number for number in range(12) if received.has(b"one", number)] == [*range(8), 9, 10]
    assert [received.add(b"one", *span) for span in ((6, 2), (7, 2), (8, 1))] == [False, False, True]
    received.mark_received_up_to(b"two", 3)
    assert received.has(b"two", 3)


def test_memory_is_bounded() -> None:
    received = Received()
    for number in range(0, 10 * MAX_SPANS, 2):
        received.add(b"gaps", number, 1)
    assert sum(received.has(b"gaps", number) for number in range(10 * MAX_SPANS)) == MAX_SPANS
    for publisher in range(2 * MAX_PUBLISHERS):
        received.add(b"%d" % publisher, 1, 1)
    assert sum(received.has(b"%d" % publisher, 1) for publisher in range(2 * MAX_PUBLISHERS)) == MAX_PUBLISHERS
