"""One upgraded socket: the Connection port over aiohttp's transport.

Writing is in outgoing.py. Reading is fair: a connection gives up its turn after TURN_FRAMES, and waits where it is read
faster than its pace; what it sends faster waits in its socket (door.py does the same for bytes).
When we close, we say so, then read on without heeding, until the client has closed too or CLOSE_TIMEOUT_S are over:
a socket closed with something unread is reset, and a reset overtakes the close frame.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket

from aiohttp import WSMessage, WSMsgType, web

from ...domain.errors import Disconnect, TooSlow
from ...domain.limits import Allowance, Share
from ...protocol.framing import PING, close_frame, pong_frame
from ...service.backlog import Backlog
from .outgoing import Outgoing

CLOSE_TIMEOUT_S = 5.0
"""How long a client has to answer a close frame, and to read what was written before it."""
TURN_FRAMES = 16
"""Frames of one connection that are handled before the others get their turn."""
_TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)
_ENDED = (7, 8)
"""States in Linux's tcp_info: TCP_CLOSE (it was reset), TCP_CLOSE_WAIT (the client sends no more)."""


class WebSocketConnection(Outgoing):
    """One upgraded socket: the Connection port over aiohttp's transport.

    `pace`: how fast it is read; `share`: its part of what all connections of its address are read at.
    """

    __slots__ = (
        "_in_turn", "_listening", "_pace", "_reader", "_share", "_ws", "closed_with", "closing", "finished", "heard_at",
        "id", "pinged",
    )  # fmt: skip

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.Transport,
        now: float,
        pace: Allowance | None,
        share: Share,
        backlog: Backlog,
    ) -> None:
        super().__init__(transport, backlog)
        self.id = secrets.token_urlsafe(9)
        self._ws = ws
        self._reader: asyncio.Task[object] | None = None
        self.heard_at = now
        self._pace = pace
        self._share = share
        self._in_turn = 0
        self._listening = False
        self.pinged = False
        self.closing: asyncio.Task[None] | None = None
        self.closed_with: Disconnect | None = None
        self.finished: asyncio.Event | None = None

    def close(self, disconnect: Disconnect) -> None:
        too_slow = isinstance(disconnect, TooSlow)
        if self.closing is not None:
            if too_slow:  # what was to be sent before the close frame is in the way of others
                self._transport.abort()
            return
        reason: dict[str, object] = {"reason": disconnect.reason}
        if disconnect.retry_ms is not None:
            reason["retry_ms"] = disconnect.retry_ms
        self._finish(close_frame(disconnect.code, json.dumps(reason).encode()), at_once=too_slow)
        self.closed_with = disconnect
        self.finished = asyncio.Event()
        self.closing = asyncio.get_running_loop().create_task(self._close(self.finished))
        if self._listening and self._reader is not None:
            self._reader.cancel()  # out of its wait for a frame, and only out of that: see `receive`

    def read_here(self) -> None:
        """The current task is the one that calls `receive` from now on."""
        self._reader = asyncio.current_task()

    async def receive(self) -> WSMessage | None:
        """The next message; None when we have closed meanwhile."""
        self._listening = True
        try:
            return await self._ws.receive()
        except asyncio.CancelledError:
            if self.closing is None or self._reader is None or self._reader.uncancel():
                raise
            return None
        finally:
            self._listening = False

    async def rest(self, now: float, turn_frames: int = TURN_FRAMES) -> bool:
        """After each message: let the others have their turn, and wait where this one is read too fast.

        False when there is nothing to wait for: the client is gone, and the rest of its flood is nobody's.
        """
        self._in_turn += 1
        wait_s = self._pace.use(1, now) if self._pace is not None else 0.0
        if wait_s or self._in_turn >= turn_frames:
            wait_s = max(wait_s, self._share.use(self._in_turn, now))
            if wait_s and self._is_gone():
                self._transport.abort()
                return False
            self._in_turn = 0
            await asyncio.sleep(wait_s)
        return True

    def _is_gone(self) -> bool:
        """Whether the client has ended the connection, also where nothing is read of it just now.

        A socket that is not read does not tell: at its pace, the rest of a flood would outlive its sender by minutes.
        """
        if self._transport.is_closing():
            return True
        sock = self._transport.get_extra_info("socket")
        if _TCP_INFO is None or sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return False
        try:
            return bool(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, 1)[0] in _ENDED)
        except OSError:
            return False  # uvloop duplicates the socket for this, and there may be no descriptor left

    async def read_out(self) -> None:
        """We have closed: read what still comes, heeding none of it, until the client has closed too."""
        self.read_here()
        time = asyncio.get_running_loop().time
        while not self._transport.is_closing() and (message := await self.receive()) is not None:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                return
            await self.rest(time())

    def stop_writing(self) -> None:
        """The client has sent its close frame: nothing more is for it."""
        self._stop()

    def heard(self, now: float) -> None:
        """Something came from the client, whatever it was."""
        self.heard_at = now
        self.pinged = False

    def ping(self) -> None:
        self.pinged = True
        self.write(PING)

    def pong(self, data: bytes) -> None:
        self.write(pong_frame(data))

    async def _close(self, finished: asyncio.Event) -> None:
        """Wait for the client's close frame, but not for long."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await finished.wait()
        except TimeoutError:
            pass
        finally:
            self._transport.abort()
