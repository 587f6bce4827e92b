"""Which API key a request carries, what the key may do, and how often (W133, W136)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from ...domain.api_keys import OPERATOR, ApiKey, ApiKeys
from ...domain.errors import Refusal
from ...domain.rules import Rights
from ...ports import RateLimiter
from .auth import bearer_token_of
from .channels import try_again
from .client_info import ClientInfoReader

REQUESTS_PER_MINUTE = 600
"""Of one key, of any kind. Messages have the limits of any user besides (W72)."""
FAILURES_PER_MINUTE = 60
"""How many wrong keys one address may try."""
MINUTE_MS = 60_000


@dataclass(frozen=True)
class KeyGuard:
    """`limiter`: counts requests and wrong keys, over all processes. `is_banned`: whether an operator banned a key."""

    keys: ApiKeys
    limiter: RateLimiter
    clients: ClientInfoReader
    is_banned: Callable[[ApiKey], bool]

    async def check(self, request: web.Request, channel: str, rights: Rights) -> ApiKey:
        """The key of a request that may do this in the channel. Raises Refusal."""
        key = await self._identify(request)
        if key.rights == OPERATOR:
            raise Refusal("key_not_allowed", f"the key {key.name!r} is an operator's: it neither reads nor posts")
        if self.is_banned(key):
            raise Refusal("key_not_allowed", f"the key {key.name!r} is banned")
        if not key.covers(channel):
            raise Refusal("key_not_allowed", f"the key {key.name!r} is not for this channel")
        if rights == "write" and key.rights != "write":
            raise Refusal("key_not_allowed", f"the key {key.name!r} may read only")
        return key

    async def check_operator(self, request: web.Request) -> ApiKey:
        """The key of a request that an operator makes. Raises Refusal."""
        key = await self._identify(request)
        if key.rights != OPERATOR:
            raise Refusal("key_not_allowed", f"the key {key.name!r} is not an operator's")
        return key

    async def _identify(self, request: web.Request) -> ApiKey:
        key = self.keys.find(bearer_token_of(request) or "")
        if key is None:
            await self._take(f"api-failures:{self.clients.read(request).limit_key}", FAILURES_PER_MINUTE)
            raise Refusal("token_invalid", "send a valid API key: Authorization: Bearer KEY")
        await self._take(f"api:{key.name}", REQUESTS_PER_MINUTE)
        return key

    async def _take(self, name: str, limit: int) -> None:
        wait_ms = await self.limiter.take(name, limit, MINUTE_MS)
        if wait_ms:
            raise try_again(wait_ms)
