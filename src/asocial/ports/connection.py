"""One client's socket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..domain.errors import Disconnect
from ..domain.flush import Piece, Shared


class Connection(Protocol):
    """One client's socket, as the fan-out sees it. No method waits."""

    @property
    def id(self) -> str: ...

    @property
    def is_behind(self) -> bool:
        """Whether it has unsent bytes. Quicker to ask than how many."""
        ...

    @property
    def unsent_bytes(self) -> int:
        """Bytes that were written and have not reached the kernel."""
        ...

    def is_gone(self) -> bool:
        """Whether the client has ended the connection, even if it is not being read at the moment."""
        ...

    def write(self, data: bytes) -> None:
        """Send `data`: one or more whole WebSocket frames. Ignored by a connection that is closing or closed."""
        ...

    def deliver(self, shared: Shared, pieces: Sequence[Piece] | None = None) -> None:
        """Send data that many connections get: all of `shared`, or `pieces`, whose memoryviews are slices of it."""
        ...

    def close(self, disconnect: Disconnect) -> None:
        """Begin to close. Idempotent. What was written before is still sent if the client reads."""
        ...
