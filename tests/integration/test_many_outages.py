"""Private channels on processes that lose Redis: uninvited users get nothing from other processes (W81).

Real processes, a real Redis, and a network between them that can be cut.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Frame, refusal
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_proxy import Proxy
from tests.support.redis_server import Server, running, temporary_folder
from tests.support.server import Answer, http_get

Enter = Callable[..., Awaitable[Client]]
PROBING = ("--redis-probe-seconds", "0.5")


@pytest.fixture
async def enter() -> AsyncIterator[Enter]:
    clients: list[Client] = []

    async def connect(process: Process, **options: Any) -> Client:
        client = await Client.connect(process.url, channel="garden", **options)
        clients.append(client)
        return client

    yield connect
    await asyncio.gather(*(client.close() for client in clients))


@contextlib.contextmanager
def two_over(redis: Server, folder: Path, *flags: str) -> Iterator[tuple[Process, Process, Proxy]]:
    """The second one reaches Redis through a network that can be cut. `flags`: of both."""
    with running(redis):
        proxy = Proxy(redis.port)
        proxy.start()
        try:
            with (
                processes(folder, 1, redis.url, *PROBING, *flags) as (one,),
                processes(folder, 1, proxy.url, *PROBING, *flags) as (two,),
            ):
                yield one, two, proxy
        finally:
            proxy.stop()


async def post(process: Process, path: str, client: Client) -> Answer:
    headers = {"Authorization": f"Bearer {client.token}"}
    return await http_get(process.port, path, headers, method="POST", body="{}")


async def private(process: Process, enter: Enter) -> tuple[Client, str]:
    """The owner of a private channel, on `process`, and an invitation."""
    owner = await enter(process)
    assert (await post(process, "/api/channels/garden", owner)).status == 200
    answer = await post(process, "/api/channels/garden/invitations", owner)
    assert answer.status == 201
    return owner, answer.json["token"]


class Talking:
    """Somebody who says something all the time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._task = asyncio.create_task(self._talk())

    async def _talk(self) -> None:
        for number in range(10_000):
            await self._client.chat(f"secret {number}", message_id=f"s{number}")
            await self._client.typing(f"secret {number} to come", message_id=f"s{number + 1}")
            await self._client.cursor((number, 0))
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def pry(stranger: Client, *user_ids: str) -> None:
    """Send requests of every kind until the server closes the connection."""
    with contextlib.suppress(Exception):
        while True:
            await stranger.send({"type": "sync"})
            await stranger.who(user_ids)
            await stranger.send({"type": "follow", "user_id": user_ids[0]})
            await asyncio.sleep(0.15)


def seen_of(stranger: Client, *user_ids: str) -> list[Frame]:
    """The frames in which `stranger` has seen anything of these users."""
    frames = stranger.received if stranger.sync is None else [stranger.sync, *stranger.received]
    return [frame for frame in frames if any(user_id in str(frame) for user_id in user_ids)]


async def strangers_hear_nothing(strangers: list[Client], owner: Client) -> None:
    for stranger in strangers:
        assert (await stranger.closed(timeout_s=30)).code == 4001
        assert seen_of(stranger, owner.user_id, "secret") == []


