"""Channels' rules in Redis: one JSON value a channel, written only over an older version, gone when it is not used."""

from __future__ import annotations

from typing import cast

import msgspec

from ...domain.rules import NO_RULES, Rules
from .pool import Pool
from .scripts import SCRIPTS

_decode = msgspec.json.Decoder(Rules).decode


class RedisChannelRules:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, channel: str) -> Rules:
        return _read(await self._pool.call(channel, "GET", _key(channel)))

    async def swap(self, channel: str, rules: Rules, keep_ms: int) -> Rules:
        text = msgspec.json.encode(rules)
        return _read(await self._pool.run(SCRIPTS["swap"], channel, (_key(channel),), rules.version, text, keep_ms))

    async def keep(self, channel: str, keep_ms: int) -> Rules:
        rules = await self.load(channel)
        if rules is not NO_RULES:
            await self._pool.call(channel, "PEXPIRE", _key(channel), keep_ms, "GT")
        return rules

    async def close(self) -> None:
        """Nothing to let go of: the rules are not this process's."""


def _read(reply: object) -> Rules:
    return NO_RULES if reply is None else _decode(cast(bytes, reply))


def _key(channel: str) -> str:
    return f"asocial:{{{channel}}}:rules"
