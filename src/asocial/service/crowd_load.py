"""How much a process has to do for a crowd, and the pace that it asks for (W167).

Never here: the rules of the pace (domain/crowd_pace.py).
"""

from __future__ import annotations

from collections import deque

from ..domain.crowd_pace import LEAST, CrowdPace
from ..domain.pacing import LoopLag
from ..groups import CrowdSettings
from ..protocol.codec import pack
from ..protocol.schema import PaceFrame
from .occupancy import Occupancy

SENDERS_S = 3
"""Who moved their pointer within so many seconds counts as a sender."""
SUSPENDED_S = 0.5
"""If no pointer was read for so long, those that come then may be old."""


class CrowdLoad:
    """`occupancy`: of the thread that runs the loop."""

    def __init__(self, settings: CrowdSettings, lag: LoopLag, now: float, occupancy: Occupancy) -> None:
        self._pace = CrowdPace(settings.cursors_per_second, settings.drafts_per_second)
        self._lag = lag
        self._occupancy = occupancy
        self._read_at = now
        self._reads_late_until = now
        self.senders: set[str] = set()
        """Users who moved their pointer in this second."""
        self._sent_before: deque[set[str]] = deque(maxlen=SENDERS_S - 1)
        """The same of the seconds before: a late process has not read everybody in one."""

    @property
    def tick_s(self) -> float:
        """The time between two frames with pointers that a client gets."""
        return self._pace.tick_s

    @property
    def is_strained(self) -> bool:
        """Whether this process has so much to do that it shows only the pointers that move."""
        return self._pace.pace.cursors_per_second <= LEAST

    def frame(self) -> bytes:
        return pack(PaceFrame(*self._pace.pace))

    def reads_late(self, now: float) -> bool:
        """Called for each pointer, view and draft that is read. Whether it may be old: this process was suspended.

        To ask for each of them whether its client is gone would cost a crowd more than to read a pointer.
        """
        if now - self._read_at > SUSPENDED_S:
            self._reads_late_until = now + SUSPENDED_S
        self._read_at = now
        return now < self._reads_late_until

    def update(self, members: int, now: float) -> bool:
        """Called once a second. Whether the pace changed."""
        # Many come at once, and move only then: the pace must not begin too high for them.
        senders = max(len(self.senders.union(*self._sent_before)), members // 2)
        self._sent_before.append(self.senders)
        self.senders = set()
        return self._pace.update(senders, self._lag.mean_s, self._occupancy.share(now))
