"""The rules of channels, in this process's memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable

from ...domain.rules import NO_RULES, Rules
from ...ports import StoreUnavailable

MAX_CHANNELS = 100_000
"""The most channels with rules. Above, no channel can be claimed until rules of others expire."""


class MemoryChannelRules:
    """`clock_ms` is any clock in ms."""

    def __init__(self, clock_ms: Callable[[], int], max_channels: int = MAX_CHANNELS) -> None:
        self._clock_ms = clock_ms
        self._channels_most = max_channels
        self._rules: dict[str, tuple[Rules, int]] = {}
        # One entry for each channel: when to check whether its rules are over.
        self._ends: list[tuple[int, str]] = []

    async def load(self, channel: str) -> Rules:
        rules, until_ms = self._rules.get(channel, (NO_RULES, 0))
        return rules if until_ms > self._clock_ms() else NO_RULES

    async def swap(self, channel: str, rules: Rules, keep_ms: int, *, restore: bool = False) -> Rules:
        stored = await self.load(channel)
        begun_apart = stored.version and stored.since != rules.since
        if not rules.replaces(stored) or (begun_apart and not restore):
            return stored
        self._forget()
        until_ms = self._clock_ms() + keep_ms
        if channel not in self._rules:
            if len(self._rules) >= self._channels_most:
                raise StoreUnavailable("too many channels have rules")
            heapq.heappush(self._ends, (until_ms, channel))
        self._rules[channel] = (rules, until_ms)
        return rules

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        rules = await self.load(channel)
        if rules is not NO_RULES:
            self._rules[channel] = (rules, max(self._rules[channel][1], self._clock_ms() + keep_ms))
        return rules

    async def close(self) -> None:
        self._rules.clear()
        self._ends.clear()

    def _forget(self) -> None:
        """Remove rules that are over. The cost depends on what is removed, not on how many rules there are."""
        now_ms = self._clock_ms()
        while self._ends and self._ends[0][0] <= now_ms:
            _, channel = heapq.heappop(self._ends)
            until_ms = self._rules[channel][1]
            if until_ms <= now_ms:
                del self._rules[channel]
            else:
                heapq.heappush(self._ends, (until_ms, channel))
