"""The send queue of one connection, in front of its transport and counted in the process's backlog.

A connection that keeps up never uses the queue: its bytes go to its socket at once, past the transport (decision 0042),
or to the transport if that encrypts them. What the kernel does not take goes to the transport, which then calls
`pause`, and from then on whole pieces wait here by reference: slices of a flush stay slices, so that a thousand slow
readers of one channel hold one copy of it. Small answers are joined. The transport gets the next pieces when it has
sent all before them.

Never here: what is in a frame, when to close.
"""

from __future__ import annotations

import asyncio
import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

from ...domain.errors import Disconnect, TooSlow
from ...domain.flush import Piece, Shared
from ...service.backlog import Backlog
from ...service.writing import UNSENT_LIMIT_BYTES

HANDOVER_BYTES = 64 * 1024
"""The transport gets pieces until it has at least this. It cannot give them back, so a longer answer waits in parts."""
PIECE_BYTES = 256
"""What a waiting piece costs besides its bytes: the objects around it, here and in the transport."""
JOINED_BYTES = 16 * 1024
"""Answers are joined up to this."""


_write = os.write


def _socket_of(transport: asyncio.Transport) -> int:
    """The descriptor of a socket that may be written to without its transport; -1 if there is none."""
    sock = transport.get_extra_info("socket")
    encrypted = transport.get_extra_info("sslcontext") is not None
    if os.name != "posix" or sock is None or encrypted or transport.get_write_buffer_size():
        return -1
    return int(sock.fileno())


