"""A listener for store events that ignores them."""

from __future__ import annotations


class IgnoreStoreEvents:
    """A ports.StoreEvents that does nothing."""

    def degraded(self) -> None: ...

    async def restored(self) -> None: ...

    def process_died(self) -> None: ...

    def clock_set(self, shift_ms: int) -> None: ...
