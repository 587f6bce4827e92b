"""How each error reaches a client: one table from the codes of domain errors to HTTP statuses and close codes.

An answer over HTTP is a status and `{"error":{"code","message"}}` (W1). A connection that is open, or whose client must
see the reason (browsers hide the answer to an upgrade from the page), gets a close frame (W28).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from aiohttp import web

from ...domain.errors import Disconnect, Refusal
from .headers import FOR_EVERY_ORIGIN

RETRY_AFTER_S = 30

_WEBSOCKET_VERSION = {"Sec-WebSocket-Version": "13"}
"""RFC 6455, 4.4: an answer to another version names the one that is supported."""
_BEARER = {"WWW-Authenticate": "Bearer"}
_RETRY_AFTER = {"Retry-After": str(RETRY_AFTER_S)}


class Answer(NamedTuple):
    """`code`: the one that clients read, if it is not the error's own.

    `close_code` is 0 for what never closes a connection. What is never answered over HTTP has no status of its own.
    """

    status: int = 500
    close_code: int = 0
    headers: Mapping[str, str] = {}
    code: str = ""


ANSWERS = {
    # The request
    "request_invalid": Answer(400),
    "not_found": Answer(404),
    "method_not_allowed": Answer(405),
    "expectation_failed": Answer(417, code="request_invalid"),
    "body_invalid": Answer(400),
    "body_timeout": Answer(408, code="body_invalid"),
    "body_too_large": Answer(413, code="body_invalid"),
    # RFC 9110, 15.5.16: a 415 for an encoding names those that are accepted.
    "encoding_unsupported": Answer(415, headers={"Accept-Encoding": "identity"}),
    "host_not_allowed": Answer(421, headers=FOR_EVERY_ORIGIN),
    "internal": Answer(500, 4011),
    "timeout": Answer(504, code="internal"),
    # The handshake
    "draining": Answer(503),
    "channel_invalid": Answer(400),
    # RFC 9110, 15.5.22: a 426 names the protocol to upgrade to.
    "upgrade_required": Answer(426, headers={"Upgrade": "websocket", "Connection": "Upgrade", **_WEBSOCKET_VERSION}),
    "handshake_invalid": Answer(400, headers=_WEBSOCKET_VERSION),
    "origin_forbidden": Answer(403, headers=FOR_EVERY_ORIGIN),
    "too_many_connections": Answer(429, headers=_RETRY_AFTER),
    "version_unsupported": Answer(close_code=4503),
    "connecting_too_often": Answer(close_code=4013),
    # Who it is, and what they may do in the channel
    "uid_invalid": Answer(400),
    "uid_taken": Answer(409),
    "identity_unavailable": Answer(503),
    "token_invalid": Answer(401, 4510, headers=_BEARER),
    "token_expired": Answer(401, 4511, headers=_BEARER, code="token_invalid"),
    "members_only": Answer(403),
    "channel_private": Answer(403),
    "removed": Answer(403, 4512),
    "channel_closed": Answer(403, 4513),
    "banned": Answer(403, 4514),
    "channel_full": Answer(403, 4515),
    "sealed_channel": Answer(403),
    "user_connections": Answer(close_code=4504),
    "unavailable": Answer(503),
    # Claims and invitations
    "rate_limited": Answer(429, headers=_RETRY_AFTER),
    "not_owner": Answer(403),
    "not_claimable": Answer(403),
    "channel_taken": Answer(409),
    "not_in_channel": Answer(409),
    # The HTTP API
    "key_not_allowed": Answer(403),
    "bad_frame": Answer(400, code="body_invalid"),
    "payload_empty": Answer(400),
    "payload_too_large": Answer(413),
    "position_invalid": Answer(400),
    # Open connections
    "going_away": Answer(close_code=4001),
    "too_slow": Answer(close_code=4008),
    "no_pong": Answer(close_code=4012),
    "protocol_abuse": Answer(close_code=4501),
}
CLOSE_CODES = tuple(sorted(answer.close_code for answer in ANSWERS.values() if answer.close_code))


def close_code_of(disconnect: Disconnect) -> int:
    return ANSWERS[disconnect.code].close_code


def wire_code_of(refusal: Refusal) -> str:
    """The `code` that a client reads. Several of ours may share one."""
    return ANSWERS[refusal.code].code or refusal.code


def too_many_connections() -> Refusal:
    """From one address (W5)."""
    return Refusal("too_many_connections", f"too many connections from this address; try again in {RETRY_AFTER_S} s")


def response_of(refusal: Refusal) -> web.Response:
    return web.json_response(_body_of(refusal), status=ANSWERS[refusal.code].status, headers=_headers_of(refusal))


class _ResponseWithoutServer(web.Response):
    """A response without the `Server` header, which names aiohttp and its version.

    headers.py removes it from all others. Where aiohttp could not parse the request, it calls no signal handler.
    """

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        self.headers.popall("Server", None)


def direct_response_of(refusal: Refusal) -> web.Response:
    """`response_of`, for an answer that does not pass through the application."""
    body = json.dumps(_body_of(refusal)).encode()
    return _ResponseWithoutServer(
        body=body,
        status=ANSWERS[refusal.code].status,
        headers=_headers_of(refusal),
        content_type="application/json",
    )


def bytes_of(refusal: Refusal, headers: Mapping[str, str], *, close: bool = True) -> bytes:
    """The whole answer as bytes, for a request that aiohttp does not answer."""
    answer = ANSWERS[refusal.code]
    body = json.dumps(_body_of(refusal)).encode()
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        *(["Connection: close"] if close else []),
        *(f"{name}: {value}" for name, value in {**_headers_of(refusal), **headers}.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _headers_of(refusal: Refusal) -> dict[str, str]:
    headers = dict(ANSWERS[refusal.code].headers)
    if refusal.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return headers


def _body_of(refusal: Refusal) -> dict[str, dict[str, str]]:
    return {"error": {"code": wire_code_of(refusal), "message": refusal.message}}
