"""Requests written line by line, for tests of single headers: a library would correct or refuse wrong ones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.support.server import Answer, Server
from tests.support.waiting import PATIENCE_S

HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
}
"""The headers of a valid upgrade."""


async def ask(server: Server, headers: dict[str, str], path: str = "/api/chat", method: str = "GET") -> Answer:
    """One request of our own making; an upgrade is answered with status 101 and no body."""
    async with raw_connection(server) as (reader, writer):
        writer.write(request_bytes(server, headers, path, method))
        return await read_answer(reader)


def request_bytes(server: Server, headers: dict[str, str], path: str = "/api/chat", method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if "Host" not in headers:
        lines.insert(1, f"Host: 127.0.0.1:{server.port}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


@contextlib.asynccontextmanager
async def raw_connection(server: Server) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    async with asyncio.timeout(PATIENCE_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers: dict[str, str] = {}
        for line in head[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = f"{headers[name.lower()]}, {value}" if name.lower() in headers else value
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Answer(int(head[0].split()[1]), headers, body.decode())
