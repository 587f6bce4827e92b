"""How many connections each address has open (W5): the one counter behind `connections_per_ip`.

A client that connects directly is counted when its TCP connection is accepted. The TCP connections of a trusted proxy
are not its clients': there a client is counted when its WebSocket is upgraded. Both last until the TCP connection ends.
"""

from __future__ import annotations

from collections import Counter


class ConnectionCounter:
    """`limit`: connections per address, 0 for any number. Addresses are as `limit_key` writes them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._open: Counter[str] = Counter()

    def add(self, address: str) -> bool:
        """Count one connection more. False if that is one too many."""
        self._open[address] += 1
        return not 0 < self.limit < self._open[address]

    def remove(self, address: str) -> None:
        self._open[address] -= 1
        if not self._open[address]:
            del self._open[address]

    def is_full(self, address: str) -> bool:
        """Whether one connection more would be one too many."""
        return 0 < self.limit <= self._open[address]
