"""`GET /api/config`: what the page needs to know before its user signs in. Nothing here is secret."""

from __future__ import annotations

from aiohttp import web


class ClientConfig:
    def __init__(self, *, auth: str, sign_in: dict[str, object] | None, version: str) -> None:
        self._body = {"auth": auth, "sign_in": sign_in, "version": version, "wire": 1}

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/config", self._config)

    async def _config(self, _request: web.Request) -> web.Response:
        return web.json_response(self._body, headers={"Cache-Control": "no-cache"})
