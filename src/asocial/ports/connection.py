"""One client's socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..domain.errors import Disconnect
from ..domain.flush import Piece, Shared


class Connection(Protocol):
    """One client's socket, as the fan-out sees it. Nothing here waits."""

    @property
    def id(self) -> str: ...

    @property
    def unsent_bytes(self) -> int:
        """What was written and has not reached the kernel."""
        ...

    def write(self, data: bytes) -> None:
        """Send `data`, one or many whole WebSocket frames. A connection that is closing or gone ignores it."""
        ...

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        """Send what is for many: all of `shared`, or `pieces`, of which memoryviews are slices of it. Keeps no copy."""
        ...

    def close(self, disconnect: Disconnect) -> None:
        """Begin to close. Idempotent; what was written before is still sent if the client reads."""
        ...
