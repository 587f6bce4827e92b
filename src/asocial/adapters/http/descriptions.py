"""`/api/openapi.json` and `/api/asyncapi.json`: the API for programs that read descriptions (W151)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from aiohttp import web

from ...protocol.asyncapi import asyncapi
from .bodies import json_response


def add_routes(router: web.UrlDispatcher) -> None:
    router.add_get("/api/openapi.json", _answer(_openapi))
    router.add_get("/api/asyncapi.json", _answer(asyncapi))


def _openapi() -> dict[str, Any]:
    from .openapi import openapi  # with the table of all endpoints, which only this answer needs

    return openapi()


def _answer(describe: Callable[[], dict[str, Any]]) -> Callable[[web.Request], Any]:
    @cache
    def text() -> bytes:
        return msgspec.json.encode(describe())

    async def answer(_request: web.Request) -> web.Response:
        return json_response(msgspec.Raw(text()), cache="no-cache")

    return answer
