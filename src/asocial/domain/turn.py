"""When the connections of one address let others run.

In a file of its own because this module is not compiled: a compiled object cannot be the target of a weak reference.
"""

from __future__ import annotations

from collections.abc import Callable


class Turn:
    """Says when the connections of one address must let others run.

    Each connection does so after a few frames. Fifty connections of one address could still make everybody wait for
    fifty times as many. After each `most` frames of an address, they do so after every frame, until all others had
    their turn.
    """

    __slots__ = ("__weakref__", "_count", "_most", "_when_all_had_theirs")

    def __init__(self, most: int, when_all_had_theirs: Callable[[Callable[[], None]], object]) -> None:
        """`when_all_had_theirs`: calls a function at that time, as `call_soon` of an event loop does."""
        self._most = most
        self._when_all_had_theirs = when_all_had_theirs
        self._count = 0

    def is_over(self) -> bool:
        """Count one frame. True if others come first."""
        self._count += 1
        if self._count == self._most:
            self._when_all_had_theirs(self._begin)
        return self._count >= self._most

    def _begin(self) -> None:
        self._count = 0
