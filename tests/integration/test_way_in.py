"""The way in: what an open connection leaves in the process, and handshakes however they arrive."""

from __future__ import annotations

import asyncio
import contextlib
import gc

import pytest
from aiohttp import web
from aiohttp.http_parser import HttpRequestParser
from websockets.frames import Opcode

from asocial.adapters.http.connection import WebSocketConnection
from asocial.adapters.http.first_request import FirstRequest
from asocial.adapters.http.guarded_connection import GuardedConnection
from tests.support.client import Client
from tests.support.raw_client import RawClient, raw_frame
from tests.support.raw_http import raw_connection
from tests.support.server import Server
from tests.support.waiting import PATIENCE_S
from tests.support.websocket_bytes import upgrade_request

OF_HTTP = (web.Request, web.RequestHandler, GuardedConnection, FirstRequest, HttpRequestParser)
PEOPLE = 5


def count(*types: type) -> int:
    return sum(type(each) in types for each in gc.get_objects())


async def upgrade(server: Server, *pieces: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send the pieces of a handshake, each after the one before has arrived, and read the answer's head."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return reader, writer


async def _settled() -> None:
    """Until tasks of the handshake have ended."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while count(*OF_HTTP):  # noqa: ASYNC110 (objects that are freed tell nobody)
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("after", [b"", b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"], ids=["first", "after another"])
async def test_an_open_connection_has_no_task_and_no_object_of_http(server: Server, after: bytes) -> None:
    gc.collect()
    tasks = len(asyncio.all_tasks())
    streams = [
        await upgrade_after(server, after, upgrade_request(f"{server.url}/api/chat?channel=garden"))
        for _ in range(PEOPLE)
    ]
    for _, writer in streams:
        writer.write(raw_frame(Opcode.TEXT, b'{"type":"cursor","position":{"x":1,"y":2}}'))
    await _settled()
    gc.collect()
    assert (count(WebSocketConnection), count(*OF_HTTP)) == (PEOPLE, 0)
    assert len(asyncio.all_tasks()) == tasks
    for _, writer in streams:
        writer.close()


async def upgrade_after(
    server: Server, before: bytes, handshake: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A handshake on a connection that has had another request, as load balancers send it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    if before:
        writer.write(before)
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
            size = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            await reader.readexactly(size)
    writer.write(handshake)
    async with asyncio.timeout(PATIENCE_S):
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 "), head
    return reader, writer


async def test_a_handshake_is_read_wherever_it_is_cut(server: Server) -> None:
    request = upgrade_request(f"{server.url}/api/chat?channel=garden")
    for cut in (1, 4, 13, 14, len(request) // 2, len(request) - 3, len(request) - 1):
        _, writer = await upgrade(server, request[:cut], request[cut:])
        writer.close()


async def test_frames_that_come_with_the_handshake_are_handled(server: Server) -> None:
    request = upgrade_request(f"{server.url}/api/chat?channel=garden")
    ping = raw_frame(Opcode.TEXT, b'{"type":"ping","t":7}')
    for pieces in ((request + ping,), (request + ping[:9], ping[9:])):
        reader, writer = await upgrade(server, *pieces)
        async with asyncio.timeout(PATIENCE_S):
            assert b'"t":7' in await reader.readuntil(b'"t":7')
        writer.close()


async def test_a_refused_handshake_leaves_the_connection_to_http(server: Server) -> None:
    """What follows the refused handshake is the next request, and not the frames of a WebSocket."""
    refused = upgrade_request(f"{server.url}/api/chat?channel=no%20channel")
    async with raw_connection(server) as (reader, writer):
        writer.write(refused + b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            answers = await reader.read(-1)
    first, second = answers.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"400 Bad Request\r\n")
    assert b'"channel_invalid"' in first
    assert b"\r\nVary: Origin\r\n" in first
    assert second.startswith(b"200 OK\r\n")


@pytest.mark.parametrize(
    "extra",
    [
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
    ],
)
async def test_a_handshake_with_a_body_is_never_upgraded(server: Server, extra: bytes) -> None:
    """A proxy may think that what follows is a body, and we may think that it is a frame, or the other way round."""
    request = upgrade_request(f"{server.url}/api/chat?channel=garden")
    async with raw_connection(server) as (reader, writer):
        writer.write(request[:-2] + extra + b"\r\nhello")
        async with asyncio.timeout(PATIENCE_S):
            head = await reader.readuntil(b"\r\n\r\n")
    assert head.split()[1] == b"400", head


async def test_a_connection_that_leaves_during_its_handshake_leaves_nothing(server: Server) -> None:
    gc.collect()
    for _ in range(PEOPLE):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(upgrade_request(f"{server.url}/api/chat?channel=garden"))
        writer.transport.abort()
    client = await Client.connect(server.url, channel="garden")
    await client.close()
    await _settled()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while count(WebSocketConnection):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert count(WebSocketConnection, *OF_HTTP) == 0
    assert len(server.app.http.endpoint) == 0


async def test_a_close_frame_tells_why_after_the_handshake(server: Server) -> None:
    client = await RawClient.connect(server.url, channel="garden")
    await client.send_frame(Opcode.TEXT, b"x", masked=False)
    assert (await client.closed()).code == 1002
    await client.abort()