@pytest.mark.parametrize("how", ["frozen", "restarted empty", "restarted empty, and back last"])
async def test_w81_uninvited_users_admitted_during_an_outage_get_nothing(
    how: str, tmp_path: Path, enter: Enter
) -> None:
    with temporary_folder() as folder, two_over(redis := Server(folder), tmp_path) as (one, two, proxy):
        await all_ready(one, two)
        if how == "restarted empty, and back last":
            one, two = two, one  # it is the owner's process that can be cut off
        owner, invitation = await private(one, enter)
        if how == "frozen":
            redis.pause()
        else:
            redis.stop()
        await owner.receive("degraded", timeout_s=30)
        strangers = [await enter(two) for _ in range(3)]
        invited = await enter(two, invite=invitation)
        # Before they ask for snapshots all the time: what a snapshot told comes no more as `chat` (W90).
        await strangers[0].chat("among strangers")
        assert (await strangers[1].receive("chat"))["payload"] == "among strangers"
        talking = Talking(owner)
        prying = [asyncio.create_task(pry(stranger, owner.user_id)) for stranger in strangers]
        try:
            if how == "frozen":
                redis.go_on()
            else:
                if how == "restarted empty, and back last":
                    proxy.cut()
                redis.start()
            if proxy.refuse:
                # Here the strangers' process finds no rules at all: they are confirmed, and hear of nobody yet.
                for stranger in strangers:
                    await stranger.receive("restored", timeout_s=30)
                proxy.refuse = False
            await owner.receive("restored", timeout_s=30)
            await strangers_hear_nothing(strangers, owner)
            # The invited one comes again if it must, and hears.
            with contextlib.suppress(TimeoutError, AssertionError):
                await invited.closed(timeout_s=1)
            again = await enter(two, invite=invitation)
            assert (await again.receive("chat", timeout_s=20))["payload"].startswith("secret")
            assert (await refusal(two.url, channel="garden")).code == "channel_private"
        finally:
            await talking.stop()
            for task in prying:
                task.cancel()


async def test_w81_an_isolated_process_reads_the_rules_before_it_delivers(tmp_path: Path, enter: Enter) -> None:
    with temporary_folder() as folder, two_over(Server(folder), tmp_path) as (one, two, proxy):
        await all_ready(one, two)
        owner = await enter(one)
        assert (await post(one, "/api/channels/garden", owner)).status == 200
        before, banned = await enter(two), await enter(two)
        proxy.cut()
        await before.receive("degraded", timeout_s=30)
        strangers = [await enter(two) for _ in range(3)]
        assert (await post(one, "/api/channels/garden/invitations", owner)).status == 201
        await owner.moderate("remove", user_id=banned.user_id, seconds=600)
        await owner.moderate("read_only", on=True)
        await owner.receive("channel_updated", where=lambda frame: frame["read_only"])
        talking = Talking(owner)
        prying = [asyncio.create_task(pry(stranger, owner.user_id)) for stranger in strangers]
        try:
            proxy.refuse = False
            for stranger in strangers:
                assert (await stranger.closed(timeout_s=30)).code == 4001
                assert seen_of(stranger, "secret") == []
            assert (await banned.closed(timeout_s=30)).code == 4512
            assert seen_of(banned, "secret") == []
            assert (await before.receive("chat", timeout_s=20))["payload"].startswith("secret")
            await before.chat("may I?")
            assert (await before.receive("error"))["code"] == "read_only"
        finally:
            await talking.stop()
            for task in prying:
                task.cancel()


async def test_w112_w29_strokes_of_an_outage_arrive_once_when_the_store_is_back(tmp_path: Path, enter: Enter) -> None:
    life = ("--message-ttl-seconds", "120", "--message-ttl-max-seconds", "120")
    with temporary_folder() as folder, two_over(redis := Server(folder), tmp_path, *life) as (one, two, _):
        await all_ready(one, two)
        ann, bob = await enter(one), await enter(two)
        redis.stop()
        for client in (ann, bob):
            await client.receive("degraded", timeout_s=30)
        for client, name in ((ann, "of-ann"), (bob, "of-bob")):
            await client.stroke([(0, 0), (5, 5)], message_id=name)
            await client.receive("ack")
        assert not ann.waiting("stroke")
        redis.start()
        for client, name in ((ann, "of-bob"), (bob, "of-ann")):
            await client.receive("restored", timeout_s=30)
            await client.receive("user_sync")
            while name not in strokes_of(client):  # in the snapshot, or else after it
                await client.receive("stroke")
        newcomer = await enter(two)
        assert sorted(stroke["message_id"] for stroke in newcomer.sync["strokes"]) == ["of-ann", "of-bob"]
        await bob.chat("fence")
        await ann.receive("chat")
        assert len([frame for frame in ann.received if frame["type"] == "stroke"]) <= 1


def strokes_of(client: Client) -> list[str]:
    """The ids of the strokes that a client has got, in snapshots too."""
    snapshots = [stroke for frame in client.received for stroke in frame.get("strokes", ())]
    return [frame["message_id"] for frame in (*snapshots, *client.received) if frame["type"] == "stroke"]
