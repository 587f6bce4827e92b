"""When a channel flushes: adaptive coalescing.

Quiet: the first frame after a pause goes out on the next turn of the loop. Busy: frames wait for the end
of the tick and leave together, so that the cost of a flush is one write per connection, however many
frames it carries. The tick stretches with what the last flushes cost: a crowd gets fewer, fuller writes
instead of a queue. A stretch of 1.1 leaves a tenth of the time between two flushes, and what the sockets brought is
read before each; waiting longer would cost the crowd more than it gives the others (experiments/0002-fan-out.md).

A thousand small channels are a crowd too: each flush costs little, all of them everything. It shows in the loop coming
late to what is due; then all channels wait longer, and write less often and more (experiments/0004-small-channels.md).
"""

from __future__ import annotations

TICK_S = 0.010
MAX_TICK_S = 0.080
STRETCH = 1.1
CURSOR_TICK_S = 0.033
LATE_STRETCH = 4.0
"""Seconds of waiting for each second that the loop is late."""
MAX_WAIT_S = 0.020
LAG_SAMPLES = 16
"""Flushes, of all channels, whose lateness counts."""


class LoopLag:
    """How late a loop comes to the flushes that are due, on average. One for all channels of a loop."""

    __slots__ = ("mean_s",)

    def __init__(self) -> None:
        self.mean_s = 0.0

    def observe(self, seconds: float) -> None:
        """A flush began so long after it was due."""
        self.mean_s += (seconds - self.mean_s) / LAG_SAMPLES

    @property
    def tick_s(self) -> float:
        """The least time between two flushes of any channel."""
        return TICK_S + min(LATE_STRETCH * self.mean_s, MAX_WAIT_S)


class FlushPacer:
    """Decides the moment of the next flush from those before. All times are seconds of one monotonic clock."""

    __slots__ = ("_lag", "_last", "_last_cursors", "tick_s")

    def __init__(self, lag: LoopLag) -> None:
        self._lag = lag
        self.tick_s = TICK_S
        self._last = float("-inf")
        self._last_cursors = float("-inf")

    def due(self) -> float:
        """The earliest moment of the next flush of messages. In the past when the channel has been quiet."""
        return self._last + max(self.tick_s, self._lag.tick_s)

    def cursors_due(self) -> float:
        """The earliest moment of the next flush that carries cursors, which nobody needs more often than frames."""
        return max(self.due(), self._last_cursors + CURSOR_TICK_S)

    def flushed(self, started: float, *, cursors: bool) -> None:
        """A flush began at `started`."""
        self._last = started
        if cursors:
            self._last_cursors = started

    def observe_cost(self, seconds: float) -> None:
        """The last flush took `seconds`, its socket writes included."""
        wanted = min(max(TICK_S, STRETCH * seconds), MAX_TICK_S)
        # Up at once, down by halves: one cheap flush in a storm is no sign that the storm is over.
        self.tick_s = wanted if wanted >= self.tick_s else (self.tick_s + wanted) / 2
