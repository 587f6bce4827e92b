"""One upgraded socket: the protocol on its transport, and the Connection port.

It has no task of its own. Frames are handled where they arrive, in `data_received`. What has to wait (for a store, or
for its turn) stops reading, and a task exists only until it is done; so frames stay in order, and what a client sends
meanwhile waits in its socket. Reading is fair: a connection lets others run after TURN_FRAMES, and waits if it is read
faster than its rate.

When the server closes, it sends a close frame, then reads and discards until the client has closed too or
CLOSE_TIMEOUT_S have passed: closing a socket with unread data resets it, and a reset overtakes the close frame.

Writing is in outgoing.py, frames are read in protocol/frame_reader.py. Never here: what a message means.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, Protocol

from ...domain.errors import Disconnect, TooSlow
from ...domain.limits import Allowance, Share
from ...domain.random_ids import random_text
from ...domain.turn import Turn
from ...first_step import Done, begin
from ...protocol.frame_reader import BINARY, CLOSE, PING, FrameReader, FramingError, Message
from ...protocol.framing import PING as PING_FRAME
from ...protocol.framing import close_frame, pong_frame
from ...service.backlog import Backlog
from ...service.session import Session
from ...tracing import Trace
from .outgoing import Outgoing
from .peer import has_ended
from .quota import Quota
from .refusals import close_code_of

CLOSE_TIMEOUT_S = 5.0
"""How long a client may take to answer a close frame, and to read what was written before it."""
HEAD_S = 0.02
"""How long the answer to a handshake waits for the first frame: one write costs less than two."""
TURN_FRAMES = 16
"""Messages of one connection that are handled before the others get their turn. Some fragments count as one."""
_NORMAL = 1000
CONNECTION_ID_CHARACTERS = 12

Work = Coroutine[Any, Any, None]


class Receiver(Protocol):
    """Whom a connection hands what it reads to."""

    def receive_text(self, connection: WebSocketConnection, text: str) -> Work | None:
        """Handle a text message. Returns what must be done before the next one is read, if that may have to wait."""
        ...

    def receive_binary(self, connection: WebSocketConnection, data: bytes) -> None: ...

    def failed(self, connection: WebSocketConnection, error: Exception) -> None:
        """Handling a message raised this."""
        ...

    def ended(self, connection: WebSocketConnection) -> None:
        """Nothing more is handled. Called once; bytes may still be sent and discarded."""
        ...

    def lost(self, connection: WebSocketConnection) -> None:
        """The transport is gone."""
        ...


class Pace(NamedTuple):
    """How a connection is read. `rate`: of its messages, None for any. `share`: its share of the rate of its address.

    `turn`: shared by its address.
    """

    rate: Allowance | None
    share: Share
    turn: Turn


class WebSocketConnection(Outgoing, asyncio.Protocol):
    """One upgraded socket. Set it as the transport's protocol, then call `start`."""

    __slots__ = (
        "_busy", "_close_timer", "_frames", "_head", "_is_lost", "_loop", "_not_before", "_over", "_paused", "_quota",
        "_rate", "_receiver", "_share", "_stopped", "_timer", "_turn", "_turn_frames", "_work", "client_closed",
        "closed_with", "code", "id", "is_done", "opened_at", "pinged", "received_at", "session", "trace",
    )  # fmt: skip

    def __init__(
        self,
        transport: asyncio.Transport,
        receiver: Receiver,
        frames: FrameReader,
        pace: Pace,
        quota: Quota,
        backlog: Backlog,
        trace: Trace,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(transport, backlog)
        self.id = random_text(CONNECTION_ID_CHARACTERS)
        # What is sent in front of everything else. `deliver` need not look at it: what is for all members is held back
        # until the snapshot has been written.
        self._head = b""
        self._receiver = receiver
        self._frames = frames
        self._rate, self._share, self._turn = pace
        self._quota = quota
        self._loop = loop
        self._turn_frames = 0
        # A message is being handled, or `_work` is what is left of it. Nothing else is handled meanwhile.
        self._busy = False
        self._work: asyncio.Task[None] | None = None
        # Set while the connection waits for its turn, or because it was read too fast.
        self._timer: asyncio.Handle | None = None
        self._not_before = 0.0
        self._paused = False
        # Nothing more is read. Nothing more is handled. The transport is gone.
        self._stopped = False
        self._over = False
        self._is_lost = False
        self._close_timer: asyncio.TimerHandle | None = None
        self.received_at = self.opened_at = loop.time()
        self.pinged = False
        self.closed_with: Disconnect | None = None
        self.client_closed = False
        """Whether the client sent a close frame before we did."""
        self.code: int | None = None
        """The code of the client's close frame, 0 if it had none; or of ours, if the client broke RFC 6455."""
        self.session: Session | None = None
        self.trace = trace
        self.is_done = False
        """Whether its receiver has nothing more to do for it."""

    @property
    def is_lost(self) -> bool:
        """Whether the transport is gone."""
        return self._is_lost

    @property
    def limit_key(self) -> str:
        return self._quota.limit_key

    # The transport's protocol

    def start(self, head: bytes, first: Work, received: bytes) -> None:
        """Answer the handshake, and do `first` before any message is read.

        `head`: the answer. It is sent together with the first frame, or after HEAD_S. `received`: what came after the
        request.
        """
        self._transport.set_write_buffer_limits(0)
        self._head = head
        self._busy = True
        if received:
            self.data_received(received)
        if self._run(first, self._on_work_done):
            self._read(self._loop.time())
        if self._head:
            self._loop.call_later(HEAD_S, self._send_head)

    def data_received(self, data: bytes) -> None:
        if self._stopped:
            return
        now = self._loop.time()
        if wait_s := self._quota.spend(len(data), now):
            self._not_before = now + wait_s
        self._frames.feed(data)
        if self._busy or self._timer is not None:
            self._pause_reading()
        else:
            self._read(now)

    def eof_received(self) -> None:
        """Ends the connection: a WebSocket must end with a close frame (RFC 6455, 7.1.1)."""

    def pause_writing(self) -> None:
        self.pause()

    def resume_writing(self) -> None:
        self.resume()

    def connection_lost(self, _exc: BaseException | None) -> None:
        self._is_lost = True
        if self._close_timer is not None:
            self._close_timer.cancel()
            self._close_timer = None
        self.lost()
        self._quota.release()
        if not self._busy and self._timer is None:  # otherwise what it sent before is handled first
            self._end()
        self._receiver.lost(self)

    # The Connection port (`deliver` is in outgoing.py)

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        super().write(data)

    def close(self, disconnect: Disconnect) -> None:
        self._send_head()
        too_slow = isinstance(disconnect, TooSlow)
        if self.closed_with is not None:
            if too_slow:  # what is queued before the close frame takes up memory
                self._transport.abort()
            return
        reason: dict[str, object] = {"reason": disconnect.reason}
        if disconnect.retry_ms is not None:
            reason["retry_ms"] = disconnect.retry_ms
        self._write_last(close_frame(close_code_of(disconnect), json.dumps(reason).encode()), at_once=too_slow)
        self.closed_with = disconnect
        self._abort_later()
        if not self._busy:
            self._end()

    def is_gone(self) -> bool:
        """Whether the client has ended the connection. At its rate, a flood would be read for minutes after that."""
        return has_ended(self._transport)

    def ping(self) -> None:
        self.pinged = True
        self.write(PING_FRAME)

    def _send_head(self) -> None:
        if self._head:
            self.write(b"")

    def abort(self) -> None:
        """End the connection without a close frame."""
        self._transport.abort()

    def cancel_work(self) -> None:
        """Give up what a message, or the opening of the session, still waits for."""
        if self._work is not None:
            self._work.cancel()

    # Reading

    def _read(self, now: float, may_go_on: bool = True) -> None:
        """Handle messages until there are no more, or until something must be waited for."""
        frames = self._frames
        self._busy = True
        try:
            while may_go_on and frames.has_more and not self._stopped and (message := frames.next()) is not None:
                self.received_at = now
                self.pinged = False
                may_go_on = self._handle(message) and self._take_turn(now) and self._gate_is_open()
        except FramingError as error:
            self._fail(error.code)
        self._busy = self._work is not None
        if self._busy or self._timer is not None:
            if frames.has_more:
                self._pause_reading()
        elif self._not_before > now and not self._transport.is_closing():
            self._pause_reading()
            self._timer = self._loop.call_at(self._not_before, self._on_turn)
        elif self._paused and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()
        # What came before the end of the transport is handled first, in as many turns as it takes.
        is_over = self.closed_with is not None or self._stopped or (self._is_lost and self._timer is None)
        if is_over and not self._busy:
            self._end()

    def _handle(self, message: Message) -> bool:
        """False if what is left of it must be waited for, or nothing more is read."""
        kind, content = message
        if kind == CLOSE and isinstance(content, int):
            self._on_close_frame(content)
            return False
        if self.closed_with is not None:
            return True  # discarded: we have closed, and wait until the client has closed too
        if isinstance(content, str):
            try:
                work = self._receiver.receive_text(self, content)
            except Exception as error:
                self._receiver.failed(self, error)
                return True
            return work is None or self._run(work, self._on_work_done)
        if isinstance(content, bytes):
            if kind == PING:
                self.write(pong_frame(content))
            elif kind == BINARY:
                self._receiver.receive_binary(self, content)
        return True

    def _run(self, work: Work, then: Callable[[asyncio.Task[None]], None]) -> bool:
        """Begin `work`. True if it did not have to wait for anything. Otherwise `then` is called when it is done."""
        try:
            begun = begin(work, self._loop)
        except Exception as error:
            self._receiver.failed(self, error)
            return True
        if isinstance(begun, Done):
            return True
        self._work = begun
        begun.add_done_callback(then)
        return False

    def _on_work_done(self, task: asyncio.Task[None]) -> None:
        self._work = None
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._receiver.failed(self, error)
        now = self._loop.time()
        self._read(now, self._take_turn(now) and self._gate_is_open())

    def _take_turn(self, now: float) -> bool:
        """Count a message. False if others come first, or if this connection is read too fast."""
        self._turn_frames += 1
        wait_s = self._rate.spend(1, now) if self._rate is not None else 0.0
        is_over = self._turn.is_over() or self._turn_frames >= TURN_FRAMES
        if not (wait_s or is_over or (self._frames.has_more and self._is_late())):
            return True
        wait_s = max(wait_s, self._share.spend(self._turn_frames, now))
        self._turn_frames = 0
        if wait_s:
            if self.is_gone():  # what is left of its flood is dropped
                self._stopped = True
                self._transport.abort()
                return False
            self._timer = self._loop.call_later(wait_s, self._on_turn)
        elif self._frames.has_more:
            self._timer = self._loop.call_soon(self._on_turn)
        else:
            return True
        return False

    def _is_late(self) -> bool:
        """Whether the loop is so late that others come first after each message."""
        return self.session is not None and self.session.participant.channel.is_late

    def _on_turn(self) -> None:
        self._timer = None
        self._read(self._loop.time(), self._gate_is_open())

    def _gate_is_open(self) -> bool:
        """False if too much waits for the next flush of its channel: it is not read until there is room (W71)."""
        if self.session is None or self.closed_with is not None:
            return True
        gate = self.session.participant.channel.read_gate
        return not gate.is_full or self._run(gate.wait(), self._on_gate_open)

    def _on_gate_open(self, _task: asyncio.Task[None]) -> None:
        self._work = None
        self.received_at = now = self._loop.time()  # it may have sent something meanwhile
        self._read(now)

    def _pause_reading(self) -> None:
        if not self._paused and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    # The end

    def _on_close_frame(self, code: int) -> None:
        self._stopped = True
        if self.closed_with is not None:
            self._transport.abort()
            return
        self.client_closed = True
        self._answer_close(code, _NORMAL)

    def _fail(self, code: int) -> None:
        """The client broke RFC 6455, or sent too large a message."""
        self._stopped = True
        if self.closed_with is not None:
            self._transport.abort()
        else:
            self._answer_close(code, code)

    def _answer_close(self, code: int, answer: int) -> None:
        self._send_head()
        self.code = code
        if self._write_close(close_frame(answer, b"")):
            self._transport.close()
            self._abort_later()

    def _abort_later(self) -> None:
        if self._close_timer is None and not self._is_lost:
            self._close_timer = self._loop.call_later(CLOSE_TIMEOUT_S, self._transport.abort)

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._receiver.ended(self)
