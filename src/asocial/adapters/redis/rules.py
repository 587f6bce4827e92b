"""The rules of channels in Redis: one JSON value for each channel, replaced only by a newer version; it expires."""

from __future__ import annotations

from typing import cast

import msgspec

from ...domain.rules import NO_RULES, Rules
from .pool import ErrorReply, Pool
from .scripts import SCRIPTS
from .unreadable import ERRORS

_decode = msgspec.json.Decoder(Rules).decode


class RedisChannelRules:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, channel: str) -> Rules:
        try:
            reply = await self._pool.call(channel, "GET", self._key(channel))
        except ErrorReply as error:
            if error.wrong_type:
                return NO_RULES
            raise
        return NO_RULES if reply is None else self._read(channel, reply) or NO_RULES

    async def swap(self, channel: str, rules: Rules, keep_ms: int, *, restore: bool = False) -> Rules:
        key, text = self._key(channel), msgspec.json.encode(rules)
        order = (rules.version, rules.since, int(restore))
        reply = await self._pool.run(SCRIPTS["swap"], channel, (key,), text, keep_ms, *order)
        stored = self._read(channel, reply)
        if stored is not None:
            return stored
        # The stored value is newer but unreadable, so it counts as nothing.
        await self._pool.call(channel, "SET", key, text, "PX", keep_ms)
        return rules

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        rules = await self.load(channel)
        if rules is not NO_RULES:
            await self._pool.call(channel, "PEXPIRE", self._key(channel), keep_ms, "GT")
        return rules

    async def close(self) -> None:
        """Nothing to release."""

    def _read(self, channel: str, reply: object) -> Rules | None:
        """None if it cannot be read."""
        try:
            return _decode(cast(bytes, reply))
        except ERRORS as error:
            self._pool.unreadable.skip("rules", self._key(channel), error)
            return None

    def _key(self, channel: str) -> str:
        return self._pool.names.key(channel, "rules")
