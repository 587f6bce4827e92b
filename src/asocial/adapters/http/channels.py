"""`/api/channels/{channel}`: a channel's rules, claims and invitations. Docs: protocol.md, section 9."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from ...domain.access import Access, Invitation
from ...domain.errors import ConnectingTooOften, LimitReached, Refusal
from ...domain.identity import NOBODY, Principal
from ...domain.ids import ID_RULE, is_id
from ...domain.sealed import is_sealed
from ...ports import RateLimiter, StoreUnavailable
from .admission import AccessControl, Addressing, AdmissionController, check_knows_sealed
from .api_types import ChannelView, InvitationBody, InvitationRequest
from .bodies import json_response, read_json
from .client_info import ClientInfo

REQUESTS_PER_MINUTE = 30
"""Claims and invitations of each user. Each address has a limit as well, since anybody can be many guests:"""
REQUESTS_PER_MINUTE_PER_ADDRESS = 120
MINUTE_MS = 60_000
DAY_MS = 86_400_000


class ChannelsApi:
    def __init__(
        self,
        addressing: Addressing,
        access_control: AccessControl,
        admission: AdmissionController,
        limiter: RateLimiter,
        now_ms: Callable[[], int],
        *,
        claims_per_day_per_ip: int,
        body_s: float,
    ) -> None:
        """`body_s`: how long a request's body may take."""
        self._addressing = addressing
        self._access_control = access_control
        self._authenticator = access_control.authenticator
        self._moderation = access_control.moderation
        self._admission = admission
        self._limiter = limiter
        self._body_s = body_s
        self._claims_per_day_per_ip = claims_per_day_per_ip
        self._now_ms = now_ms

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/channels/{channel}", reports_outages(self._rules))
        router.add_post("/api/channels/{channel}", reports_outages(self._claim))
        router.add_post("/api/channels/{channel}/invitations", reports_outages(self._invite))

    async def _rules(self, request: web.Request) -> web.Response:
        channel = channel_of(request)
        # Browsers send no Origin to a page's own server, so the page sends it in the query (W87).
        origin = request.query.get("origin", request.headers.get("Origin"))
        client = self._addressing.clients.read(request)
        self._admission.check_page(request, client, origin)
        check_knows_sealed(request, channel)
        try:
            principal = await self._authenticator.known_or_claimed(request) or NOBODY
        except Refusal as refusal:
            await self._count_guess(refusal, client)
            raise
        access = await self._access_control.authorize(request, channel, principal)
        return await self._view(channel, principal, access)

    async def _claim(self, request: web.Request) -> web.Response:
        channel, principal = channel_of(request), await self._authenticate(request)
        address = self._addressing.clients.read(request).limit_key

        async def take_claim() -> None:
            await self._take(f"claims:{address}", self._claims_per_day_per_ip, DAY_MS)

        await self._moderation.claim(channel, principal, take_claim)
        access = await self._moderation.admit(channel, principal, None)
        return await self._view(channel, principal, access)

    async def _invite(self, request: web.Request) -> web.Response:
        channel, principal = channel_of(request), await self._authenticate(request)
        wanted = await read_json(request, InvitationRequest, self._body_s)
        expires_at = (self._now_ms() // 1000 + wanted.ttl_seconds) * 1000
        origin = self._addressing.hosts.link_origin(self._addressing.clients.read(request))
        key = await self._moderation.invite(channel, principal, expires_at)
        token = self._access_control.invitations.sign(channel, Invitation(wanted.rights, key), expires_at)
        # The path of a sealed channel is the same for all: the client adds `#NAME.KEY`, which the server does not know.
        url = f"{origin}/{'s/' if is_sealed(channel) else f'c/{channel}'}?invite={token}"
        return json_response(InvitationBody(token, url, expires_at), status=201)

    async def _view(self, channel: str, principal: Principal, access: Access) -> web.Response:
        view = await self._moderation.load_rules_view(channel, principal, access)
        return json_response(ChannelView(**msgspec.structs.asdict(view), channel=channel))

    async def _authenticate(self, request: web.Request) -> Principal:
        principal = await self._authenticator.known(request)
        if principal is None:
            raise Refusal("token_invalid", "send your token: Authorization: Bearer TOKEN")
        # The address first, so that made-up users cost no entry each.
        address = self._addressing.clients.read(request).limit_key
        await self._take(f"channels-ip:{address}", REQUESTS_PER_MINUTE_PER_ADDRESS, MINUTE_MS)
        await self._take(f"channels:{principal.user_id}", REQUESTS_PER_MINUTE, MINUTE_MS)
        return principal

    async def _count_guess(self, refusal: Refusal, client: ClientInfo) -> None:
        try:
            await self._admission.count_guess(refusal, client)
        except ConnectingTooOften as disconnect:
            raise try_again(disconnect.retry_ms or MINUTE_MS) from None

    async def _take(self, key: str, limit: int, window_ms: int) -> None:
        wait_ms = await self._limiter.take(key, limit, window_ms)
        if wait_ms:
            raise try_again(wait_ms)


def channel_of(request: web.Request) -> str:
    channel = request.match_info["channel"]
    if not is_id(channel):
        raise Refusal("channel_invalid", f"a channel's name must be {ID_RULE}")
    return channel


def try_again(wait_ms: int) -> Refusal:
    return LimitReached(f"try again in {-(-wait_ms // 1000)} s", wait_ms)


def reports_outages(
    handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`handle`, with a Refusal for a store that is away."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except StoreUnavailable:
            raise Refusal("unavailable", "the server cannot do this at the moment; try again") from None

    return answer
