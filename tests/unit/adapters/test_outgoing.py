"""Bytes that wait for one connection: their order, references instead of copies, and a count that returns to zero."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import pytest

from asocial.adapters.http.outgoing import HANDOVER_BYTES, PIECE_BYTES, Outgoing
from asocial.domain.errors import Disconnect, TooSlow
from asocial.domain.flush import Shared
from asocial.service.backlog import Backlog
from asocial.service.counters import Counters
from asocial.service.writing import UNSENT_LIMIT_BYTES


class FakeTransport(asyncio.Transport):
    """Sends `room` bytes, keeps the rest by reference, and pauses and resumes as a transport with limits of 0 does."""

    def __init__(self) -> None:
        super().__init__()
        self.room = 0
        self.sent = b""
        self.buffered: list[bytes | bytearray | memoryview] = []
        self.outgoing: Ours
        self.aborted = self.paused = False

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self.buffered))

    def is_closing(self) -> bool:
        return self.aborted

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writelines([data])

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.buffered += list_of_data
        self._send()
        if self.buffered and not self.paused:
            self.paused = True
            self.outgoing.pause()

    def take(self, size: int) -> None:
        """The client has read so much."""
        self.room += size
        self._send()
        if self.paused and not self.buffered:
            self.paused = False
            self.outgoing.resume()

    def abort(self) -> None:
        self.aborted = True
        self.buffered.clear()
        self.outgoing.lost()

    def _send(self) -> None:
        while self.buffered and self.room:
            piece = self.buffered.pop(0)
            now, later = piece[: self.room], piece[self.room :]
            self.sent += now
            self.room -= len(now)
            if later:
                self.buffered.insert(0, memoryview(piece)[len(now) :])


class Ours(Outgoing):
    closed_with: Disconnect | None = None

    def close(self, disconnect: Disconnect) -> None:
        if self.closed_with is None:
            self.closed_with = disconnect
            self._write_last(b"(close)", at_once=isinstance(disconnect, TooSlow))


def outgoing(backlog: Backlog) -> tuple[Ours, FakeTransport]:
    transport = FakeTransport()
    transport.outgoing = ours = Ours(transport, backlog)
    return ours, transport


def test_a_fast_reader_is_written_to_at_once_and_adds_nothing_to_the_backlog() -> None:
    backlog = Backlog(0, Counters())
    ours, transport = outgoing(backlog)
    transport.room = 100
    shared = Shared(b"[a][b][c]")
    ours.write(b"(1)")
    ours.deliver(shared)
    ours.deliver(shared, [memoryview(shared.data)[:3], b"(ack)", memoryview(shared.data)[6:]])
    assert transport.sent == b"(1)[a][b][c][a](ack)[c]"
    assert (ours.unsent_bytes, backlog.bytes, len(backlog._slow_readers)) == (0, 0, 0)


def test_waiting_bytes_are_one_shared_object() -> None:
    backlog = Backlog(0, Counters())
    shared = Shared(b"x" * 100_000)
    for number in range(50):
        ours, _ = outgoing(backlog)
        ours.write(b"(first)")  # which is not taken
        ours.deliver(shared)
        if number % 2:
            ours.deliver(shared, [memoryview(shared.data)[:50_000], b"(ack)"])
    assert shared.holders == 75
    assert backlog.bytes < len(shared.data) + 50 * (7 + 5 + 4 * PIECE_BYTES)
    assert ours.unsent_bytes == 7 + 100_000 + 50_005


def test_small_answers_are_joined_while_they_wait() -> None:
    backlog = Backlog(0, Counters())
    ours, transport = outgoing(backlog)
    ours.write(b"(first)")
    for _ in range(10_000):
        ours.write(b"\x8a\x00")
    assert backlog.bytes < 20_000 + 8 * PIECE_BYTES
    transport.take(10**6)
    assert transport.sent == b"(first)" + b"\x8a\x00" * 10_000
    assert (backlog.bytes, len(backlog._slow_readers), ours.unsent_bytes) == (0, 0, 0)


def test_w28_a_member_with_too_much_waiting_is_closed_and_its_memory_freed() -> None:
    backlog = Backlog(0, Counters())
    ours, transport = outgoing(backlog)
    ours.write(b"[first]")
    for _ in range(UNSENT_LIMIT_BYTES // 10_000 + 2):
        ours.write(b"y" * 10_000)
    assert isinstance(ours.closed_with, TooSlow)
    assert ours.unsent_bytes < 100, "what was queued is gone, and the close frame is there"
    assert backlog.bytes < 1000
    ours.write(b"[never]")
    transport.take(10**6)
    assert transport.sent == b"[first](close)"
    assert backlog.bytes == 0


def test_w70_above_the_total_limit_the_slowest_member_is_closed() -> None:
    backlog = Backlog(200_000, Counters())
    (far, _), (near, _) = outgoing(backlog), outgoing(backlog)
    for ours, size in ((far, 120_000), (near, 50_000)):
        ours.write(b"[first]")
        ours.write(b"y" * size)
    near.deliver(Shared(b"x" * 40_000))
    assert isinstance(far.closed_with, TooSlow)
    assert near.closed_with is None
    assert backlog.bytes < 100_000


def test_w70_bytes_in_the_transport_are_freed_on_close() -> None:
    backlog = Backlog(200_000, Counters())
    ours, transport = outgoing(backlog)
    ours.write(b"y" * 150_000)
    assert ours.unsent_bytes == 150_000
    assert transport.get_write_buffer_size() == HANDOVER_BYTES, "the rest can still be dropped"
    ours.deliver(Shared(b"x" * 60_000))
    assert transport.aborted, "half a frame is out: no close frame can follow"
    assert (backlog.bytes, len(backlog._slow_readers)) == (0, 0)


def test_a_connection_that_is_lost_leaves_nothing() -> None:
    backlog = Backlog(0, Counters())
    ours, transport = outgoing(backlog)
    shared = Shared(b"x" * 1000)
    ours.deliver(shared)
    ours.deliver(shared)
    ours.write(b"(answer)")
    transport.abort()
    assert (backlog.bytes, len(backlog._slow_readers), shared.holders, ours.unsent_bytes) == (0, 0, 0, 0)


@pytest.mark.parametrize("seed", range(50))
def test_any_order_of_writing_and_reading_keeps_the_bytes_and_the_count(seed: int) -> None:
    chance = random.Random(seed)
    backlog = Backlog(0, Counters())
    expected = b""
    ours, transport = outgoing(backlog)
    for step in range(300):
        size = chance.choice([1, 10, 3000, 20_000, HANDOVER_BYTES + 1])
        match chance.choice(["write", "deliver", "pieces", "take", "take"]):
            case "write" if ours.unsent_bytes <= UNSENT_LIMIT_BYTES:
                data = (b"%d" % step * size)[: size * chance.choice([1, 1, 3])]
                ours.write(data)
                expected += data
            case "deliver" if ours.unsent_bytes <= UNSENT_LIMIT_BYTES:
                shared = Shared(bytes([step % 256]) * size)
                ours.deliver(shared)
                expected += shared.data
            case "pieces" if ours.unsent_bytes + 2 * size <= UNSENT_LIMIT_BYTES:
                shared = Shared(bytes([step % 256]) * size)
                view = memoryview(shared.data)
                ours.deliver(shared, [view[: size // 2], b"(ack)", view[size // 2 :]])
                expected += shared.data[: size // 2] + b"(ack)" + shared.data[size // 2 :]
            case "take":
                transport.take(size * chance.choice([1, 3]))
        assert ours.unsent_bytes == len(expected) - len(transport.sent)
        assert (backlog.bytes == 0) == (ours.unsent_bytes == 0)
    transport.take(10**9)
    assert transport.sent == expected
    assert (backlog.bytes, len(backlog._slow_readers)) == (0, 0)
