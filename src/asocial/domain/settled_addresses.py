"""Which addresses are settled: most of their connections have lasted, and none of those did anything wrong (W121).

A classroom or a conference is settled once its first people have been there for a minute. Somebody who opens
connections one after another is not: a connection that ends within its first minute still counts as a new one until
that minute is over. The time is an argument, in ms of a clock that is never set.
"""

from __future__ import annotations

from collections import deque

import msgspec

NEW_MS = 60_000


class Stay(msgspec.Struct, gc=False, eq=False):
    """One connection of an address, from its opening on."""

    address: str
    opened_ms: int
    is_new: bool = True
    open: bool = True
    punished: bool = False


class _Counts:
    __slots__ = ("all", "good")

    def __init__(self) -> None:
        self.all = 0
        self.good = 0
        """Those that are older than a minute and not punished."""


class SettledAddresses:
    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = {}
        self._new: deque[Stay] = deque()
        """All that are younger than a minute, the oldest first; also those that have ended."""

    def open(self, address: str, now_ms: int) -> Stay:
        """Count a connection more. Call `close` once for each."""
        self._age(now_ms)
        stay = Stay(address, now_ms)
        self._new.append(stay)
        self._counts.setdefault(address, _Counts()).all += 1
        return stay

    def punish(self, stay: Stay) -> None:
        """The server refused what this connection sent."""
        if not stay.punished and stay.open and not stay.is_new:
            self._counts[stay.address].good -= 1
        stay.punished = True

    def close(self, stay: Stay, now_ms: int) -> None:
        self._age(now_ms)
        stay.open = False
        if not stay.is_new:
            self._remove(stay)

    def is_settled(self, address: str, now_ms: int) -> bool:
        """Whether at least half of the address's connections are older than a minute and unpunished."""
        self._age(now_ms)
        counts = self._counts.get(address)
        return counts is not None and counts.good * 2 >= counts.all

    def _age(self, now_ms: int) -> None:
        while self._new and self._new[0].opened_ms <= now_ms - NEW_MS:
            stay = self._new.popleft()
            stay.is_new = False
            if not stay.open:
                self._remove(stay, was_good=False)
            elif not stay.punished:
                self._counts[stay.address].good += 1

    def _remove(self, stay: Stay, *, was_good: bool = True) -> None:
        counts = self._counts[stay.address]
        counts.all -= 1
        counts.good -= was_good and not stay.punished
        if not counts.all:
            del self._counts[stay.address]
