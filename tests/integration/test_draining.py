"""What a process that stops still owes to the others."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import time

import pytest

from asocial import lifecycle
from asocial.adapters.memory.limiter import MemoryRateLimiter
from asocial.adapters.memory.presence import MemoryPresence
from asocial.domain.profile import Profile
from asocial.ports import Departed, Joined, Stamp
from tests.support.client import Client
from tests.support.server import StartServer
from tests.support.waiting import PATIENCE_S
from tests.support.websocket_bytes import upgrade_request
from tests.unit.service.fakes import FakeBroker


class SlowSweep(MemoryPresence):
    """Its sweeps have removed somebody, and answer only when they are allowed to."""

    def __init__(self) -> None:
        super().__init__(lambda: round(time.monotonic() * 1000), ttl_ms=60_000)
        self.is_sweeping = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.removed = [Departed("garden", "connection", "ghost", last=True, user_count=0, stamp=Stamp("epoch", 2))]

    async def sweep(self) -> list[Departed]:
        self.is_sweeping.set()
        await self.may_answer.wait()
        removed, self.removed = self.removed, []
        return removed


async def test_w17_a_sweep_under_way_at_the_end_still_tells_who_left(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by the rolling restart on a busy machine: others kept somebody who had left until a lease ran out."""
    monkeypatch.setattr(lifecycle, "SWEEP_S", 0.01)
    monkeypatch.setattr(lifecycle, "JOBS_END_S", PATIENCE_S)
    store, broker = SlowSweep(), FakeBroker()
    server = await start_server(store=store, broker=broker)
    await store.is_sweeping.wait()
    draining = asyncio.create_task(server.app.drain())
    await asyncio.sleep(0.1)  # it has come to its jobs
    assert not draining.done()
    store.may_answer.set()
    await draining
    [(channel, batch)] = broker.published
    assert channel == "garden"
    assert json.loads(batch.reliable[batch.reliable.index(b"{") :])["user_id"] == "ghost"
    assert broker.log[-1] == "close"


async def test_a_job_that_hangs_does_not_keep_a_process_from_stopping(
    start_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "SWEEP_S", 0.01)
    monkeypatch.setattr(lifecycle, "JOBS_END_S", 0.01)
    store = SlowSweep()
    server = await start_server(store=store)
    await store.is_sweeping.wait()
    async with asyncio.timeout(PATIENCE_S):
        await server.app.drain()


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_is_accepted_as_the_server_stops_is_closed(
    start_server: StartServer, turns: int
) -> None:
    """It stayed open, without an answer, if the server stopped between asyncio's two steps of accepting it."""
    server = await start_server(drain_notice_seconds=0)
    gc.disable()  # garbage collection would close it, at any time
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as client:
            for _ in range(turns):
                await asyncio.sleep(0)
            # `drain` waits before this step, so the exact moment needs a call of its own.
            await server.app.http.stop_listening()
            await server.app.drain()
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.to_thread(client.recv, 1) == b""
    finally:
        gc.enable()


class Hangs:
    """Answers nothing, as a store that cannot be reached."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def wait(self) -> None:
        self.is_asked.set()
        await self.may_answer.wait()


class HangingLimiter(Hangs, MemoryRateLimiter):
    def __init__(self) -> None:
        MemoryRateLimiter.__init__(self, lambda: round(time.monotonic() * 1000))
        Hangs.__init__(self)

    async def take_token(self, key: str, burst: int, per_minute: int) -> int:
        await self.wait()
        return await super().take_token(key, burst, per_minute)


class HangingPresence(Hangs, MemoryPresence):
    def __init__(self) -> None:
        MemoryPresence.__init__(self, lambda: round(time.monotonic() * 1000), ttl_ms=60_000)
        Hangs.__init__(self)

    async def join(self, channel: str, connection_id: str, user_id: str, profile: Profile, now_ms: int) -> Joined:
        await self.wait()
        return await super().join(channel, connection_id, user_id, profile, now_ms)


@pytest.mark.parametrize("stays", [True, False], ids=["stays", "leaves"])
@pytest.mark.parametrize("before", [b"", b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"], ids=["first", "second"])
@pytest.mark.parametrize("hanging", [HangingLimiter, HangingPresence])
async def test_a_client_that_is_being_admitted_for_ever_is_answered_and_leaves_no_task(
    start_server: StartServer, hanging: type[HangingLimiter | HangingPresence], before: bytes, stays: bool
) -> None:
    """Its task was still waiting when the loop was closed, and its client got no answer."""
    store = hanging()
    given = {"limiter": store} if isinstance(store, HangingLimiter) else {"store": store}
    server = await start_server(drain_seconds=2.2, drain_notice_seconds=0, **given)
    others = asyncio.all_tasks()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(before + upgrade_request(f"{server.url}/api/chat"))
    await store.is_asked.wait()
    if not stays:
        writer.transport.abort()
        await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE_S):
        await server.app.drain()
        if stays and isinstance(store, HangingLimiter):
            answers = await reader.read()
            assert b"HTTP/1.1 503 " in answers
            assert b'"draining"' in answers
        elif stays:
            with contextlib.suppress(ConnectionResetError):
                await reader.read()
    writer.transport.abort()
    await asyncio.sleep(0)
    left = [task for task in asyncio.all_tasks() - others if "open_connection" not in repr(task)]
    assert left == []


async def test_a_client_that_is_admitted_while_the_server_drains_is_sent_away_in_order(
    start_server: StartServer,
) -> None:
    """The drain did not wait for it: its socket was closed without an answer."""
    limiter = HangingLimiter()
    server = await start_server(limiter=limiter, drain_notice_seconds=0)
    connecting = asyncio.create_task(Client.connect(server.url))
    await limiter.is_asked.wait()
    draining = asyncio.create_task(server.app.drain())
    await asyncio.sleep(0.2)
    assert not draining.done()
    limiter.may_answer.set()
    client = await connecting
    assert (await client.closed()).code == 4001
    await draining
