"""When a process that ended is started again. Pure: how long it lived is an argument."""

from __future__ import annotations

FIRST_S = 0.25
LONGEST_S = 10.0
STEADY_S = 10.0
"""A process that served for this long ended for a new reason: the pauses begin again."""
SHORT_LIVES = 5
"""So many short lives in a row are followed by another start. After one more, starting again does not help."""


class Restarts:
    """The pauses before the restarts of one process, each twice as long as the one before.

    `limit`: how many short lives in a row are allowed; None for any number.
    """

    def __init__(self, limit: int | None = SHORT_LIVES) -> None:
        self._limit = limit
        self._short_lives = 0

    def pause_after(self, lived_s: float) -> float | None:
        """Seconds to wait before the next start, or None to give up. `lived_s`: how long the process served."""
        if lived_s >= STEADY_S:
            self._short_lives = 0
            return FIRST_S
        self._short_lives += 1
        if self._limit is not None and self._short_lives > self._limit:
            return None
        return min(LONGEST_S, FIRST_S * 2.0 ** min(self._short_lives - 1, 16))
