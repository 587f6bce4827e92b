"""Bytes that wait for one connection: their order, references instead of copies, and a count that returns to zero."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import pytest
import uvloop

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


class Socketed(FakeTransport):
    """A transport with a real socket, `far` being the other end. What is written to it itself is in `given`."""

    def __init__(self, *, encrypted: bool = False, holding: bytes = b"") -> None:
        super().__init__()
        self.near, self.far = socket.socketpair()
        for each in (self.near, self.far):
            each.setblocking(False)
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self._encrypted = encrypted
        self.buffered = [holding] if holding else []
        self.given = 0

    def get_extra_info(self, name: str, default: object = None) -> object:
        return {"socket": self.near, "sslcontext": object() if self._encrypted else None}.get(name, default)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.given += 1
        super().writelines(list_of_data)

    def _send(self) -> None:
        """Only when the loop says that there is room: see `drain`."""

    def drain(self) -> None:
        while self.buffered:
            piece = self.buffered[0]
            try:
                sent = self.near.send(piece)
            except OSError:
                return
            self.buffered[0:1] = [memoryview(piece)[sent:]] if sent < len(piece) else []
        if self.paused:
            self.paused = False
            self.outgoing.resume()

    def read(self) -> bytes:
        try:
            return self.far.recv(1 << 20)
        except BlockingIOError:
            return b""


@pytest.fixture
def sockets() -> Iterator[list[Socketed]]:
    made: list[Socketed] = []
    yield made
    for each in made:
        each.near.close()
        each.far.close()


def socketed(sockets: list[Socketed], transport: Socketed) -> tuple[Ours, Socketed]:
    sockets.append(transport)
    transport.outgoing = ours = Ours(transport, Backlog(0, Counters()))
    return ours, transport


def test_bytes_go_to_the_socket_past_the_transport(sockets: list[Socketed]) -> None:
    ours, transport = socketed(sockets, Socketed())
    shared = Shared(b"[a][b][c]")
    ours.write(b"(1)")
    ours.deliver(shared)
    ours.deliver(shared, [memoryview(shared.data)[:3], b"(ack)", memoryview(shared.data)[6:]])
    ours.deliver(shared, [b"(2)"])
    assert transport.read() == b"(1)[a][b][c][a](ack)[c](2)"
    assert transport.given == 0


def test_a_connection_that_gets_nothing_of_a_flush_costs_no_system_call(
    sockets: list[Socketed], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, transport = socketed(sockets, Socketed())
    with monkeypatch.context() as patched:
        for name in ("write", "writev"):
            patched.setattr(os, name, _not_expected)
        ours.deliver(Shared(b"[joined]"), [])
    ours.write(b"(1)")
    assert transport.read() == b"(1)"
    assert transport.given == 0


def _not_expected(*_given: object) -> int:
    raise AssertionError("a system call")


@pytest.mark.parametrize("transport", [{"encrypted": True}, {"holding": b"HTTP/1.1 101\r\n\r\n"}])
def test_nothing_passes_a_transport_that_encrypts_or_still_has_bytes(
    sockets: list[Socketed], transport: dict[str, Any]
) -> None:
    ours, has = socketed(sockets, Socketed(**transport))
    ours.deliver(Shared(b"[a]"))
    assert has.read() == b""
    assert has.given == 1


def test_a_closing_transport_gets_nothing_more(sockets: list[Socketed]) -> None:
    ours, transport = socketed(sockets, Socketed())
    transport.aborted = True
    transport.far.close()
    ours.write(b"(1)")
    ours.deliver(Shared(b"[a]"))
    ours.deliver(Shared(b"[a]"), [b"[", b"a]"])
    assert transport.given == 0


class Served(asyncio.Protocol):
    """The server's end of a real connection."""

    made: asyncio.Queue[Served]
    was_open = False
    """Whether the descriptor was still open when the transport said that the connection is lost."""

    def __init__(self) -> None:
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast(asyncio.Transport, transport)
        transport.set_write_buffer_limits(0)
        self.transport = transport
        self.ours = Ours(transport, Backlog(0, Counters()))
        self.descriptor = transport.get_extra_info("socket").fileno()
        self.made.put_nowait(self)

    def connection_lost(self, _exc: Exception | None) -> None:
        os.fstat(self.descriptor)
        self.was_open = True
        self.ours.lost()
        self.lost.set_result(None)


@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop])
@pytest.mark.parametrize("how", ["abort", "close", "client resets"])
def test_no_bytes_go_to_a_descriptor_that_was_closed(
    new_loop: Callable[[], asyncio.AbstractEventLoop], how: str
) -> None:
    async def run() -> None:
        Served.made = asyncio.Queue()
        server = await asyncio.get_running_loop().create_server(Served, "127.0.0.1", 0)
        near, far = socket.socketpair()
        client = socket.create_connection(server.sockets[0].getsockname())
        with near, far, client:
            own = await Served.made.get()
            if how == "client resets":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.close()
            else:
                getattr(own.transport, how)()
                own.ours.deliver(Shared(b"[a]"))
            await own.lost
            assert own.was_open
            await asyncio.sleep(0)
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(own.descriptor)
            os.dup2(near.fileno(), own.descriptor)  # the next connection gets the same number
            own.ours.deliver(Shared(b"[b]"))
            own.ours.write(b"[c]")
            os.close(own.descriptor)
            far.setblocking(False)
            with pytest.raises(BlockingIOError):
                far.recv(100)
        server.close()

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(run(), 10))


def test_a_broken_socket_is_left_to_the_transport(sockets: list[Socketed]) -> None:
    ours, transport = socketed(sockets, Socketed())
    transport.far.close()
    ours.deliver(Shared(b"[a]"))
    ours.deliver(Shared(b"[a]"), [b"[", b"b]"])
    assert transport.given == 1  # which paused: the second waits here
    assert ours.unsent_bytes == 6


@pytest.mark.parametrize("seed", range(20))
def test_what_the_socket_does_not_take_follows_in_order(sockets: list[Socketed], seed: int) -> None:
    rng = random.Random(seed)
    ours, transport = socketed(sockets, Socketed())
    expected, got = b"", b""
    for number in range(300):
        data = b"%d," % number * rng.choice((1, 100, 2000))
        shared = Shared(data)
        expected += data
        kind, cut = rng.randrange(3), rng.randrange(len(data) + 1)
        if kind == 0:
            ours.write(data)
        elif kind == 1:
            ours.deliver(shared)
        else:
            ours.deliver(shared, [memoryview(data)[:cut], data[cut:]])
        if rng.random() < 0.3:
            got += transport.read()
            transport.drain()
    while transport.buffered or transport.paused:
        got += transport.read()
        transport.drain()
    assert transport.given > 1
    assert got + transport.read() == expected
    assert (ours.unsent_bytes, ours._backlog.bytes) == (0, 0)
