"""Channels' rules, in this process."""

from __future__ import annotations

from collections.abc import Callable

from ...domain.rules import NO_RULES, Rules


class MemoryChannelRules:
    """`clock_ms` is any clock in ms."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._rules: dict[str, tuple[Rules, int]] = {}

    async def load(self, channel: str) -> Rules:
        rules, until_ms = self._rules.get(channel, (NO_RULES, 0))
        return rules if until_ms > self._clock_ms() else NO_RULES

    async def swap(self, channel: str, rules: Rules, keep_ms: int) -> Rules:
        stored = await self.load(channel)
        if stored.version >= rules.version:
            return stored
        self._forget()
        self._rules[channel] = (rules, self._clock_ms() + keep_ms)
        return rules

    async def keep(self, channel: str, keep_ms: int) -> Rules:
        rules = await self.load(channel)
        if rules is not NO_RULES:
            self._rules[channel] = (rules, max(self._rules[channel][1], self._clock_ms() + keep_ms))
        return rules

    async def close(self) -> None:
        self._rules.clear()

    def _forget(self) -> None:
        now_ms = self._clock_ms()
        for channel in [channel for channel, (_, until_ms) in self._rules.items() if until_ms <= now_ms]:
            del self._rules[channel]
