"""When a channel flushes: adaptive coalescing (DESIGN section 4).

Quiet: the first frame after a pause goes out on the next turn of the loop. Busy: frames wait for the end
of the tick and leave together, so that the cost of a flush is one write per connection, however many
frames it carries. The tick stretches with what the last flushes cost: a crowd gets fewer, fuller writes
instead of a queue. A stretch of 1.1 leaves a tenth of the time between two flushes, and what the sockets brought is
read before each; waiting longer would cost the crowd more than it gives the others (experiments/0002-fan-out.md).
"""

from __future__ import annotations

TICK_S = 0.010
MAX_TICK_S = 0.080
STRETCH = 1.1
CURSOR_TICK_S = 0.033


class FlushPacer:
    """Decides the moment of the next flush from those before. All times are seconds of one monotonic clock."""

    __slots__ = ("_last", "_last_cursors", "tick_s")

    def __init__(self) -> None:
        self.tick_s = TICK_S
        self._last = float("-inf")
        self._last_cursors = float("-inf")

    def due(self) -> float:
        """The earliest moment of the next flush of messages. In the past when the channel has been quiet."""
        return self._last + self.tick_s

    def cursors_due(self) -> float:
        """The earliest moment of the next flush that carries cursors, which nobody needs more often than frames."""
        return max(self.due(), self._last_cursors + CURSOR_TICK_S)

    def flushed(self, started: float, *, cursors: bool) -> None:
        """A flush began at `started`."""
        self._last = started
        if cursors:
            self._last_cursors = started

    def cost(self, seconds: float) -> None:
        """The last flush took `seconds`, its socket writes included."""
        wanted = min(max(TICK_S, STRETCH * seconds), MAX_TICK_S)
        # Up at once, down by halves: one cheap flush in a storm is no sign that the storm is over.
        self.tick_s = wanted if wanted >= self.tick_s else (self.tick_s + wanted) / 2
