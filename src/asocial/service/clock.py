"""The clocks of one process. Setting the machine's clock does not disturb messages, limits or presence.

    monotonic_ms  for durations: limits, deadlines, leases. Never set.
    now_ms        the server's clock (docs/protocol.md): the times in messages and events.
    wall_ms       the machine's clock, for times that others wrote: tokens.

`now_ms` runs with the monotonic clock and follows a reference: the machine's clock, or with Redis the clock of Redis,
so that all processes agree. Small differences are corrected slowly. A large difference means that somebody set a clock.
With Redis, `now_ms` then jumps at once, and `follow` returns by how much, so that live messages can be moved along.
Without Redis, it jumps only while nobody is connected.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import logs
from .counters import Counters

STEP_MS = 1000.0
"""A larger difference is not drift: somebody set a clock."""
SLEW = 0.005
"""How fast a small difference is corrected: ms per ms that passes."""
SKEW_MS = 2000.0
"""Above this difference between the machine's clock and the server's, a warning is logged."""
_MS = 1_000_000

log = logs.get(__name__)


class Clock:
    """`wall_ns` and `monotonic_ns` are for tests."""

    def __init__(
        self,
        counters: Counters,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._counters = counters
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._wall_ahead_ns = self._ahead_ns = wall_ns() - monotonic_ns()
        """How far the machine's clock, and ours, are ahead of the monotonic one."""
        self._latest_ns = 0
        self._followed_ns = monotonic_ns()
        self._synchronized = False
        self._logged_skew_ms = 0.0

    @property
    def skew_s(self) -> float:
        """How far the machine's clock is ahead of the server's."""
        return (self._wall_ns() - self._monotonic_ns() - self._ahead_ns) / 1e9

    def monotonic_s(self) -> float:
        """In seconds, for durations that are short: uvloop's clock counts milliseconds."""
        return self._monotonic_ns() / 1e9

    def monotonic_ms(self) -> int:
        return self._monotonic_ns() // _MS

    def wall_ms(self) -> int:
        return self._wall_ns() // _MS

    def now_ms(self) -> int:
        """Never decreases, unless the clock is set."""
        now_ns = self._monotonic_ns() + self._ahead_ns
        if now_ns < self._latest_ns:
            return self._latest_ns // _MS
        self._latest_ns = now_ns
        return now_ns // _MS

    def follow(self, reference_ms: float, at_ms: float, error_ms: float) -> int:
        """A shared clock showed `reference_ms` when `monotonic_ms` was `at_ms`, to within `error_ms`.

        Returns by how many ms this clock was set; 0 if it was not.
        """
        ahead_ms = reference_ms - at_ms - self._ahead_ns / _MS
        first, self._synchronized = not self._synchronized, True
        if abs(ahead_ms) > STEP_MS + error_ms or (first and abs(ahead_ms) > error_ms):
            if not first:
                self._counters.clock_steps += 1
                log.warning(
                    "the clock of redis was set; this process follows it",
                    seconds=round(ahead_ms / 1000, 3),
                )
            return self._set(ahead_ms)
        if abs(ahead_ms) > error_ms:
            self._slew(ahead_ms)
        return 0

    def check(self, *, idle: bool) -> int:
        """Compare with the machine's clock, about once a second. `idle`: no connections and no live messages.

        Returns by how many ms this clock was set; 0 if it was not.
        """
        wall_ahead_ns = self._wall_ns() - self._monotonic_ns()
        moved_ms, self._wall_ahead_ns = (wall_ahead_ns - self._wall_ahead_ns) / _MS, wall_ahead_ns
        if abs(moved_ms) > STEP_MS:
            self._counters.clock_steps += 1
            log.warning(
                "the clock of this machine was set; messages and limits are not affected",
                seconds=round(moved_ms / 1000, 3),
            )
        skew_ms = (wall_ahead_ns - self._ahead_ns) / _MS
        if self._synchronized:
            self._log_skew(skew_ms)
        elif abs(skew_ms) > STEP_MS and idle:
            return self._set(skew_ms)
        else:
            self._slew(skew_ms)
        return 0

    def _set(self, by_ms: float) -> int:
        shift_ms = round(by_ms)
        self._ahead_ns += shift_ms * _MS
        self._latest_ns = 0
        self._followed_ns = self._monotonic_ns()
        return shift_ms

    def _slew(self, by_ms: float) -> None:
        now_ns = self._monotonic_ns()
        most_ns = SLEW * (now_ns - self._followed_ns)
        self._followed_ns = now_ns
        self._ahead_ns += round(max(-most_ns, min(by_ms * _MS, most_ns)))

    def _log_skew(self, skew_ms: float) -> None:
        if abs(skew_ms) <= SKEW_MS / 2 and self._logged_skew_ms:
            self._logged_skew_ms = 0.0
            log.info("this machine's clock agrees with Redis's again")
        elif abs(skew_ms) > SKEW_MS and abs(skew_ms - self._logged_skew_ms) > SKEW_MS:
            self._logged_skew_ms = skew_ms
            log.warning(
                "this machine's clock differs from Redis's, which is used; is time synchronization (NTP) running?",
                seconds=round(skew_ms / 1000, 1),
            )
