"""W77 of docs/protocol.md: bodies are small, never decompressed, and read only where one is expected."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import time
import zlib

import pytest

from tests.support.raw_http import HANDSHAKE, ask, raw_connection, read_answer
from tests.support.server import Answer, Join, Server, StartServer
from tests.support.waiting import PATIENCE_S

LARGE = 64 << 20
ENCODINGS = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "GZip", "identity, gzip", "gzip, gzip", "made-up"]
ANYWHERE = [
    ("GET", "/health"),
    ("GET", "/"),
    ("GET", "/assets/nothing.js"),
    ("GET", "/metrics"),
    ("GET", "/nothing"),
    ("POST", "/health"),
    ("PUT", "/nothing"),
    ("POST", "/api/channels/garden"),
    ("POST", "/api/channels/garden/invitations"),
    ("GET", "/api/chat?channel=garden"),
    ("OPTIONS", "/api/channels/garden"),
]


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items()), "\r\n"]
    return "\r\n".join(lines).encode() + body


@functools.cache
def bombs() -> dict[str, bytes]:
    """By coding: bodies of 64 KiB that are LARGE once they are decompressed."""
    return {"gzip": gzip.compress(bytes(LARGE)), "deflate": zlib.compress(bytes(LARGE))}


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


async def exchange(server: Server, data: bytes) -> Answer:
    """The first answer to `data`."""
    async with raw_connection(server) as (reader, writer):
        writer.write(data)
        return await read_answer(reader)


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_w77_a_compressed_body_is_answered_415(server: Server, encoding: str) -> None:
    for method, path in ANYWHERE:
        headers = {"Content-Encoding": encoding, "Content-Length": "5"}
        answer = await exchange(server, request(method, path, headers, b"12345"))
        assert answer.status == 415, (method, path)
        assert answer.json["error"]["code"] == "encoding_unsupported"
        assert answer.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("way", ["at once", "in chunks", "pipelined", "with an upgrade", "after 100-continue"])
async def test_w77_a_compressed_body_is_never_decompressed(server: Server, way: str) -> None:
    """Decompressing each of these takes a tenth of a second and more."""
    bodies = bombs()
    began = time.process_time()
    for coding, body in bodies.items():
        headers = {"Content-Encoding": coding, "Content-Length": str(len(body))}
        match way:
            case "at once":
                data = request("GET", "/health", headers, body)
            case "in chunks":
                headers = {"Content-Encoding": coding, "Transfer-Encoding": "chunked"}
                data = request("POST", "/api/channels/garden", headers, chunked(body, 1000))
            case "pipelined":
                data = request("GET", "/health", {}) + request("GET", "/health", headers, body)
            case "with an upgrade":
                data = request("GET", "/api/chat", HANDSHAKE | headers, body)
            case _:
                data = request("POST", "/nothing", headers | {"Expect": "100-continue"}, body)
        for _ in range(20):
            async with raw_connection(server) as (_reader, writer):
                with contextlib.suppress(ConnectionError):
                    writer.write(data)
                    await writer.drain()
    assert time.process_time() - began < 1.5, "40 bodies of 64 MiB each"


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
async def test_w77_a_large_body_is_refused_before_it_is_sent(server: Server, method: str, path: str) -> None:
    async with raw_connection(server) as (reader, writer):
        writer.write(request(method, path, {"Content-Length": "5000"}))
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (413, "close")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b"", "and closed"


@pytest.mark.parametrize(("method", "path"), ANYWHERE)
@pytest.mark.parametrize("size", [1, 60_000], ids=["chunks of a byte", "large chunks"])
async def test_w77_an_endless_body_is_disconnected(server: Server, method: str, path: str, size: int) -> None:
    """Whether or not one is expected, and however the sender goes on."""
    async with raw_connection(server) as (reader, writer):
        writer.write(request(method, path, {"Transfer-Encoding": "chunked"}))
        chunk = (b"%x\r\n" % size + b"a" * size + b"\r\n") * (60_000 // size)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE_S * 2):
                while not reader.at_eof():
                    writer.write(chunk)
                    await writer.drain()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.01):
                            await reader.read(65536)


async def test_w77_a_small_unexpected_body_is_ignored(server: Server) -> None:
    async with raw_connection(server) as (reader, writer):
        for path, status in (("/health", 200), ("/nothing", 404)):
            writer.write(request("GET", path, {"Content-Length": "5"}, b"GET /"))
            assert (await read_answer(reader)).status == status


async def test_w77_the_sender_of_an_unwanted_body_sees_the_answer(server: Server) -> None:
    async with raw_connection(server) as (reader, writer):
        writer.write(request("GET", "/health", {"Transfer-Encoding": "chunked"}))
        answer = await read_answer(reader)
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        writer.write(b"5\r\nhello\r\n0\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.read() == b""


async def test_w77_an_upgrade_with_a_body_is_refused(server: Server) -> None:
    answer = await exchange(server, request("GET", "/api/chat", HANDSHAKE | {"Content-Length": "2"}, b"\x89\x80"))
    assert (answer.status, answer.json["error"]["code"]) == (400, "handshake_invalid")


async def test_w77_identity_is_no_compression(server: Server) -> None:
    assert (await ask(server, {"Content-Encoding": "identity"}, "/health")).status == 200


async def test_w43_a_body_is_sent_in_time(start_server: StartServer, join: Join) -> None:
    server = await start_server(handshake_seconds=0.5)
    owner = await join(server)
    token = {"Authorization": f"Bearer {owner.token}"}
    assert (await server.post("/api/channels/garden", token)).status == 200
    async with raw_connection(server) as (reader, writer):
        writer.write(request("POST", "/api/channels/garden/invitations", token | {"Content-Length": "10"}, b"{"))
        answer = await read_answer(reader)
    assert (answer.status, answer.json["error"]["code"]) == (408, "body_invalid")


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(None, id="the client leaves"),
        pytest.param(b"zz\r\n", id="a chunk that is none"),
        pytest.param(b"2\r\n{}garbage", id="a chunk that goes on"),
    ],
)
@pytest.mark.parametrize("path", ["/api/channels/garden/invitations", "/nothing", "/api/channels/garden"])
async def test_w77_a_truncated_body_is_not_a_server_error(
    start_server: StartServer, join: Join, capsys: pytest.CaptureFixture[str], path: str, rest: bytes | None
) -> None:
    server = await start_server(handshake_seconds=0.5)
    owner = await join(server)
    token = {"Authorization": f"Bearer {owner.token}"}
    await server.post("/api/channels/garden", token)
    async with raw_connection(server) as (reader, writer):
        writer.write(request("POST", path, token | {"Transfer-Encoding": "chunked"}, b"1\r\n{\r\n"))
        await owner.ping(1)
        await owner.receive("pong")
        if rest is not None:
            writer.write(rest)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(PATIENCE_S):
                    assert b" 500 " not in await reader.read()
    for t in (2, 3):  # and until the server has noticed that the client is gone
        await owner.ping(t)
        await owner.receive("pong")
    assert (await server.get("/health")).status == 200
    log = capsys.readouterr()
    assert "Traceback" not in log.out + log.err
    assert "[error" not in log.out + log.err
