"""What is acknowledged is not lost if its process is killed in the same moment: it is in the store (W10).

Each test posts, and kills the process within some microseconds after the first byte of the answer.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import api_keys
from tests.support.client import Client
from tests.support.processes import Process, processes
from tests.support.raw_client import RawClient
from tests.support.redis_server import Server
from tests.support.waiting import PATIENCE_S
from tests.support.websocket_bytes import text_frame

KILLS = 6
"""Of each kind. On an idle machine each of them loses the message, where it is stored only after its `ack`."""
LIFE = ("--message-ttl-seconds", "60")
WRITER, KEY = api_keys.create("writer", "write", ["*"])

Bytes = Callable[[str], bytes]


def ws(*frames: dict[str, Any]) -> bytes:
    """Masked frames, for one write: the server reads them in one turn."""
    return b"".join(text_frame(json.dumps(frame)) for frame in frames)


def chat(message_id: str) -> dict[str, Any]:
    return {"type": "chat", "message_id": message_id, "payload": "hello", "position": {"x": 0, "y": 0}}


def stroke(message_id: str) -> dict[str, Any]:
    return {"type": "stroke", "message_id": message_id, "points": [[0, 0], [10, 10]], "done": True}


def sealed(message_id: str) -> dict[str, Any]:
    box = base64.urlsafe_b64encode(bytes(43 + 64)).decode().rstrip("=")
    return {"type": "sealed", "kind": "chat", "box": box, "message_id": message_id}


REACTION = {"type": "reaction", "kind": "heart", "position": {"x": 0, "y": 0}}
"""Makes a flush due before the message is read."""

POSTS: dict[str, tuple[Bytes, str]] = {
    "a message": (lambda name: ws(chat(name)), "garden"),
    "a message in a flush that was due": (lambda name: ws(REACTION, chat(name)), "garden"),
    "a message that is sent again": (lambda name: ws(chat(name), chat(name)), "garden"),
    "a stroke": (lambda name: ws(stroke(name)), "garden"),
    "a sealed message": (lambda name: ws(sealed(name)), "sealed-" + "A" * 43),
}


def kill_at_the_answer(process: Process, connection: socket.socket, posted: bytes, answer: bytes) -> None:
    """Write, and kill as soon as the answer comes: without asyncio, which would be too slow."""
    connection.sendall(posted)
    got = b""
    while answer not in got:
        data = connection.recv(65536)
        assert data, f"closed after {got!r}"
        got += data
    os.kill(process.pid, signal.SIGKILL)  # a child that nobody waited for: its pid is still its own


async def stored(process: Process, channel: str) -> set[str]:
    """The ids of the live messages and strokes, as somebody who comes to `process` gets them."""
    client = await Client.connect(process.url, channel=channel, sealed="1")
    await client.close()
    return {each["message_id"] for each in (*client.sync["messages"], *client.sync.get("strokes", ()))}


@pytest.mark.parametrize("threshold", ["0", "1"], ids=["channel", "crowd"])
@pytest.mark.parametrize("kind", POSTS)
async def test_what_was_acknowledged_before_a_kill(folder: Path, redis: Server, kind: str, threshold: str) -> None:
    frames, channel = POSTS[kind]
    flags = (*LIFE, "--crowd-threshold", threshold)
    with processes(folder, 1 + KILLS, redis.url, *flags) as (survivor, *doomed):
        watcher = await Client.connect(survivor.url, channel=channel, sealed="1", view=(0, 0, 1000, 800))
        posted = []
        for process in doomed:
            client = await RawClient.connect(process.url, channel=f"{channel}&sealed=1")
            await client.receive("user_sync")
            name = f"m-{secrets.token_hex(4)}"
            with client.plain_socket() as connection:
                kill_at_the_answer(process, connection, frames(name), b'"ack"')
            posted.append(name)
            await client.abort()
        assert await stored(survivor, channel) == set(posted)
        got = [await watcher.receive("chat", "stroke", "sealed") for _ in posted]
        assert [frame["message_id"] for frame in got] == posted  # who was there before got them too
        await watcher.close()


async def test_what_was_posted_with_an_api_key_before_a_kill(folder: Path, redis: Server) -> None:
    with processes(folder, 1 + KILLS, redis.url, *LIFE, "--api-keys", WRITER.entry) as (survivor, *doomed):
        posted = []
        for process in doomed:
            name = f"m-{secrets.token_hex(4)}"
            body = json.dumps({"message_id": name, "payload": "hello", "position": {"x": 0, "y": 0}})
            head = (
                "POST /api/channels/garden/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", process.port), PATIENCE_S) as connection:
                kill_at_the_answer(process, connection, (head + body).encode(), b"expires_at")
            posted.append(name)
        assert await stored(survivor, "garden") == set(posted)
