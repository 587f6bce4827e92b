"""The clock that all processes share: Redis's own, measured a few times a minute (RFC 5905's clock offset).

In a cluster it is the clock of the master that holds the leases. The clocks of other masters are not used.
"""

from __future__ import annotations

from typing import cast

from ...service.clock import Clock
from .leases import TAG
from .pool import Pool

SAMPLES = 3
MAX_ERROR_MS = 500.0
"""A measurement with a larger error is not used."""


async def measure(pool: Pool, clock: Clock) -> int:
    """Let `clock` follow Redis's. Returns the ms by which it was set, 0 if it was not. Raises StoreUnavailable."""
    samples = [await _sample(pool, clock) for _ in range(SAMPLES)]
    error_ms, reference_ms, at_ms = min(samples)
    return clock.follow(reference_ms, at_ms, error_ms) if error_ms < MAX_ERROR_MS else 0


async def _sample(pool: Pool, clock: Clock) -> tuple[float, float, float]:
    sent_ms = clock.monotonic_ms()
    seconds, micros = cast(list[bytes], await pool.call(TAG, "TIME"))
    got_ms = clock.monotonic_ms()
    # Both ends are whole ms.
    return (got_ms - sent_ms) / 2 + 1, int(seconds) * 1000 + int(micros) / 1000, (sent_ms + got_ms) / 2
