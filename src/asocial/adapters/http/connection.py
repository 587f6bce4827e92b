"""One upgraded socket: the Connection port over aiohttp's transport.

Writing is in outgoing.py. Reading is fair: a connection yields after TURN_FRAMES, and waits if it is read faster than
its rate; what it sends faster waits in its socket (connection_guard.py does the same for bytes).
When the server closes, it sends a close frame, then reads and discards until the client has closed too or
CLOSE_TIMEOUT_S have passed: closing a socket with unread data resets it, and a reset overtakes the close frame.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket

from aiohttp import WSMessage, WSMsgType, web

from ...domain.errors import Disconnect, TooSlow
from ...domain.limits import Allowance, Share, Turn
from ...protocol.framing import PING, close_frame, pong_frame
from ...service.backlog import Backlog
from .outgoing import Outgoing
from .refusals import close_code_of

CLOSE_TIMEOUT_S = 5.0
"""How long a client may take to answer a close frame, and to read what was written before it."""
TURN_FRAMES = 16
"""Frames of one connection that are handled before the others get their turn."""
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_ENDED = (7, 8)
"""States in Linux's tcp_info: TCP_CLOSE (it was reset), TCP_CLOSE_WAIT (the client sends no more)."""


class WebSocketConnection(Outgoing):
    """One upgraded socket: the Connection port over aiohttp's transport.

    `rate`: how fast it is read. `share`: its share of the rate of its address. `turn`: shared by its address.
    """

    __slots__ = (
        "_rate", "_reader", "_receiving", "_share", "_turn", "_turn_frames", "_ws", "closed_with", "closing",
        "finished", "id", "pinged", "received_at",
    )  # fmt: skip

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        now: float,
        rate: Allowance | None,
        share: Share,
        turn: Turn,
        backlog: Backlog,
    ) -> None:
        super().__init__(transport, backlog)
        self.id = secrets.token_urlsafe(9)
        self._ws = ws
        self._reader: asyncio.Task[object] | None = None
        self.received_at = now
        self._rate = rate
        self._share = share
        self._turn = turn
        self._turn_frames = 0
        self._receiving = False
        self.pinged = False
        self.closing: asyncio.Task[None] | None = None
        self.closed_with: Disconnect | None = None
        self.finished: asyncio.Event | None = None

    def close(self, disconnect: Disconnect) -> None:
        too_slow = isinstance(disconnect, TooSlow)
        if self.closing is not None:
            if too_slow:  # what is queued before the close frame takes up memory
                self._transport.abort()
            return
        reason: dict[str, object] = {"reason": disconnect.reason}
        if disconnect.retry_ms is not None:
            reason["retry_ms"] = disconnect.retry_ms
        self._write_last(close_frame(close_code_of(disconnect), json.dumps(reason).encode()), at_once=too_slow)
        self.closed_with = disconnect
        self.finished = asyncio.Event()
        self.closing = asyncio.get_running_loop().create_task(self._close(self.finished))
        if self._receiving and self._reader is not None:
            self._reader.cancel()  # only while it waits for a frame: see `receive`

    def read_in_current_task(self) -> None:
        """The current task calls `receive` from now on."""
        self._reader = asyncio.current_task()

    async def receive(self) -> WSMessage | None:
        """The next message; None if this connection was closed by us meanwhile."""
        self._receiving = True
        try:
            return await self._ws.receive()
        except asyncio.CancelledError:
            if self.closing is None or self._reader is None or self._reader.uncancel():
                raise
            return None
        finally:
            self._receiving = False

    async def yield_turn(self, now: float, turn_frames: int = TURN_FRAMES) -> bool:
        """After each message: let other connections run, and wait if this one is read too fast.

        False if the client is gone: what is left of its flood is dropped.
        """
        self._turn_frames += 1
        wait_s = self._rate.spend(1, now) if self._rate is not None else 0.0
        if wait_s or self._turn.is_over() or self._turn_frames >= turn_frames:
            wait_s = max(wait_s, self._share.spend(self._turn_frames, now))
            if wait_s and self.is_gone():
                self._transport.abort()
                return False
            self._turn_frames = 0
            await asyncio.sleep(wait_s)
        return True

    def is_gone(self) -> bool:
        """Whether the client has ended the connection, even if it is not being read at the moment.

        A socket that is not read does not report its end: at its rate, a flood would be read for minutes after that.
        """
        if self._transport.is_closing():
            return True
        sock = self._transport.get_extra_info("socket")
        if _TCP_INFO is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        try:
            return bool(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0] in _ENDED)
        except OSError:
            return False  # uvloop duplicates the socket for this, which fails without a free descriptor

    async def discard_until_closed(self) -> None:
        """We have closed: read and discard until the client has closed too."""
        self.read_in_current_task()
        time = asyncio.get_running_loop().time
        while not self._transport.is_closing() and (message := await self.receive()) is not None:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                return
            await self.yield_turn(time())

    def stop_writing(self) -> None:
        """The client has sent its close frame: send nothing more."""
        self._stop_writing()

    def on_received(self, now: float) -> None:
        """The client has sent something, of any kind."""
        self.received_at = now
        self.pinged = False

    def ping(self) -> None:
        self.pinged = True
        self.write(PING)

    def pong(self, data: bytes) -> None:
        self.write(pong_frame(data))

    async def _close(self, finished: asyncio.Event) -> None:
        """Wait for the client's close frame, for at most CLOSE_TIMEOUT_S."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await finished.wait()
        except TimeoutError:
            pass
        finally:
            self._transport.abort()
