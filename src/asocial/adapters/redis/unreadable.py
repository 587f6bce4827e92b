"""Entries in Redis that this version cannot read: of another format or type, or damaged.

Each counts as absent. Only what it contained is lost; no connection ends because of it.
"""

from __future__ import annotations

import msgspec

from ... import logs
from ...service.counters import Counters

ERRORS = (msgspec.MsgspecError, ValueError, TypeError, IndexError, OverflowError)
"""What reading such an entry can raise. UnicodeDecodeError is a ValueError."""

log = logs.get(__name__)


class Unreadable:
    """Counts unreadable entries, and logs the first of each kind."""

    def __init__(self, counters: Counters) -> None:
        self._counts = counters.unreadable
        self._logged: set[str] = set()

    def skip(self, kind: str, where: str, error: object) -> None:
        """Skip an entry of this kind. `where`: the key, or the pub/sub channel."""
        self._counts[kind] += 1
        if kind not in self._logged:
            self._logged.add(kind)
            log.warning(
                "an entry in Redis cannot be read and is treated as absent; later ones of this kind are only counted",
                kind=kind,
                name=where,
                error=str(error)[:200],
            )
