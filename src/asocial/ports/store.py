"""The store that processes share: its failure and its events."""

from __future__ import annotations

from typing import Protocol


class StoreUnavailable(Exception):
    """A shared store cannot be asked just now. Raised soon (about a second), never after a long wait."""


class StoreEvents(Protocol):
    """What a shared store tells this process. All are called on the loop."""

    def degraded(self) -> None:
        """The store is away: an outage begins."""
        ...

    async def restored(self) -> None:
        """The outage is over: everything is subscribed and answers again. The store may have come back empty.

        Raises StoreUnavailable if the store went away again meanwhile.
        """
        ...

    def process_died(self) -> None:
        """Other processes died and their people have been removed: not all of that may have been told."""
        ...

    def clock_set(self, shift_ms: int) -> None:
        """The clock that all processes share was set by so much just now."""
        ...
