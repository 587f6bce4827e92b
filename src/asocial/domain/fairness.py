"""Shares the messages of a busy second in a channel: between addresses first, then between users.

The rule is a dynamic threshold (Choudhury and Hahne, "Dynamic Queue Length Thresholds for Shared-Memory Packet
Switches", IEEE/ACM Transactions on Networking 6(2), 1998), which packet switches use to share a buffer: the more a
sender uses, the more room it must leave for others. It needs no queue and costs the same for any number of senders.
adapters/redis/lua/admit.lua applies the same rule for several processes; the contract suite tests both.

Never here: the limits of one user or one address over all channels (rate_windows.py).
"""

from __future__ import annotations

import math
from collections import deque

SECOND_MS = 1_000
MINUTE_MS = 60_000
ALONE_SHARE = 4
"""An address must leave as many places free as it used in the last second, so one flood gets half of what is left. If
it is alone, it must leave a quarter of that: it gets four fifths of the second, and a new sender finds a place."""
STEEPNESS, EASE = 1.5, 9.0
"""How the last minute counts. Of 200 places, a sender with the average number of messages leaves 10 free, with twice
the average 24, with four times 47, with twenty times 91."""


class MinuteCounts:
    """Messages in one minute of the clock: in total, by address, and by user of an address."""

    __slots__ = ("addresses", "minute", "total", "users", "users_of")

    def __init__(self, minute: int) -> None:
        self.minute = minute
        self.total = 0
        self.addresses: dict[str, int] = {}
        self.users: dict[tuple[str, str], int] = {}
        self.users_of: dict[str, int] = {}

    def add(self, address: str, user_id: str) -> None:
        self.total += 1
        self.addresses[address] = self.addresses.get(address, 0) + 1
        user = (address, user_id)
        before = self.users.get(user, 0)
        self.users[user] = before + 1
        if not before:
            self.users_of[address] = self.users_of.get(address, 0) + 1


class FairWindow:
    """The last second and the last minute of one channel. Times are ms of one clock.

    Admits at most `limit` messages in any second. The last minute is estimated from the current and the previous
    minute of the clock. Memory is proportional to the messages of two minutes.
    """

    __slots__ = ("_before", "_now", "_recent", "_times")

    def __init__(self) -> None:
        self._times: deque[tuple[int, str]] = deque()
        self._recent: dict[str, int] = {}
        self._now = MinuteCounts(0)
        self._before = MinuteCounts(0)

    def wait_ms(self, limit: int, address: str, user_id: str, now_ms: int) -> int:
        """0 if a message of this sender may pass now; else the ms until one may, if nobody else sends."""
        self._forget(now_ms)
        taken = len(self._times)
        if taken * 4 <= limit:
            return 0  # no sender must leave more than three quarters free
        leave = max(1, math.ceil(self._places_to_leave(limit, address, user_id, now_ms)))
        missing = taken + leave - limit
        if missing <= 0:
            return 0
        return max(1, self._times[min(missing, taken) - 1][0] + SECOND_MS - now_ms)

    def add(self, address: str, user_id: str, now_ms: int) -> None:
        """A message passed."""
        self._rotate(now_ms)
        self._times.append((now_ms, address))
        self._recent[address] = self._recent.get(address, 0) + 1
        self._now.add(address, user_id)

    def idle(self, now_ms: int) -> bool:
        """Whether everything counted here is too old to matter."""
        return self._now.minute + 1 < now_ms // MINUTE_MS

    def _places_to_leave(self, limit: int, address: str, user_id: str, now_ms: int) -> float:
        """How many places of this second the sender must leave for others."""
        self._rotate(now_ms)
        now, before = self._now, self._before
        weight = 1 - now_ms % MINUTE_MS / MINUTE_MS
        addresses = max(len(now.addresses), len(before.addresses) * weight)
        total = now.total + before.total * weight
        of_address = now.addresses.get(address, 0) + before.addresses.get(address, 0) * weight
        users = max(now.users_of.get(address, 0), before.users_of.get(address, 0) * weight)
        of_user = now.users.get((address, user_id), 0) + before.users.get((address, user_id), 0) * weight
        by_address = limit / 2 * _penalty(of_address, total, addresses)
        by_user = limit / 4 * _penalty(of_user, of_address, users)
        by_second = self._recent.get(address, 0) / (ALONE_SHARE if addresses <= 1 else 1)
        return max(by_second, by_address) + by_user

    def _rotate(self, now_ms: int) -> None:
        minute = now_ms // MINUTE_MS
        if self._now.minute != minute:
            self._before = self._now if self._now.minute == minute - 1 else MinuteCounts(minute - 1)
            self._now = MinuteCounts(minute)

    def _forget(self, now_ms: int) -> None:
        while self._times and self._times[0][0] <= now_ms - SECOND_MS:
            _, address = self._times.popleft()
            left = self._recent[address] - 1
            if left:
                self._recent[address] = left
            else:
                del self._recent[address]


def _penalty(own: float, total: float, senders: float) -> float:
    """From 0 for a sender without messages or without competitors, towards 1 for far more than the average."""
    if own <= 0 or senders <= 1:
        return 0.0
    heaviness = math.pow(own * senders / total, STEEPNESS)
    return heaviness / (heaviness + EASE)
