"""A client of the original system, written from the description of that system alone, against this one.

It connects to `/api/chat?uid=USER`, sends `{user_id, msg_id, payload, position}` without a `type`, and reads `chat`,
`user_joined`, `user_left` and `user_sync`. It knows nothing of tokens, subprotocols, acks or presence numbers.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.processes import processes
from tests.support.redis_server import Server as Redis
from tests.support.server import StartServer
from tests.support.waiting import PATIENCE_S

TYPES = {"chat", "user_joined", "user_left", "user_sync"}


class OriginalClient:
    def __init__(self, socket: ClientConnection, user_id: str) -> None:
        self._socket = socket
        self._user_id = user_id

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, base: str, user_id: str, more: str = "") -> AsyncIterator[Self]:
        async with connect(f"{base}/api/chat?uid={user_id}{more}", proxy=None, open_timeout=PATIENCE_S) as socket:
            yield cls(socket, user_id)

    async def say(self, payload: str, x: float, y: float, **named: str) -> None:
        message = {"user_id": self._user_id, **named, "payload": payload, "position": {"x": x, "y": y}}
        await self._socket.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message of a type that the original had."""
        async for data in self._socket:
            message: dict[str, Any] = json.loads(data)
            if message["type"] in TYPES:
                for name in ("message_id", "channel_id", "user_id", "timestamp"):
                    assert name in message, f"{name} is missing in {message}"
                assert message["channel_id"] == "default"
                return message
        raise AssertionError("the server closed the connection")

    async def leave(self) -> None:
        await self._socket.close()

    def end(self, how: str) -> None:
        """End the connection without waiting, as a browser does that leaves a page, or as a broken network does."""
        transport = self._socket.transport
        if how == "close frame":
            self._socket.protocol.send_close(1001)
            transport.write(b"".join(self._socket.protocol.data_to_send()))
        if how == "reset":
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()


@pytest.fixture(params=["one process", "two processes and Redis"])
async def bases(request: pytest.FixtureRequest, start_server: StartServer) -> AsyncIterator[tuple[str, str]]:
    """Where alice and bob connect."""
    if request.param == "one process":
        server = await start_server()
        yield server.url, server.url
        return
    folder: Path = request.getfixturevalue("folder")
    redis: Redis = request.getfixturevalue("redis")
    redis.ask("FLUSHALL")
    with processes(folder, 2, redis.url) as (one, two):
        yield one.url, two.url


def ids(users: list[Any]) -> list[str]:
    """A client that keeps whole users; one that wants plain ids asks for them."""
    return [user if isinstance(user, str) else user["user_id"] for user in users]


@pytest.mark.parametrize("more", ["", "&users=ids"])
async def test_w100_w103_w105_two_people_with_clients_of_the_original_talk(bases: tuple[str, str], more: str) -> None:
    async with OriginalClient.connect(bases[0], "alice", more) as alice:
        sync = await alice.hear()
        assert (sync["type"], sync["user_id"], ids(sync["users"])) == ("user_sync", "alice", ["alice"])
        async with OriginalClient.connect(bases[1], "bob", more) as bob:
            sync = await bob.hear()
            assert (sync["type"], ids(sync["users"])) == ("user_sync", ["alice", "bob"])
            assert all(isinstance(user, str) for user in sync["users"]) == bool(more)
            joined = await alice.hear()
            assert (joined["type"], joined["user_id"]) == ("user_joined", "bob")

            message_id = str(uuid.uuid4())
            await bob.say("hello", 120, -40.5, msg_id=message_id)
            chat = await alice.hear()
            assert (chat["type"], chat["user_id"], chat["payload"]) == ("chat", "bob", "hello")
            assert (chat["message_id"], chat["position"]) == (message_id, {"x": 120, "y": -40.5})

            await alice.say("without an id", 0, 0)
            chat = await bob.hear()
            assert (chat["type"], chat["user_id"], chat["payload"]) == ("chat", "alice", "without an id")
            assert uuid.UUID(chat["message_id"])

            await alice.say("by the other name", 0, 0, message_id="m1")
            assert (await bob.hear())["message_id"] == "m1", "and nobody hears themselves"
            await bob.leave()
        left = await alice.hear()
        assert (left["type"], left["user_id"]) == ("user_left", "bob")


async def refused(base: str, user_id: str) -> bool:
    """Whether the server refuses this user id because another client holds it."""
    try:
        async with OriginalClient.connect(base, user_id):
            return False
    except InvalidStatus as error:
        return (error.response.status_code, json.loads(error.response.body)["error"]["code"]) == (409, "uid_taken")


async def test_w106_nobody_else_is_alice_on_any_process(bases: tuple[str, str]) -> None:
    async with OriginalClient.connect(bases[0], "alice") as alice:
        await alice.hear()
        assert [await refused(base, "alice") for base in bases] == [True, True]


@pytest.mark.parametrize("ending", ["close frame", "end of TCP", "reset"])
async def test_w106_a_page_that_is_reloaded_gets_its_user_id_again_at_once(bases: tuple[str, str], ending: str) -> None:
    """Also where the network breaks and the client comes back, through the same process or another one."""
    for before, after in (bases, reversed(bases), (bases[0], bases[0])):
        async with OriginalClient.connect(before, "alice") as alice:
            assert (await alice.hear())["user_id"] == "alice"
            alice.end(ending)
            async with OriginalClient.connect(after, "alice") as again:
                sync = await again.hear()
                assert (sync["type"], sync["user_id"]) == ("user_sync", "alice")
                await again.leave()


async def test_w106_a_second_tab_is_alice_when_the_first_one_is_closed(bases: tuple[str, str]) -> None:
    async with OriginalClient.connect(bases[0], "alice") as first:
        await first.hear()
        assert await refused(bases[1], "alice")
        first.end("close frame")
        async with OriginalClient.connect(bases[1], "alice") as second:
            assert (await second.hear())["user_id"] == "alice"
            assert await refused(bases[0], "alice")
