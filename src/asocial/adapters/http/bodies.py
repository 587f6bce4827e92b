"""Request bodies: small, never compressed, and read only by handlers that expect one (W77). And answers in JSON.

The checks are the same for every path. connection_guard.py deals with bodies that no handler reads.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

import msgspec
from aiohttp import hdrs, web

from ...domain.errors import Refusal
from .request_head import RequestHead

BODY_LIMIT_BYTES = 4096
_Body = TypeVar("_Body", bound=msgspec.Struct)


def check_body(request: RequestHead) -> None:
    """Raises Refusal if the request's body is compressed or too large."""
    if hdrs.CONTENT_ENCODING in request.headers and any(
        item.strip().lower() not in ("identity", "")
        for line in request.headers.getall(hdrs.CONTENT_ENCODING)
        for item in line.split(",")
    ):
        raise Refusal(
            "encoding_unsupported", "compressed bodies are not accepted: send the body without Content-Encoding"
        )
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        raise _too_large()


async def read_body(request: web.Request, within_s: float) -> bytes:
    """The whole body. Raises Refusal if it is too large or too slow."""
    data = b""
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > BODY_LIMIT_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise Refusal("body_timeout", f"the body must arrive within {within_s:g} s") from None
    return data


async def read_json(request: web.Request, kind: type[_Body], within_s: float) -> _Body:
    """The body as a value of a type of api_types.py. No body means no fields. Raises Refusal."""
    data = await read_body(request, within_s)
    try:
        fields = msgspec.json.decode(data or b"{}")
        if isinstance(fields, dict):
            fields = {name: _as_integer(value) for name, value in fields.items()}
        return msgspec.convert(fields, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Refusal("body_invalid", str(error)[:200]) from None


def _as_integer(value: object) -> object:
    """JSON does not tell 60.0 from 60, and some languages write whole numbers so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_response(body: object, status: int = 200, *, cache: str = "") -> web.Response:
    """`body`: a type of api_types.py, or what is encoded in the same way. `cache`: a Cache-Control."""
    data, headers = msgspec.json.encode(body), {"Cache-Control": cache} if cache else None
    return web.Response(body=data, status=status, headers=headers, content_type="application/json", charset="utf-8")


def _too_large() -> Refusal:
    return Refusal("body_too_large", f"the body may have at most {BODY_LIMIT_BYTES} bytes")
