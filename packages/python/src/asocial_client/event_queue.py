"""The events that the program has not read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from .errors import ChannelClosed, Refused
from .events import Event, Lagged

QUEUED_EVENTS = 1000


class EventQueue:
    """Holds at most QUEUED_EVENTS. Of more it drops the oldest, and says how many with a Lagged event."""

    def __init__(self) -> None:
        self.waiting: deque[Event] = deque()
        self.ended_by: ChannelClosed | Refused | None = None
        """Why no more events come."""
        self._lost = 0
        self._wakeup = asyncio.Event()

    def add(self, event: Event) -> None:
        self.waiting.append(event)
        if len(self.waiting) > QUEUED_EVENTS:
            self.waiting.popleft()
            self._lost += 1
        self._wakeup.set()

    def end(self, error: ChannelClosed | Refused) -> None:
        self.ended_by = error
        if isinstance(error, ChannelClosed) and error.by_program:
            self.waiting.clear()
        self._wakeup.set()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Yields events as they come, then raises what ended them. After the program's own `close` nothing follows."""
        while True:
            while self.waiting:
                if self._lost:
                    lost, self._lost = self._lost, 0
                    yield Lagged(lost)
                yield self.waiting.popleft()
            if self.ended_by is not None:
                if isinstance(self.ended_by, ChannelClosed) and self.ended_by.by_program:
                    return
                raise self.ended_by
            self._wakeup.clear()
            await self._wakeup.wait()
