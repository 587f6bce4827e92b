"""What one TCP connection may use: bytes per second, and a place among the connections of its address (W5).

It belongs to the TCP connection, whatever protocol reads that: HTTP first, and WebSocket after the upgrade.
"""

from __future__ import annotations

from ...domain.limits import Allowance, Share
from .connection_counter import ConnectionCounter


class Quota:
    """`allowance`: how fast the connection is read; None for no limit."""

    __slots__ = ("_allowance", "_counter", "_share", "limit_key")

    def __init__(self, allowance: Allowance | None) -> None:
        self._allowance = allowance
        self._counter: ConnectionCounter | None = None
        self._share: Share | None = None
        self.limit_key = ""
        """The address that it counts for; empty until that is known."""

    def count_for(self, limit_key: str, counter: ConnectionCounter) -> bool:
        """Count it as a connection of this address. False if that is one too many. `release` ends it."""
        self.limit_key = limit_key
        self._counter = counter
        return counter.add(limit_key)

    def share_rate(self, share: Share) -> None:
        """From here on, it shares the rate of its address."""
        self._share = share

    def spend(self, size: int, now: float) -> float:
        """So many bytes were read. Returns how many seconds nothing more may be read."""
        wait_s = self._allowance.spend(size, now) if self._allowance is not None else 0.0
        return wait_s if self._share is None else max(wait_s, self._share.spend(size, now))

    def release(self) -> None:
        """The TCP connection has ended."""
        if self._counter is not None:
            self._counter.remove(self.limit_key)
            self._counter = None
