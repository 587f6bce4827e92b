"""A closed connection leaves nothing for the cycle collector, whose pauses delay everyone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiohttp import web
from websockets.frames import Opcode

from asocial.adapters.http.connection import WebSocketConnection
from asocial.adapters.http.guarded_connection import GuardedConnection
from asocial.domain.errors import GoingAway
from asocial.service.participant import Participant
from asocial.service.session import Session
from tests.support.client import Client, refusal
from tests.support.raw_client import RawClient
from tests.support.raw_http import raw_connection
from tests.support.server import Server, StartServer
from tests.support.waiting import PATIENCE_S

OURS = (WebSocketConnection, GuardedConnection, Session, Participant, web.Request)
Ending = Callable[[Server], Awaitable[None]]


@pytest.fixture(autouse=True)
def _nobody_collects() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def _talks_and_leaves(server: Server) -> None:
    client = await Client.connect(server.url, channel="garden")
    await client.chat("hello")
    await client.typing("hel", message_id="m2")
    await client.cursor((1, 2))
    await client.profile("Ann", "rust")
    await client.who([client.user_id])
    await client.send_raw("no frame of ours")
    await client.receive("error")
    await client.close()


async def _is_cut_off(server: Server) -> None:
    client = await Client.connect(server.url, channel="garden")
    await client.cursor((1, 2))
    client.abort()


async def _is_sent_away(server: Server) -> None:
    client = await Client.connect(server.url, channel="garden")
    next(iter(server.app.local)).connection.close(GoingAway(retry_ms=0))
    assert (await client.closed()).code == 4001


async def _is_sent_away_and_does_not_answer(server: Server) -> None:
    client = await RawClient.connect(server.url, channel="garden")
    await client.receive("user_sync")
    next(iter(server.app.local)).connection.close(GoingAway(retry_ms=0))
    await client.abort()


async def _breaks_the_protocol(server: Server) -> None:
    client = await RawClient.connect(server.url, channel="garden")
    await client.send_frame(0x1, b"{}", reserved_bits=7)
    assert (await client.closed()).code == 1002
    await client.abort()


async def _is_refused(server: Server) -> None:
    assert (await refusal(server.url, channel="no channel!")).status == 400


async def _only_asks(server: Server) -> None:
    assert (await server.get("/health")).status == 200


async def _is_pinged_and_cut_off(server: Server) -> None:
    client = await RawClient.connect(server.url, channel="garden")
    async with asyncio.timeout(PATIENCE_S):
        while (await client.read_frame())[0] != Opcode.PING:
            pass
    await client.abort()


async def _asks_too_slowly(server: Server) -> None:
    async with raw_connection(server) as (reader, _):
        assert await reader.read() == b"", "closed without an answer"


@pytest.mark.parametrize(
    "ending",
    [
        _talks_and_leaves,
        _is_cut_off,
        _is_sent_away,
        _is_sent_away_and_does_not_answer,
        _breaks_the_protocol,
        _is_refused,
        _only_asks,
    ],
)
async def test_no_connection_objects_are_left(server: Server, ending: Ending) -> None:
    await _leaves_nothing(server, ending)


@pytest.mark.parametrize(
    ("settings", "ending"),
    [
        ({"ping_seconds": 0.5, "pong_timeout_seconds": PATIENCE_S}, _is_pinged_and_cut_off),
        ({"handshake_seconds": 0.5}, _asks_too_slowly),
    ],
)
async def test_no_periodic_check_holds_a_connection(
    start_server: StartServer, settings: dict[str, float], ending: Ending
) -> None:
    await _leaves_nothing(await start_server(**settings), ending)


async def _leaves_nothing(server: Server, ending: Ending) -> None:
    before = _count()
    await ending(server)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while _count() > before:  # noqa: ASYNC110 (objects that are freed tell nobody)
                await asyncio.sleep(0.02)
    assert _count() == before


def _count() -> int:
    # Asked of the type: a weak proxy pretends to be what it stands for, and what that was may be gone.
    return sum(type(each) in OURS for each in gc.get_objects())
