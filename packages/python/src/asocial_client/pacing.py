"""Sends the latest of frames that replace each other, at most once in an interval (W163, W167)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from . import frames as f


class Paced:
    """`send`: sends a frame. `start`: runs work in the background. `interval_s` 0: each frame is sent at once."""

    def __init__(
        self,
        send: Callable[[f.ClientFrame], Coroutine[Any, Any, None]],
        start: Callable[[Coroutine[Any, Any, None]], None],
        interval_s: float = 0.0,
    ) -> None:
        self._send = send
        self._start = start
        self.interval_s = interval_s
        self._sent_at = float("-inf")
        self._waiting: f.ClientFrame | None = None
        self._runs = False

    async def push(self, frame: f.ClientFrame) -> None:
        """Send a frame now, or, if the interval is not over, when it is."""
        wait_s = self._sent_at + self.interval_s - asyncio.get_running_loop().time()
        if wait_s <= 0 and not self._runs:
            await self._send_now(frame)
            return
        self._waiting = frame
        if not self._runs:
            self._runs = True
            self._start(self._send_later(wait_s))

    def drop(self) -> None:
        """Do not send what waits."""
        self._waiting = None

    async def _send_now(self, frame: f.ClientFrame) -> None:
        self._sent_at = asyncio.get_running_loop().time()
        await self._send(frame)

    async def _send_later(self, wait_s: float) -> None:
        try:
            await asyncio.sleep(wait_s)
        finally:
            self._runs = False
        frame, self._waiting = self._waiting, None
        if frame is not None:
            await self._send_now(frame)
