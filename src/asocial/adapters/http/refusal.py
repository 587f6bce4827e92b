"""Answers instead of an upgrade or a page: a status and `{"error":{"code","message"}}` (W1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from ...domain.errors import Refused

RETRY_AFTER_S = 30
_WEBSOCKET_VERSION = {"Sec-WebSocket-Version": "13"}
"""What a handshake with another version is answered with (RFC 6455, 4.4)."""


def too_many_connections() -> Refused:
    """From one address (W5)."""
    return Refused(
        429, "too_many_connections", f"too many connections from this address; try again in {RETRY_AFTER_S} s"
    )


def body_of(refused: Refused) -> dict[str, dict[str, str]]:
    return {"error": {"code": refused.code, "message": refused.message}}


def headers_of(refused: Refused) -> dict[str, str]:
    if refused.code == "handshake_invalid":
        return _WEBSOCKET_VERSION
    match refused.status:
        case 401:
            return {"WWW-Authenticate": "Bearer"}
        case 415:
            # RFC 9110, 15.5.16: a 415 for an encoding names those that are accepted.
            return {"Accept-Encoding": "identity"}
        case 426:
            # RFC 9110, 15.5.22: a 426 names what to upgrade to.
            return {"Upgrade": "websocket", "Connection": "Upgrade", **_WEBSOCKET_VERSION}
        case 429:
            return {"Retry-After": str(RETRY_AFTER_S)}
    return {}


def response_of(refused: Refused) -> web.Response:
    return web.json_response(body_of(refused), status=refused.status, headers=headers_of(refused))


class _Unnamed(web.Response):
    """A response without the `Server` header, which names aiohttp and its version.

    Others lose it in headers.py; where aiohttp could not read the request, it asks no hook of the application's.
    """

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def unnamed_response_of(refused: Refused) -> web.Response:
    """`response_of`, for an answer that does not pass the application."""
    body = json.dumps(body_of(refused)).encode()
    return _Unnamed(body=body, status=refused.status, headers=headers_of(refused), content_type="application/json")


def bytes_of(refused: Refused, headers: Mapping[str, str]) -> bytes:
    """The whole answer as bytes, for a connection whose request nobody will read."""
    body = json.dumps(body_of(refused)).encode()
    lines = [
        f"HTTP/1.1 {refused.status} {HTTPStatus(refused.status).phrase}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in (*headers_of(refused).items(), *headers.items())),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
