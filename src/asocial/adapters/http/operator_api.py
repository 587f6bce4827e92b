"""`/api/operator`: what operators do over HTTP (W136 to W150). Docs: protocol.md, section 14."""

from __future__ import annotations

from aiohttp import web
from msgspec import UNSET

from ...domain.addresses import is_address, limit_key, parse_address
from ...domain.errors import FrameError, Refusal
from ...domain.identity import user_id_of
from ...domain.ids import ID_RULE, is_id
from ...service.operators import Operators
from .api import refusal_of
from .api_types import (
    Ban,
    BanRequest,
    BansBody,
    ChannelCount,
    ChannelsBody,
    ClosedBody,
    CloseRequest,
    NoticeBody,
    NoticeRequest,
)
from .bodies import json_response, read_json
from .channels import channel_of, reports_outages
from .key_guard import KeyGuard

LISTED_CHANNELS = 1000


class OperatorApi:
    """The handlers. `body_s`: how long a request's body may take."""

    def __init__(self, operators: Operators, guard: KeyGuard, *, body_s: float) -> None:
        self._operators = operators
        self._guard = guard
        self._body_s = body_s

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/operator/channels", reports_outages(self._channels))
        router.add_post("/api/operator/channels/{channel}/close", reports_outages(self._close))
        router.add_get("/api/operator/bans", reports_outages(self._bans))
        router.add_post("/api/operator/bans", reports_outages(self._ban))
        router.add_post("/api/operator/notices", reports_outages(self._notify))

    async def _channels(self, request: web.Request) -> web.Response:
        counts = await self._operators.channels(await self._guard.check_operator(request))
        listed = [ChannelCount(*entry) for entry in list(counts.items())[:LISTED_CHANNELS]]
        return json_response(ChannelsBody(listed, len(counts), sum(counts.values())))

    async def _close(self, request: web.Request) -> web.Response:
        channel, key = channel_of(request), await self._guard.check_operator(request)
        wanted = await read_json(request, CloseRequest, self._body_s)
        return json_response(ClosedBody(channel, await self._operators.close_channel(key, channel, wanted.seconds)))

    async def _bans(self, request: web.Request) -> web.Response:
        bans = self._operators.bans(await self._guard.check_operator(request))
        ordered = sorted(bans.items(), key=lambda entry: entry[1])
        return json_response(BansBody([_ban_of(key, until) for key, until in ordered]))

    async def _ban(self, request: web.Request) -> web.Response:
        key = await self._guard.check_operator(request)
        wanted = await read_json(request, BanRequest, self._body_s)
        if (wanted.user_id is UNSET) == (wanted.address is UNSET):
            raise Refusal("body_invalid", "name a user_id or an address, not both")
        if wanted.user_id is not UNSET:
            if not is_id(wanted.user_id):
                raise Refusal("body_invalid", f"user_id must be {ID_RULE}")
            until = await self._operators.ban_user(key, wanted.user_id, wanted.seconds)
            return json_response(Ban(until, user_id=wanted.user_id))
        if wanted.address is UNSET or not is_address(wanted.address):
            raise Refusal("body_invalid", "address must be an IPv4 or IPv6 address")
        address = limit_key(parse_address(wanted.address))
        return json_response(Ban(await self._operators.ban_address(key, address, wanted.seconds), address=address))

    async def _notify(self, request: web.Request) -> web.Response:
        key = await self._guard.check_operator(request)
        wanted = await read_json(request, NoticeRequest, self._body_s)
        try:
            return json_response(NoticeBody(self._operators.notify(key, wanted.text)))
        except FrameError as error:
            raise refusal_of(error) from None


def _ban_of(key: str, until: int) -> Ban:
    is_address = key.startswith("@")
    return Ban(until, address=key[1:]) if is_address else Ban(until, user_id=user_id_of(key))
