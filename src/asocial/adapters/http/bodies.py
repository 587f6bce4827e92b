"""The bodies of requests: small, never compressed, and read only where one is expected (W77).

Every path is treated alike, before anybody is known. What is not read here is not drained either: door.py.
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from ...domain.errors import Refusal

BODY_LIMIT_BYTES = 4096


def check_body(request: web.Request) -> None:
    """Raises Refusal where a request's body is not accepted, whatever the request is for."""
    encodings = request.headers.getall("Content-Encoding", ())
    if any(item.strip().lower() not in ("identity", "") for line in encodings for item in line.split(",")):
        raise Refusal("encoding_unsupported", "a body is not compressed: send it without Content-Encoding")
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        raise _too_large()


async def read_body(request: web.Request, within_s: float) -> bytes:
    """The whole body. Raises Refusal where it is too large or too slow."""
    data = b""
    try:
        async with asyncio.timeout(within_s):
            async for chunk in request.content.iter_any():
                data += chunk
                if len(data) > BODY_LIMIT_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise Refusal("body_timeout", f"a body is sent within {within_s:g} s") from None
    return data


def _too_large() -> Refusal:
    return Refusal("body_too_large", f"a body has at most {BODY_LIMIT_BYTES} bytes")
