"""How often the clients of a crowd send their pointer and their draft: as often as the process can read (W167)."""

from __future__ import annotations

from collections import deque
from statistics import fmean
from typing import NamedTuple

FRAMES_PER_SECOND = 20_000.0
"""Frames with pointers that one process reads in a second without being late."""
MIN_FRAMES_PER_SECOND = 1_000.0
LATE_S = 0.03
"""The loop is late: fewer frames are asked for."""
BUSY = 0.8
"""The share of its time in which the process may work. Above it, frames begin to wait in their sockets."""
CALM = 0.65
"""Below it, more frames are asked for."""
FULL, ROOM = 0.93, 0.75
"""A process that is busy for more than the first share, on average and at the slowest usual pace, is overloaded:
messages go before pointers. Below the second share it asks for more again. A step up costs up to a seventh of a core,
so it must not end above the first share: the pace would swing, and pointers would be late half of the time."""
VERY_LATE_S = 0.2
"""A loop that is so late is overloaded, however little it seems to work."""
FULL_SECONDS, ROOM_SECONDS = 3, 5
"""The averages are of so many seconds, all since the last step: clients follow it only with their next pointer."""
LEAST = 1.0
"""A draft is sent at least this often, and a pointer too while the process is not overloaded."""
OVERLOADED = ((1.0, 0.45), (0.7, 0.45), (0.5, 0.45), (0.35, 0.45), (0.25, 1.4))
"""The slowest pace of pointers, and the seconds between two frames with pointers: the next one while the process stays
overloaded. Fewer pointers are read first; that alone does not make those that are shown older."""
MOST = 8.0
"""Pointers and drafts a second at best: clients interpolate, and a crowd is a lot to look at."""
STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, MOST)
"""The rates that a pace may have, so that it does not change all the time."""


class Pace(NamedTuple):
    cursors_per_second: float
    drafts_per_second: float


class CrowdPace:
    """Decides the pace once a second. `cursors`, `drafts`: the highest rates of a client."""

    __slots__ = ("_budget", "_cursors", "_drafts", "_overload", "_shares", "pace")

    def __init__(self, cursors: float, drafts: float) -> None:
        self._cursors = cursors
        self._drafts = drafts
        self._budget = FRAMES_PER_SECOND
        self._shares: deque[float] = deque(maxlen=ROOM_SECONDS)
        """How busy the process was in each second at this pace."""
        self._overload = 0
        """The place of the slowest pace in OVERLOADED."""
        self.pace = Pace(min(cursors, MOST), min(drafts, MOST))

    @property
    def tick_s(self) -> float:
        """The time between two frames with pointers that a client gets."""
        return min(1 / self.pace.cursors_per_second, OVERLOADED[self._overload][1])

    def update(self, senders: int, late_s: float, busy: float) -> bool:
        """True if the pace changed. `senders`: how many clients moved their pointer lately.

        `late_s`: how late the loop is. `busy`: the share of the last second in which the process worked, or waited for
        a core.
        """
        if late_s > LATE_S or busy > BUSY:
            self._budget = max(MIN_FRAMES_PER_SECOND, self._budget * 0.8)
        elif busy < CALM:
            self._budget = min(FRAMES_PER_SECOND, self._budget * 1.1)
        self._step(late_s, busy)
        before, now = self.pace, self._of(self._budget / max(senders, 1))
        # Slower at once; faster only by more than the step that a few people more would take back.
        if now.cursors_per_second > before.cursors_per_second:
            careful = self._of(self._budget / max(senders, 1) / 1.25)
            now = before if careful.cursors_per_second <= before.cursors_per_second else careful
        self.pace = now
        return now != before

    def _step(self, late_s: float, busy: float) -> None:
        """Change the slowest pace, if the process is overloaded or has room again."""
        shares = self._shares
        if self.pace.cursors_per_second > LEAST:
            self._overload = 0
            shares.clear()
            return
        very_late = late_s > VERY_LATE_S
        shares.append(1.0 if very_late else busy)
        if len(shares) >= FULL_SECONDS and fmean([*shares][-FULL_SECONDS:]) > FULL:
            self._overload = min(self._overload + 1, len(OVERLOADED) - 1)
            if not very_late:
                shares.clear()
        elif len(shares) == ROOM_SECONDS and fmean(shares) < ROOM:
            self._overload = max(self._overload - 1, 0)
            shares.clear()

    def _of(self, rate: float) -> Pace:
        step = max((step for step in STEPS if step <= rate), default=LEAST)
        slowest = OVERLOADED[self._overload][0] if step == LEAST else step
        return Pace(min(self._cursors, slowest), min(self._drafts, step))
