"""When a channel flushes: adaptive coalescing.

Quiet channel: the first frame after a pause leaves on the next turn of the loop. Busy channel: frames wait for the end
of the tick and leave together, so that a flush costs one write per connection for any number of frames. The tick grows
with the cost of the last flushes: a crowd gets fewer, larger writes instead of a queue. A stretch of 1.1 leaves a tenth
of the time between two flushes for reading the sockets; a longer wait would cost the crowd more than it gives the
others (experiments/0002-fan-out.md).

A thousand small channels are a load too: each flush is cheap, all of them are not. The loop then runs late, and all
channels wait longer, and write less often and more at once (experiments/0004-small-channels.md).
"""

from __future__ import annotations

TICK_S = 0.010
MAX_TICK_S = 0.080
STRETCH = 1.1
CROWD_STRETCH = 2.0
"""In a crowd half of the time is left: people look about, and a view that is read late is answered late."""
MAX_CROWD_TICK_S = 0.500
CURSOR_TICK_S = 0.033
LATE_STRETCH = 4.0
"""Seconds to wait for each second that the loop is late."""
MAX_WAIT_S = 0.020
PATIENCE_S = 0.5
"""How much longer than others a patient frame may wait (Channel.post)."""
LAG_SAMPLES = 16
"""How many flushes, of all channels, the average lateness covers."""


class LoopLag:
    """How late the loop is for due flushes, on average. One for all channels of a loop."""

    __slots__ = ("mean_s",)

    def __init__(self) -> None:
        self.mean_s = 0.0

    def observe(self, seconds: float) -> None:
        """A flush began this long after it was due."""
        self.mean_s += (seconds - self.mean_s) / LAG_SAMPLES

    @property
    def tick_s(self) -> float:
        """The shortest time between two flushes of a channel."""
        return TICK_S + min(LATE_STRETCH * self.mean_s, MAX_WAIT_S)


class FlushPacer:
    """Decides when the next flush is due. All times are seconds of one monotonic clock."""

    __slots__ = ("_lag", "_last", "_last_cursors", "tick_s")

    def __init__(self, lag: LoopLag) -> None:
        self._lag = lag
        self.tick_s = TICK_S
        self._last = float("-inf")
        self._last_cursors = float("-inf")

    def due(self) -> float:
        """The earliest time of the next flush. It is in the past if the channel has been quiet."""
        return self._last + max(self.tick_s, self._lag.tick_s)

    def cursors_due(self) -> float:
        """The earliest time of the next flush with cursors. Screens show no more than one in this time."""
        return max(self.due(), self._last_cursors + CURSOR_TICK_S)

    def flushed(self, started: float, *, cursors: bool) -> None:
        """A flush began at `started`."""
        self._last = started
        if cursors:
            self._last_cursors = started

    def observe_cost(self, seconds: float, stretch: float = STRETCH, most: float = MAX_TICK_S) -> None:
        """The last flush took `seconds`, its socket writes included. The next one begins `stretch` times as long after
        its beginning, at `most`."""
        wanted = min(max(TICK_S, stretch * seconds), most)
        # Up at once, down by halves: one cheap flush does not mean that the load is over.
        self.tick_s = wanted if wanted >= self.tick_s else (self.tick_s + wanted) / 2
