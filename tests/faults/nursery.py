"""Real Asocial processes that cost next to nothing to start: one parent has everything imported, and forks.

A server that dies without a word must be a process, killed by the kernel: only then is it certain that none of
its `finally` blocks said goodbye. Starting an interpreter for each of some hundred servers would be most of the time,
so `python -m tests.faults.nursery` imports once and forks one server for each line of JSON it reads:

    {"start": {"number", "settings", "lease_ms", "timeout_s", "drop_every", "log"}}   ->   {"number", "pid", "port"}
    {"kill": pid, "signal": number}

It signals only its own children, and takes them along when its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import uvloop

from asocial.adapters.redis.backend import RedisBackend
from asocial.app import build, new_runtime
from asocial.config import load
from asocial.lifecycle import Asocial
from asocial.logs import configure
from asocial.ports import Batch, Broker, Deliver
from tests.support.waiting import PATIENCE_S

LINGER_S = 0.3
"""Empty channels are dropped sooner than in earnest, so that a short run gets to see them come and go."""

Spec = dict[str, Any]


class Forgetful:
    """The fault that the fuzz must find: a broker that loses every so-many-th batch with a message in it."""

    def __init__(self, broker: Broker, every: int) -> None:
        self._broker = broker
        self._every = every
        self._count = 0

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        await self._broker.subscribe(channel, deliver)

    async def unsubscribe(self, channel: str) -> None:
        await self._broker.unsubscribe(channel)

    def publish(self, channel: str, batch: Batch) -> None:
        # Only those: what else is lost, a snapshot may bring back, and then the fuzz is right to find nothing.
        self._count += b'"type":"chat"' in batch.reliable
        if self._count < self._every:
            self._broker.publish(channel, batch)
        else:
            self._count = 0

    async def close(self) -> None:
        await self._broker.close()


class ServerProcess:
    """One Asocial. `state`: running, frozen (SIGSTOP), leaving (SIGTERM) or dead."""

    def __init__(self, nursery: Nursery, number: int, pid: int, port: int) -> None:
        self._nursery = nursery
        self.number = number
        self.pid = pid
        self.port = port
        self.state = "running"
        self.ended_at = float("inf")

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As `kill -9`: nothing said to anybody."""
        self._end("dead", signal.SIGKILL)

    def terminate(self) -> None:
        self._end("leaving", signal.SIGTERM)

    def freeze(self) -> None:
        self.state = "frozen"
        self._nursery.signal(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.state == "frozen":
            self.state = "running"
            self._nursery.signal(self.pid, signal.SIGCONT)

    def _end(self, state: str, number: signal.Signals) -> None:
        self.state = state
        self.ended_at = min(self.ended_at, time.monotonic())
        self._nursery.signal(self.pid, number)


class Nursery:
    """The parent process, seen from the tests."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._born: dict[int, asyncio.Future[Spec]] = {}
        self._number = 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.nursery", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def start(self, spec: Spec) -> ServerProcess:
        """A server that listens and is connected to Redis, or has given that up for now."""
        self._number += 1
        number = self._number
        born = self._born[number] = asyncio.get_running_loop().create_future()
        self._say({"start": spec | {"number": number}})
        async with asyncio.timeout(PATIENCE_S):
            answer = await born
        return ServerProcess(self, number, answer["pid"], answer["port"])

    def signal(self, pid: int, number: signal.Signals) -> None:
        self._say({"kill": pid, "signal": int(number)})

    def _say(self, line: Spec) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            self._born.pop(answer["number"]).set_result(answer)


def assemble(spec: Spec) -> Asocial:
    """A server with a shorter lease than any setting allows, and the fault that was asked for."""
    settings = load(spec["settings"], {})
    runtime = new_runtime()
    redis = replace(settings.redis, lease_ms=spec["lease_ms"], timeout_s=spec["timeout_s"])
    backend = RedisBackend(redis, f"server-{spec['number']}", runtime)
    every = spec["drop_every"]
    app = build(settings, runtime=runtime, backend=backend, broker=Forgetful(backend.broker, every) if every else None)
    app.channels._linger_s = LINGER_S
    return app


async def serve(spec: Spec, announce: Callable[[int], None]) -> None:
    app = assemble(spec)
    await app.start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    announce(app.port)
    await stop.wait()
    await app.drain()


def child(spec: Spec, output: int) -> None:
    """A forked process becomes a server, whose log is all it writes."""
    with Path(spec["log"]).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    # Not closed: the number would go to the next file opened, and libuv takes 0 to 2 for somebody else's.
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    configure("warning", json=True)

    def announce(port: int) -> None:
        os.write(output, json.dumps({"number": spec["number"], "pid": os.getpid(), "port": port}).encode() + b"\n")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(spec, announce))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def main() -> None:
    output = os.dup(1)
    children: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        # A child that was not waited for keeps its number, so none of these can be somebody else by now.
        children -= {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]}
        if "kill" in order:
            if order["kill"] in children:
                os.kill(order["kill"], order["signal"])
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                child(order["start"], output)
                code = 0
            finally:
                sys.stderr.flush()
                os._exit(code)
        children.add(pid)
    for pid in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in children:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
