"""Many clients, each within the limits of one connection: memory stays bounded, and others are served (W70, W71)."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.frames import Opcode

from asocial.adapters.http.listening import RECEIVE_BUFFER_BYTES
from asocial.adapters.http.outgoing import HANDOVER_BYTES
from tests.support.server import Join, JoinRaw, Server, StartServer, metric
from tests.support.waiting import eventually
from tests.support.websocket_bytes import client_frame

CHAT = {"type": "chat", "position": {"x": 1, "y": 2}}


async def test_w71_everyone_speaks_at_once_and_each_reads_everything_of_the_others_once_and_in_order(
    start_server: StartServer, join: Join
) -> None:
    """More than one flush carries, from every member: the acks stand where the own messages were, nothing is lost."""
    server = await start_server(rate_limit_per_minute=0)
    people = [await join(server) for _ in range(8)]
    count = 120

    async def talk(number: int) -> None:
        for each in range(count):
            await people[number].send_raw(
                json.dumps(CHAT | {"message_id": f"{number}-{each}", "payload": "words " * 80})
            )

    async def listen(number: int) -> None:
        heard: dict[str, list[int]] = {str(other): [] for other in range(len(people))}
        while sum(map(len, heard.values())) < count * len(people):
            frame = await people[number].receive("chat", "ack")
            speaker, _, each = frame["message_id"].partition("-")
            assert (frame["type"] == "ack") == (speaker == str(number))
            heard[speaker].append(int(each))
        assert all(each == list(range(count)) for each in heard.values())

    async with asyncio.timeout(60):
        await asyncio.gather(*map(talk, range(len(people))), *map(listen, range(len(people))))


async def test_w70_stalled_readers_are_closed_above_the_total_limit_and_others_go_on(
    start_server: StartServer, join: Join, join_raw: JoinRaw
) -> None:
    limit = 300_000
    server = await start_server(rate_limit_per_minute=0, unsent_total_bytes=limit, message_ttl_seconds=0.2)
    ada = await join(server, "elsewhere")
    # Each in a channel of its own, so that nothing they hold is shared.
    stuck = [await join_raw(server, f"stuck{number}", receive_buffer_bytes=4096) for number in range(3)]
    speakers = [await join(server, f"stuck{number}") for number in range(3)]
    text = json.dumps(CHAT | {"message_id": "m", "payload": "\U0001f600" * 500}, ensure_ascii=False)
    sent = 0
    async with asyncio.timeout(60):
        # More than the kernel takes has to be sent before anything waits.
        while not await metric(server.port, "unsent_relieved_total"):
            for _ in range(50):
                sent += 1
                for speaker in speakers:
                    await speaker.send_raw(text.replace('"m"', f'"m{sent}"'))
            for speaker in speakers:
                for _ in range(50):
                    await speaker.receive("ack")
            # What a transport was just handed is counted when it could not send it, and closes nobody by itself.
            assert await metric(server.port, "unsent_memory_bytes") <= limit + len(stuck) * HANDOVER_BYTES
        await ada.chat("still here")
        await ada.receive("ack")
    for each in stuck:
        await each.abort()

    async def nothing_waits() -> bool:
        return await metric(server.port, "unsent_memory_bytes") == 0

    await eventually(nothing_waits, "nothing waits once those who did not read are gone")


async def test_w43_frames_sent_faster_than_handled_wait_at_the_client(server: Server, join_raw: JoinRaw) -> None:
    """A client that is read at 500 frames a second must not have megabytes of them parsed in the server."""
    mallory = await join_raw(server)
    pings = client_frame(Opcode.PING, b"") * 5000

    async def flood() -> None:
        while True:
            await mallory.send_bytes(pings)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flood(), 2)
    connection = next(iter(server.app.http.endpoint._connections))
    assert len(connection._frames._data) <= 4 * RECEIVE_BUFFER_BYTES
