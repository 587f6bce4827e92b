"""How evenly do connections spread over processes? SO_REUSEPORT against one shared listening socket.

    python experiments/listening.py

Each of 2 or 4 processes serves with uvloop, as Asocial does. 1,000 connections are opened and kept open, one after
another or 100 at a time. Also measured: what becomes of new connections while one of the processes is stopped. The
answers are in docs/decisions/0031-processes.md.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import socket
import time
from multiprocessing.connection import Connection
from typing import Any

import uvloop

CONNECTIONS = 1000
BACKLOG = 4096
FORK = multiprocessing.get_context("fork")


class Greeter(asyncio.Protocol):
    def __init__(self, number: int) -> None:
        self._greeting = bytes([number])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        until = time.perf_counter() + 0.0004  # about what admission and the upgrade cost
        while time.perf_counter() < until:
            pass
        transport.write(self._greeting)  # type: ignore[attr-defined]


def serve(number: int, sock: socket.socket, up: Connection) -> None:
    async def forever() -> None:
        await asyncio.get_running_loop().create_server(lambda: Greeter(number), sock=sock, backlog=BACKLOG)
        up.send(number)
        await asyncio.Event().wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(forever())


def bound(port: int, *, share: bool) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if share:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind(("127.0.0.1", port))
    return sock


async def connect(port: int, patience_s: float = 30.0) -> tuple[int, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(patience_s):
            return (await reader.readexactly(1))[0], writer
    except TimeoutError:
        return -1, writer


async def spread(
    port: int, processes: int, at_once: int, total: int = CONNECTIONS, patience_s: float = 30.0
) -> list[int]:
    """Connections by process; the last number counts those that got no answer."""
    counts, kept = [0] * (processes + 1), []
    for start in range(0, total, at_once):
        for number, writer in await asyncio.gather(
            *(connect(port, patience_s) for _ in range(min(at_once, total - start)))
        ):
            counts[number] += 1
            kept.append(writer)
    for writer in kept:
        writer.transport.abort()
    return counts


def trial(processes: int, *, share: bool) -> None:
    reserved = bound(0, share=share)
    port = reserved.getsockname()[1]
    up, told = FORK.Pipe()
    sockets = [bound(port, share=True) for _ in range(processes)] if share else [reserved] * processes
    workers = [FORK.Process(target=serve, args=(number, sockets[number], told)) for number in range(processes)]
    for worker in workers:
        worker.start()
    for _ in workers:
        up.recv()
    if share:
        for sock in sockets:
            sock.close()  # only the workers hold them from here
    name = "SO_REUSEPORT" if share else "shared socket"
    for at_once in (1, 100):
        found = sorted(asyncio.run(spread(port, processes, at_once))[:-1])
        largest = max(found) / CONNECTIONS
        print(f"{name:14} {processes} processes, {at_once:3} at once: {found}, largest {largest:.1%}", flush=True)
    stopped = random.choice(workers)
    os.kill(stopped.pid or 0, signal.SIGSTOP)
    *_, lost = asyncio.run(spread(port, processes, 100, 200, 2.0))
    print(f"{name:14} {processes} processes, one stopped: {lost} of 200 connections got no answer in 2 s", flush=True)
    for worker in workers:
        worker.kill()
        worker.join()
    reserved.close()


if __name__ == "__main__":
    for processes in (2, 4):
        for share in (True, False):
            trial(processes, share=share)
