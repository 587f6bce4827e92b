"""What a flush costs, in processor time: the best of many, so that a busy machine does not show.

    PYTHONPATH=src python experiments/flush.py

Real sockets (pairs, emptied before each flush), a broker that does nothing. Results: 0005-all-speaking.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time

import uvloop

from asocial.adapters.http.outgoing import Outgoing
from asocial.domain.errors import Disconnect
from asocial.domain.pacing import LoopLag
from asocial.ports import Batch
from asocial.service.backlog import Backlog
from asocial.service.channel import Channel
from asocial.service.clock import Clock
from asocial.service.counters import Counters
from asocial.service.runtime import Runtime

SHAPES = ((10, 1, 1), (10, 5, 1), (500, 0, 60), (500, 50, 8), (500, 300, 1))
"""(members, senders, messages of each); 0 senders: events for everybody."""
BUFFER_BYTES = 1 << 20


class NoBroker:
    def publish(self, channel: str, batch: Batch) -> None: ...

    def send_now(self) -> None: ...


class Wire(Outgoing):
    id = ""

    def close(self, disconnect: Disconnect) -> None:
        raise AssertionError(f"nobody is slow here: {disconnect.reason}")


def empty(far: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while far.recv(BUFFER_BYTES):
            pass


async def measure(members: int, senders: int, each: int) -> str:
    loop, counters = asyncio.get_running_loop(), Counters()
    backlog, runtime = Backlog(0, counters), Runtime(loop, Clock(counters), counters)
    channel = Channel("c", NoBroker(), runtime, backlog, lambda *_: None, LoopLag(), 1)  # type: ignore[arg-type]
    wires, ends = [], []
    for _ in range(members):
        near, far = socket.socketpair()
        near.setblocking(False)
        far.setblocking(False)
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        transport, _ = await loop.create_connection(asyncio.Protocol, sock=near)
        wire = Wire(transport, backlog)
        channel.attach(wire)
        channel.release(wire, b"x")
        wires.append(wire)
        ends.append(far)
    best = float("inf")
    for _ in range(60 if members > 100 else 400):
        for far in ends:
            empty(far)
        began = time.process_time()
        for _ in range(each):
            for sender in wires[:senders] or [None]:
                channel.post(b"f" * 230, sender, b"a" * 100 if sender else b"")
        channel.flush()
        best = min(best, time.process_time() - began)
        await asyncio.sleep(0)
    messages = each * max(senders, 1)
    return f"{members} members, {senders} senders x {each}: {best * 1e6:.0f} us, {best * 1e6 / messages:.1f} a message"


async def main() -> None:
    for shape in SHAPES:
        print(await measure(*shape), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
