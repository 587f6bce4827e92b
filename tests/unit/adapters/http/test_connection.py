"""One upgraded socket: messages in order, reading that stops while one of them waits, and its ends."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from websockets.frames import Close, Frame, Opcode

from asocial.adapters.http.connection import CLOSE_TIMEOUT_S, HEAD_S, TURN_FRAMES, Pace, WebSocketConnection, Work
from asocial.adapters.http.quota import Quota
from asocial.domain.errors import GoingAway, TooSlow
from asocial.domain.limits import Allowance, Budgets, Share
from asocial.domain.turn import Turn
from asocial.protocol.frame_reader import FRAGMENTS_AT_ONCE, FrameReader
from asocial.protocol.framing import PING as PING_FRAME
from asocial.service.backlog import Backlog
from asocial.service.counters import Counters
from asocial.service.session import Session
from asocial.tracing import Trace
from tests.support.raw_client import raw_frame

HEAD = b"HTTP/1.1 101 and more"


class FakeTransport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.reading = True
        self.closed = self.aborted = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: Any) -> None:
        assert not self.is_closing()
        self.written += data

    def writelines(self, list_of_data: Any) -> None:
        self.written += b"".join(list_of_data)

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


class FakeReceiver:
    """Notes what it is told. A text that begins with "wait" waits until `go_on`; "fail" raises."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.errors: list[Exception] = []
        self.waiting: list[asyncio.Future[None]] = []

    def receive_text(self, connection: WebSocketConnection, text: str) -> Work | None:
        self.seen.append(text)
        if text == "fail":
            raise RuntimeError(text)
        if text == "close":
            connection.close(GoingAway(retry_ms=0))
        return self._wait(text) if text.startswith("wait") else self._at_once(text) if text == "at once" else None

    async def _at_once(self, text: str) -> None:
        self.seen.append(f"{text} done")

    async def _wait(self, text: str) -> None:
        for _ in range(2 if text == "wait twice" else 1):
            waiter = asyncio.get_running_loop().create_future()
            self.waiting.append(waiter)
            await waiter
        if text == "wait and fail":
            raise RuntimeError(text)
        self.seen.append(f"{text} done")

    def receive_binary(self, connection: WebSocketConnection, data: bytes) -> None:
        self.seen.append(f"binary {data!r}")

    def failed(self, connection: WebSocketConnection, error: Exception) -> None:
        self.errors.append(error)

    def ended(self, connection: WebSocketConnection) -> None:
        self.seen.append("ended")

    def lost(self, connection: WebSocketConnection) -> None:
        self.seen.append("lost")

    async def go_on(self) -> None:
        self.waiting.pop(0).set_result(None)
        await turns()


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def text(*texts: str) -> bytes:
    return b"".join(raw_frame(Opcode.TEXT, each.encode()) for each in texts)


class Rig:
    """A connection whose client has joined, with everything around it faked."""

    def __init__(
        self, *, rate: float = 0, bytes_per_s: float = 0, first: Work | None = None, received: bytes = b""
    ) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self.transport, self.receiver = FakeTransport(), FakeReceiver()
        self.gate_open: asyncio.Event = asyncio.Event()
        self.gate = SimpleNamespace(is_full=False, wait=self._wait_at_gate)
        channel = SimpleNamespace(is_late=False, read_gate=self.gate)
        self.connection = WebSocketConnection(
            self.transport,
            self.receiver,
            FrameReader(64 * 1024),
            Pace(
                Allowance(rate, rate, now) if rate else None,
                Share(Budgets(0, 0), "", assured=1, step=1, now=now),
                Turn(1000, loop.call_soon),
            ),
            Quota(Allowance(bytes_per_s, bytes_per_s, now) if bytes_per_s else None),
            Backlog(0, Counters()),
            Trace("0" * 32, None, logged=False),
            loop,
        )
        self.connection.session = cast(Session, SimpleNamespace(participant=SimpleNamespace(channel=channel)))
        self.connection.start(HEAD, first or turns(0), received)
        if first is None:
            assert self.transport.written == b""
            self.connection.ping()
            assert self.transport.written == HEAD + PING_FRAME
            self.transport.written = b""

    async def _wait_at_gate(self) -> None:
        await self.gate_open.wait()

    def receive(self, data: bytes) -> None:
        assert self.transport.reading, "a transport that is paused gives nothing"
        self.connection.data_received(data)

    def is_paused(self) -> bool:
        return not self.transport.reading

    @property
    def seen(self) -> list[str]:
        return self.receiver.seen


