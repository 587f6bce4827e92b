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
from asocial.adapters.memory.presence import MemoryPresence
from asocial.ports import Departed, Stamp
from tests.support.server import StartServer
from tests.support.waiting import PATIENCE_S
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
