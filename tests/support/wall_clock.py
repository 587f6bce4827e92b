"""The machine's clock, for tests that need the time of day."""

from __future__ import annotations

import time


def wall_ms() -> int:
    """Ms since the Unix epoch."""
    return time.time_ns() // 1_000_000
