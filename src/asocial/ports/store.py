"""The store that processes share: its failure, and the events that it reports."""

from __future__ import annotations

from typing import Protocol


class StoreUnavailable(Exception):
    """The shared store cannot be reached. Raised after about a second at most, never after a long wait."""


class StoreEvents(Protocol):
    """What a shared store reports to this process. Each is called on the loop."""

    def degraded(self) -> None:
        """The store is away: an outage begins."""
        ...

    async def restored(self) -> None:
        """The outage is over: everything is subscribed, and the store answers again. It may have come back empty.

        Raises StoreUnavailable if the store went away again meanwhile.
        """
        ...

    def process_died(self) -> None:
        """Other processes died and their connections were removed. Some of those departures may not have been sent."""
        ...

    def clock_set(self, shift_ms: int) -> None:
        """The clock that all processes share was set by this much."""
        ...