async def test_messages_are_handled_where_they_arrive_and_leave_no_task() -> None:
    rig = Rig()
    rig.receive(text("one", "two", "at once") + raw_frame(Opcode.BINARY, b"b") + raw_frame(Opcode.PONG, b""))
    assert rig.seen == ["one", "two", "at once", "at once done", "binary b'b'"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_message_that_waits_stops_those_behind_it_and_the_reading() -> None:
    rig = Rig()
    rig.receive(text("one", "wait", "two"))
    assert (rig.seen, rig.transport.reading) == (["one", "wait"], False)
    await rig.receiver.go_on()
    assert (rig.seen, rig.transport.reading) == (["one", "wait", "wait done", "two"], True)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_comes_while_a_message_waits_is_kept_and_nothing_more_is_read() -> None:
    rig = Rig()
    rig.receive(text("wait twice"))
    assert not rig.is_paused(), "nothing is behind it yet"
    two = text("two")
    rig.receive(two[:5])
    assert rig.is_paused()
    await rig.receiver.go_on()
    assert rig.seen == ["wait twice"]
    await rig.receiver.go_on()
    assert not rig.is_paused()
    rig.receive(two[5:])
    assert rig.seen == ["wait twice", "wait twice done", "two"]


async def test_nothing_is_handled_before_the_first_work_is_done() -> None:
    joining = asyncio.get_running_loop().create_future()

    async def join() -> None:
        await joining

    rig = Rig(first=join(), received=text("early"))
    assert (rig.seen, rig.transport.reading) == ([], False)
    joining.set_result(None)
    await turns()
    assert (rig.seen, rig.transport.reading) == (["early"], True)


async def test_the_answer_to_the_handshake_waits_for_the_first_frame_and_not_long() -> None:
    joining = asyncio.get_running_loop().create_future()

    async def join() -> None:
        await joining

    rig = Rig(first=join())
    await asyncio.sleep(HEAD_S / 2)
    assert rig.transport.written == b""
    await asyncio.sleep(HEAD_S)
    assert rig.transport.written == HEAD
    joining.set_result(None)
    await turns()
    rig.connection.ping()
    assert rig.transport.written == HEAD + PING_FRAME


async def test_many_messages_at_once_let_others_run_in_between() -> None:
    rig = Rig()
    rig.receive(text(*map(str, range(3 * TURN_FRAMES))))
    assert (len(rig.seen), rig.transport.reading) == (TURN_FRAMES, False)
    await turns(1)
    assert len(rig.seen) == 2 * TURN_FRAMES
    await turns()
    assert (rig.seen, rig.transport.reading) == ([str(number) for number in range(3 * TURN_FRAMES)], True)


async def test_a_connection_above_its_rate_is_read_at_its_rate() -> None:
    rig = Rig(rate=10)
    rig.receive(text(*map(str, range(15))))
    assert (len(rig.seen), rig.transport.reading) == (11, False)
    await asyncio.sleep(0.3)
    assert len(rig.seen) < 15
    await asyncio.sleep(0.3)
    assert (len(rig.seen), rig.transport.reading) == (15, True)


async def test_a_connection_above_its_bytes_is_handled_and_then_not_read() -> None:
    rig = Rig(bytes_per_s=100)
    rig.receive(text("x" * 140))
    assert (rig.seen, rig.transport.reading) == (["x" * 140], False)
    await asyncio.sleep(1)
    assert rig.transport.reading


async def test_a_full_channel_stops_the_reading_after_each_message() -> None:
    rig = Rig()
    rig.gate.is_full = True
    rig.receive(text("one", "two"))
    assert (rig.seen, rig.transport.reading) == (["one"], False)
    rig.gate.is_full = False
    rig.gate_open.set()
    await turns()
    assert (rig.seen, rig.transport.reading) == (["one", "two"], True)


@pytest.mark.parametrize("message", ["fail", "wait and fail"])
async def test_an_error_is_reported(message: str) -> None:
    rig = Rig()
    rig.receive(text(message))
    if rig.receiver.waiting:
        await rig.receiver.go_on()
    assert [str(error) for error in rig.receiver.errors] == [message]


async def test_the_client_closes() -> None:
    rig = Rig()
    rig.receive(text("one") + raw_frame(Opcode.CLOSE, Close(1001, "").serialize()) + text("late"))
    assert rig.seen == ["one", "ended"]
    assert rig.transport.written == Frame(Opcode.CLOSE, Close(1000, "").serialize()).serialize(mask=False)
    assert (rig.transport.closed, rig.connection.client_closed, rig.connection.code) == (True, True, 1001)
    rig.connection.connection_lost(None)
    assert rig.seen == ["one", "ended", "lost"]


async def test_the_client_closes_behind_a_message_that_waits() -> None:
    rig = Rig()
    rig.receive(text("wait") + raw_frame(Opcode.CLOSE, b""))
    assert rig.seen == ["wait"]
    await rig.receiver.go_on()
    assert rig.seen == ["wait", "wait done", "ended"]
    assert rig.connection.client_closed


async def test_a_client_that_closes_and_does_not_read_is_cut_off() -> None:
    rig = Rig()
    rig.receive(raw_frame(Opcode.CLOSE, b""))
    await asyncio.sleep(CLOSE_TIMEOUT_S + 0.1)
    assert rig.transport.aborted


async def test_a_broken_frame_is_answered_with_its_code() -> None:
    rig = Rig()
    rig.receive(text("one") + raw_frame(Opcode.TEXT, b"\xff") + text("late"))
    assert rig.seen == ["one", "ended"]
    assert rig.transport.written == Frame(Opcode.CLOSE, Close(1007, "").serialize()).serialize(mask=False)
    assert (rig.transport.closed, rig.connection.client_closed, rig.connection.code) == (True, False, 1007)


async def test_we_close_and_discard_until_the_client_has_closed() -> None:
    rig = Rig()
    rig.connection.close(GoingAway(retry_ms=7))
    assert rig.seen == ["ended"]
    assert rig.transport.written[:2] == bytes((0x88, len(rig.transport.written) - 2))
    rig.receive(text("late") + raw_frame(Opcode.PING, b"x"))
    assert (rig.seen, rig.transport.is_closing()) == (["ended"], False)
    rig.receive(raw_frame(Opcode.CLOSE, b""))
    assert rig.transport.aborted
    assert not rig.connection.client_closed
    rig.connection.connection_lost(None)
    assert rig.seen == ["ended", "lost"]


async def test_we_close_and_the_client_does_not_answer() -> None:
    rig = Rig()
    rig.connection.close(GoingAway())
    await asyncio.sleep(CLOSE_TIMEOUT_S - 0.1)
    assert not rig.transport.aborted
    await asyncio.sleep(0.2)
    assert rig.transport.aborted


async def test_we_close_while_a_message_waits_and_the_session_ends_after_it() -> None:
    rig = Rig()
    rig.receive(text("wait", "late"))
    rig.connection.close(GoingAway())
    assert rig.seen == ["wait"]
    await rig.receiver.go_on()
    assert rig.seen == ["wait", "wait done", "ended"]


async def test_a_message_that_closes_is_the_last_one() -> None:
    rig = Rig()
    rig.receive(text("close", "late"))
    assert rig.seen == ["close", "ended"]


async def test_a_lost_connection_handles_what_had_arrived() -> None:
    rig = Rig()
    rig.receive(text("wait", "two"))
    rig.connection.connection_lost(ConnectionResetError())
    assert rig.seen == ["wait", "lost"]
    await rig.receiver.go_on()
    assert rig.seen == ["wait", "lost", "wait done", "two", "ended"]


def _fragments(count: int) -> bytes:
    """A text of so many empty fragments, with a ping in the middle."""
    empty = Frame(Opcode.CONT, b"", fin=False).serialize(mask=True)
    ping = Frame(Opcode.PING, b"between").serialize(mask=True)
    begin, end = Frame(Opcode.TEXT, b"be", fin=False), Frame(Opcode.CONT, b"gun")
    half = empty * (count // 2)
    return begin.serialize(mask=True) + half + ping + half + end.serialize(mask=True)


TINY = {
    "fragments": (_fragments(20_000), ["begun"]),
    "pings": (raw_frame(Opcode.PING, b"") * 20_000 + text("end"), ["end"]),
    "pongs": (raw_frame(Opcode.PONG, b"") * 20_000 + text("end"), ["end"]),
    "empty texts": (text("") * 20_000 + text("end"), ["end"]),
    "binary": (raw_frame(Opcode.BINARY, b"") * 20_000 + text("end"), ["end"]),
}


@pytest.mark.parametrize("kind", TINY)
async def test_tiny_frames_that_come_at_once_are_handled_in_many_turns(kind: str) -> None:
    """Empty fragments were all handled in one turn: 42,000 of them took 65 ms. Here a turn is counted, not timed."""
    rig = Rig()
    data, last = TINY[kind]
    rig.receive(data)
    took = 1
    while not rig.transport.reading:
        await turns(1)
        took += 1
    assert took >= 20_000 / (TURN_FRAMES * FRAGMENTS_AT_ONCE)
    assert [each for each in rig.seen if each and not each.startswith("binary")] == last


async def test_a_lost_connection_handles_all_that_had_arrived_in_as_many_turns_as_it_takes() -> None:
    rig = Rig()
    many = [str(number) for number in range(4 * TURN_FRAMES)]
    rig.receive(text(*many) + raw_frame(Opcode.CLOSE, Close(1000, "").serialize()))
    rig.connection.connection_lost(ConnectionResetError())
    await turns(10)
    assert rig.seen == [*many[:TURN_FRAMES], "lost", *many[TURN_FRAMES:], "ended"]
    assert rig.connection.client_closed


async def test_an_idle_connection_is_lost() -> None:
    rig = Rig()
    rig.connection.connection_lost(None)
    assert rig.seen == ["ended", "lost"]
    assert (rig.connection.client_closed, rig.connection.code) == (False, None)


async def test_a_slow_reader_is_cut_off_when_it_is_closed_twice() -> None:
    rig = Rig()
    rig.connection.close(GoingAway())
    rig.connection.close(TooSlow())
    assert rig.transport.aborted