class Outgoing(ABC):
    """The transport's protocol calls `pause` and `resume`; the transport's write buffer limits must be 0."""

    __slots__ = (
        "_backlog", "_ended", "_fd", "_in_flight", "_in_flight_bytes", "_queue", "_queued", "_socket", "_split",
        "_transport", "is_behind",
    )  # fmt: skip

    def __init__(self, transport: asyncio.Transport, backlog: Backlog) -> None:
        self._transport = transport
        self._backlog = backlog
        self.is_behind = False
        self._ended = False
        self._socket = _socket_of(transport)
        # The same while bytes may go past the transport: not while something waits before them, nor after the end.
        self._fd = self._socket
        # (piece, what it is a slice of, whether the next piece continues the same answer). Created when first needed.
        self._queue: deque[tuple[Piece | bytearray, Shared | None, bool]] | None = None
        self._queued = 0
        # Whether the queue begins with the rest of an answer that the transport has in part.
        self._split = False
        # What the transport has and may not have sent: the shared parts (None: none), and the cost of the rest.
        self._in_flight: list[Shared] | None = None
        self._in_flight_bytes = 0

    @abstractmethod
    def close(self, disconnect: Disconnect) -> None: ...

    @property
    def unsent_bytes(self) -> int:
        return self._queued + self._transport.get_write_buffer_size() if self.is_behind else self._queued

    def write(self, data: bytes) -> None:
        """Send data that is for this connection alone."""
        if self._ended or self._transport.is_closing():
            return
        behind = self.is_behind
        if behind:
            self._enqueue_or_close(data)
        elif len(data) > HANDOVER_BYTES:
            self._backlog.mark_behind(self)
            self._enqueue(data, None)
            self._hand_over()
        elif rest := self._send((data,)):
            self._transport.writelines(rest)
            if self.is_behind:  # the transport has called `pause` meanwhile
                self._track_in_flight(len(data))

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        """Send data that is for many: all of `shared`, or these pieces, whose memoryviews are slices of it."""
        if pieces is None and self._fd >= 0:
            # As `_send`, without its call: most of what a process does. A transport that has just been closed calls
            # `lost` before it closes the descriptor, so this one is ours.
            data: Piece = shared.data
            try:
                sent = _write(self._fd, data)
            except OSError:
                sent = 0
            if sent == len(data):
                return
            if not self._transport.is_closing():
                self._transport.write(memoryview(data)[sent:])
                if self.is_behind:
                    self._track_in_flight(0, shared)
            return
        if self._ended or self._transport.is_closing() or (pieces is not None and not pieces):
            return
        behind = self.is_behind
        if behind:
            for piece in (shared.data,) if pieces is None else pieces:
                self._enqueue_or_close(piece, shared if pieces is None or isinstance(piece, memoryview) else None)
        elif pieces is None:
            self._transport.write(shared.data)
            if self.is_behind:
                self._track_in_flight(0, shared)
        elif rest := self._send(pieces):
            self._transport.writelines(rest)
            if self.is_behind:
                own = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
                self._track_in_flight(own + len(pieces) * PIECE_BYTES, shared)

    def _send(self, pieces: Sequence[Piece]) -> Sequence[Piece]:
        """Give the pieces to the kernel, if nothing waits before them. Returns what it did not take."""
        if self._fd < 0:
            return pieces
        try:
            if len(pieces) == 1:
                sent = _write(self._fd, pieces[0])
                if sent == len(pieces[0]):
                    return ()
            else:
                sent = os.writev(self._fd, pieces)
        except OSError:  # it is full, or broken: the transport meets the same error, and ends the connection
            return pieces
        for number, piece in enumerate(pieces):
            if sent < len(piece):
                return [memoryview(piece)[sent:], *pieces[number + 1 :]]
            sent -= len(piece)
        return ()

    def pause(self) -> None:
        """The kernel takes no more at the moment."""
        self.is_behind = True
        self._fd = -1
        self._backlog.mark_behind(self)

    def resume(self) -> None:
        """All that the transport had has been sent."""
        self.is_behind = False
        self._release_in_flight()
        self._hand_over()

    def _hand_over(self) -> None:
        while self._queue and not self.is_behind:
            batch: list[Piece | bytearray] = []
            size = 0
            while self._queue and size < HANDOVER_BYTES:
                piece, shared, self._split = self._queue.popleft()
                batch.append(piece)
                size += len(piece)
                if shared is not None:
                    self._add_in_flight(shared)
                    self._in_flight_bytes += PIECE_BYTES
                else:
                    self._in_flight_bytes += len(piece) + PIECE_BYTES
            self._queued -= size
            self._transport.writelines(batch)
            if not self.is_behind:
                self._release_in_flight()
        if not self.is_behind:
            self._queue = None
            self._backlog.mark_caught_up(self)
            if not self._ended:
                self._fd = self._socket

    def lost(self) -> None:
        """The transport is gone, with all that it had."""
        self._stop_writing()
        self.is_behind = False
        self._release_in_flight()

    def _write_last(self, last: bytes, *, at_once: bool) -> None:
        """Send `last`, and nothing after it. `at_once`: what waits in the queue is dropped."""
        if self._ended or self._transport.is_closing():
            return
        if at_once:
            self._clear_queue()
            if self._split:
                self._end_writing()
                self._transport.abort()  # no frame can follow half a frame
                return
        if self.is_behind:
            self._enqueue(last, None)
        else:
            self._transport.write(last)
        self._end_writing()

    def _write_close(self, frame: bytes) -> bool:
        """Answer the client's close: what waits in the queue is dropped. False if the connection is ending already."""
        split = self._split
        self._stop_writing()
        if self._transport.is_closing():
            return False
        if split:
            self._transport.abort()  # no frame can follow half a frame
            return False
        self._transport.write(frame)
        return True

    def _end_writing(self) -> None:
        self._ended = True
        self._fd = -1

    def _stop_writing(self) -> None:
        self._end_writing()
        self._clear_queue()

    def _clear_queue(self) -> None:
        """Drop everything that waits here. The transport keeps what it has, so frames stay whole."""
        for piece, shared, _ in self._queue or ():
            self._backlog.shrink(PIECE_BYTES)
            if shared is not None:
                self._backlog.release(shared)
            else:
                self._backlog.shrink(len(piece))
        self._queue = None
        self._queued = 0
        self._backlog.mark_caught_up(self)

    def _enqueue_or_close(self, piece: Piece, shared: Shared | None = None) -> None:
        if self.unsent_bytes > UNSENT_LIMIT_BYTES:
            self.close(TooSlow())
        if not self._ended:  # by that, or by the backlog while it counted the pieces before
            self._enqueue(piece, shared)

    def _enqueue(self, piece: Piece, shared: Shared | None) -> None:
        queue = self._queue
        if queue is None:
            queue = self._queue = deque()
        self._queued += len(piece)
        if shared is not None:
            self._backlog.retain(shared)
            self._backlog.grow(PIECE_BYTES)
            queue.append((piece, shared, False))
        elif len(piece) > HANDOVER_BYTES:
            # Copied in parts, so that the parts that were sent are freed while the rest waits.
            for at in range(0, len(piece), HANDOVER_BYTES):
                part = bytes(piece[at : at + HANDOVER_BYTES])
                self._backlog.grow(len(part) + PIECE_BYTES)
                queue.append((part, None, at + len(part) < len(piece)))
        elif queue and isinstance(last := queue[-1][0], bytearray) and len(last) + len(piece) <= JOINED_BYTES:
            self._backlog.grow(len(piece))
            last += piece
        else:
            self._backlog.grow(len(piece) + PIECE_BYTES)
            queue.append((bytearray(piece) if len(piece) < JOINED_BYTES else piece, None, False))
        self._backlog.check()

    def _track_in_flight(self, own_bytes: int, shared: Shared | None = None) -> None:
        """The transport could not send at once all that it was given."""
        if shared is not None:
            self._backlog.retain(shared)
            self._add_in_flight(shared)
        self._backlog.grow(own_bytes + PIECE_BYTES)
        self._in_flight_bytes += own_bytes + PIECE_BYTES
        self._backlog.check()

    def _add_in_flight(self, shared: Shared) -> None:
        if self._in_flight is None:
            self._in_flight = []
        self._in_flight.append(shared)

    def _release_in_flight(self) -> None:
        for shared in self._in_flight or ():
            self._backlog.release(shared)
        self._backlog.shrink(self._in_flight_bytes)
        self._in_flight = None
        self._in_flight_bytes = 0
