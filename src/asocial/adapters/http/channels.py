"""`/api/channels/{channel}`: what holds in a channel, claiming it, and inviting to it. Docs: protocol.md, section 9."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from aiohttp import web

from ...domain.access import Invitation
from ...domain.errors import Disconnect, Refused
from ...domain.identity import NOBODY, Verified
from ...domain.ids import ID_RULE, is_id
from ...domain.rules import Rights
from ...ports import RateLimiter, StoreUnavailable
from ...service.moderation import Moderation
from .auth import Authenticator
from .bodies import read_body
from .hosts import Hosts
from .invitations import Invitations
from .refusal import response_of
from .visitors import Visitor, Visitors

INVITATION_LEAST_S, INVITATION_MOST_S, INVITATION_UNSAID_S = 60, 30 * 86_400, 86_400
REQUESTS_PER_MINUTE = 30
"""Of claims and invitations, for each user; and for each address, since guests are free:"""
REQUESTS_PER_MINUTE_PER_ADDRESS = 120
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class _Wanted(msgspec.Struct):
    rights: Rights = "write"
    ttl_seconds: Annotated[int, msgspec.Meta(ge=INVITATION_LEAST_S, le=INVITATION_MOST_S)] = INVITATION_UNSAID_S


class ChannelsApi:
    def __init__(
        self,
        authenticator: Authenticator,
        moderation: Moderation,
        invitations: Invitations,
        limiter: RateLimiter,
        visitors: Visitors,
        hosts: Hosts,
        now_ms: Callable[[], int],
        *,
        check: Callable[[web.Request, Visitor, str | None], None],
        claims_per_day_per_ip: int,
        body_s: float,
    ) -> None:
        """`check` raises the Refused that an upgrade would get before it is known who asks.

        `body_s`: how long a request's body may take.
        """
        self._check = check
        self._body_s = body_s
        self._authenticator = authenticator
        self._moderation = moderation
        self._invitations = invitations
        self._limiter = limiter
        self._visitors = visitors
        self._hosts = hosts
        self._claims_per_day_per_ip = claims_per_day_per_ip
        self._now_ms = now_ms

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/channels/{channel}", _answered(self._look))
        router.add_post("/api/channels/{channel}", _answered(self._claim))
        router.add_post("/api/channels/{channel}/invitations", _answered(self._invite))

    async def _look(self, request: web.Request) -> web.Response:
        channel = _channel_of(request)
        # Browsers send no Origin with what a page asks its own server: the page says it (W87).
        origin = request.query.get("origin", request.headers.get("Origin"))
        self._check(request, self._visitors.see(request), origin)
        visitor = await self._authenticator.known(request) or NOBODY
        invitation = self._invitations.read(request.query.get("invite", ""), channel)
        access = await self._moderation.admit(channel, visitor, invitation)
        return _json(
            {"channel": channel, **msgspec.to_builtins(await self._moderation.state(channel, visitor, access))}
        )

    async def _claim(self, request: web.Request) -> web.Response:
        channel, visitor = _channel_of(request), await self._caller(request)
        address = self._visitors.see(request).counted

        async def take_place() -> None:
            await self._take(f"claims:{address}", self._claims_per_day_per_ip, DAY_MS)

        await self._moderation.claim(channel, visitor, take_place)
        access = await self._moderation.admit(channel, visitor, None)
        return _json(
            {"channel": channel, **msgspec.to_builtins(await self._moderation.state(channel, visitor, access))}
        )

    async def _invite(self, request: web.Request) -> web.Response:
        channel, visitor = _channel_of(request), await self._caller(request)
        wanted = _wanted(await read_body(request, self._body_s))
        expires_at = (self._now_ms() // 1000 + wanted.ttl_seconds) * 1000
        origin = self._hosts.link_origin(self._visitors.see(request))
        key = await self._moderation.invite(channel, visitor, expires_at)
        token = self._invitations.sign(channel, Invitation(wanted.rights, key), expires_at)
        url = f"{origin}/c/{channel}?invite={token}"
        return _json({"token": token, "url": url, "expires_at": expires_at}, status=201)

    async def _caller(self, request: web.Request) -> Verified:
        visitor = await self._authenticator.known(request)
        if visitor is None:
            raise Refused(401, "token_invalid", "say who you are: Authorization: Bearer and your token")
        # The address first: users that somebody makes up cost no entry each.
        address = self._visitors.see(request).counted
        await self._take(f"channels-ip:{address}", REQUESTS_PER_MINUTE_PER_ADDRESS, MINUTE_MS)
        await self._take(f"channels:{visitor.user_id}", REQUESTS_PER_MINUTE, MINUTE_MS)
        return visitor

    async def _take(self, key: str, limit: int, window_ms: int) -> None:
        wait_ms = await self._limiter.take(key, limit, window_ms)
        if wait_ms:
            raise Refused(429, "rate_limited", f"try again in {-(-wait_ms // 1000)} s")


def _channel_of(request: web.Request) -> str:
    channel = request.match_info["channel"]
    if not is_id(channel):
        raise Refused(400, "channel_invalid", f"a channel's name is {ID_RULE}")
    return channel


def _wanted(data: bytes) -> _Wanted:
    try:
        return msgspec.json.decode(data or b"{}", type=_Wanted)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Refused(400, "body_invalid", str(error)[:200]) from None


def _json(body: dict[str, object], status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def _answered(
    handle: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """What cannot be done is answered as before an upgrade: with a status, a code and words."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handle(request)
        except Refused as refused:
            return response_of(refused)
        except Disconnect as unknown:
            return response_of(Refused(401, "token_invalid", unknown.reason))
        except StoreUnavailable:
            return response_of(Refused(503, "unavailable", "the server cannot do this just now; try again"))

    return answer
