"""Real servers on free ports and plain clients; both are closed at the end of the test.

Marker `drives(code, ...)`: the test makes the server answer with this code, by HTTP, error frame or close frame. It
is more than a label: a test that carries it and did not see the code fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from asocial.app import build
from asocial.config import load
from tests.support import client as plain
from tests.support import redis_server
from tests.support.client import Client
from tests.support.lifted_limits import LIFTED
from tests.support.processes import Process
from tests.support.raw_client import RawClient
from tests.support.redis_server import temporary_folder
from tests.support.runtime import make_runtime
from tests.support.server import Enter, Join, JoinRaw, Server, StartServer


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "drives(code, ...): the test makes the server answer with these codes")


@pytest.fixture(autouse=True)
def _drives_what_it_says(request: pytest.FixtureRequest) -> Iterator[None]:
    plain.OBSERVED.clear()
    yield
    promised = {code for mark in request.node.iter_markers("drives") for code in mark.args}
    missing = promised - plain.OBSERVED
    assert not missing, f"the test says that it drives {missing}, but saw only {plain.OBSERVED}"


DEFAULTS = {"port": 0, "host": "127.0.0.1", "reconnect_spread_seconds": 1, **LIFTED}

_channels = itertools.count(1)

ADAPTERS = {"broker", "store", "limiter", "live", "page_dir", "rules", "claims"}


@pytest.fixture
async def start_server() -> AsyncIterator[StartServer]:
    """Starts a server with the given settings over the defaults; the ports that `build` takes may be given too.

    `now_ms` takes the place of all clocks.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(*, now_ms: Callable[[], int] | None = None, **given: Any) -> Server:
            adapters = {key: value for key, value in given.items() if key in ADAPTERS}
            if now_ms is not None:
                adapters["runtime"] = make_runtime(now_ms)
            settings = {key: value for key, value in given.items() if key not in ADAPTERS}
            app = build(load(DEFAULTS | settings, {}), **adapters)
            await app.start()
            stack.push_async_callback(app.drain)
            return Server(app)

        yield start


@pytest.fixture
async def server(start_server: StartServer) -> Server:
    """A server as it comes, but for the limits of one address and one channel."""
    return await start_server()


@pytest.fixture
async def join(start_server: StartServer) -> AsyncIterator[Join]:
    """Connects plain clients, and closes them before the servers."""
    clients: list[Client] = []

    async def connect(server: Server, channel: str | None = "garden", **options: Any) -> Client:
        client = await Client.connect(server.url, channel=channel, **options)
        clients.append(client)
        return client

    yield connect
    await asyncio.gather(*(client.close() for client in clients))


@pytest.fixture
async def join_raw(start_server: StartServer) -> AsyncIterator[JoinRaw]:
    clients: list[RawClient] = []

    async def connect(server: Server, channel: str = "garden", **options: Any) -> RawClient:
        client = await RawClient.connect(server.url, channel=channel, **options)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        await client.abort()


# Several processes over one Redis: a module's servers are its own, each test has a channel of its own.


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


@pytest.fixture(scope="module")
def redis(folder: Path) -> Iterator[redis_server.Server]:
    server = redis_server.Server(folder)
    with redis_server.running(server):
        yield server


@pytest.fixture
def channel() -> str:
    return f"garden-{next(_channels)}"


@pytest.fixture
async def enter(channel: str) -> AsyncIterator[Enter]:
    """Connects plain clients to the test's channel, and closes them at its end."""
    clients: list[Client] = []

    async def connect(process: Process, **options: Any) -> Client:
        client = await Client.connect(process.url, **{"channel": channel, **options})
        clients.append(client)
        return client

    yield connect
    await asyncio.gather(*(client.close() for client in clients))
