"""`GET /api/config`: what the page needs to know before its user signs in. Nothing here is secret."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from .api_types import ClientConfigBody
from .bodies import json_response


class ClientConfig:
    def __init__(
        self, *, auth: Literal["guest", "open", "jwt"], sign_in: dict[str, object] | None, version: str
    ) -> None:
        self._body = ClientConfigBody(auth, sign_in, version, wire=1)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/config", self._config)

    async def _config(self, _request: web.Request) -> web.Response:
        return json_response(self._body, cache="no-cache")
