"""A fork server: a parent process with everything imported, which forks a real Asocial process in a few ms.

A server that is killed must be a process of its own: only then none of its `finally` blocks runs. Starting an
interpreter for each of some hundred servers would take most of the time, so `python -m tests.faults.fork_server`
imports once. It reads a line of JSON for each order:

    {"start": {"number", "settings", "lease_ms", "timeout_s", "drop_every", "slow_rules", "log"}}
        ->   {"number", "pid", "port"}
    {"kill": pid, "signal": number}

It signals only its own children, and kills them when its input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import uvloop

from asocial.adapters.redis.backend import RedisBackend
from asocial.app import build, new_runtime
from asocial.config import load
from asocial.domain.rules import Rules
from asocial.lifecycle import Asocial
from asocial.logs import configure
from asocial.ports import Batch, Broker, ChannelRules, Deliver
from tests.support.fork_server import detach
from tests.support.waiting import PATIENCE_S

LINGER_S = 0.3
"""Shorter than in production, so that channels are dropped and made again within a run."""
SLOW_RULES_S = (0.0, 0.0, 0.05, 0.4)
"""Pauses before the rules are read, and before the answer is returned."""

Spec = dict[str, Any]


class LossyBroker:
    """A fault that the fuzz must find: a broker that loses every `every`-th batch with a message in it."""

    def __init__(self, broker: Broker, every: int) -> None:
        self._broker = broker
        self._every = every
        self._count = 0

    async def subscribe(self, channel: str, deliver: Deliver) -> None:
        await self._broker.subscribe(channel, deliver)

    async def unsubscribe(self, channel: str) -> None:
        await self._broker.unsubscribe(channel)

    def publish(self, channel: str, batch: Batch) -> None:
        # Only messages: a snapshot may bring back anything else, and then there is nothing to find.
        self._count += b'"type":"chat"' in batch.reliable
        if self._count < self._every:
            self._broker.publish(channel, batch)
        else:
            self._count = 0

    def send_now(self) -> None:
        self._broker.send_now()

    async def close(self) -> None:
        await self._broker.close()


class SlowRules:
    """Channel rules that are slow to read, so that after an outage channels are confirmed late and one by one."""

    def __init__(self, rules: ChannelRules) -> None:
        self._rules = rules

    async def load(self, channel: str) -> Rules:
        await asyncio.sleep(random.choice(SLOW_RULES_S))
        rules = await self._rules.load(channel)
        await asyncio.sleep(random.choice(SLOW_RULES_S))
        return rules

    async def swap(self, channel: str, rules: Rules, keep_ms: int, *, restore: bool = False) -> Rules:
        return await self._rules.swap(channel, rules, keep_ms, restore=restore)

    async def refresh(self, channel: str, keep_ms: int) -> Rules:
        return await self._rules.refresh(channel, keep_ms)

    async def close(self) -> None:
        await self._rules.close()


class ServerProcess:
    """One Asocial. `state`: running, frozen (SIGSTOP), leaving (SIGTERM) or dead."""

    def __init__(self, fork_server: ForkServer, number: int, pid: int, port: int) -> None:
        self._fork_server = fork_server
        self.number = number
        self.pid = pid
        self.port = port
        self.state = "running"
        self.ended_at = float("inf")

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """As `kill -9`: the process can do nothing more."""
        self._end("dead", signal.SIGKILL)

    def terminate(self) -> None:
        self._end("leaving", signal.SIGTERM)

    def freeze(self) -> None:
        self.state = "frozen"
        self._fork_server.signal(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        if self.state == "frozen":
            self.state = "running"
            self._fork_server.signal(self.pid, signal.SIGCONT)

    def _end(self, state: str, number: signal.Signals) -> None:
        self.state = state
        self.ended_at = min(self.ended_at, time.monotonic())
        self._fork_server.signal(self.pid, number)


class ForkServer:
    """The parent process, as the tests use it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._started: dict[int, asyncio.Future[Spec]] = {}
        self._number = 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.fork_server",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
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
        """Start a server. It listens, and is connected to Redis unless Redis is away."""
        self._number += 1
        number = self._number
        started = self._started[number] = asyncio.get_running_loop().create_future()
        self._send({"start": spec | {"number": number}})
        async with asyncio.timeout(PATIENCE_S):
            answer = await started
        return ServerProcess(self, number, answer["pid"], answer["port"])

    def signal(self, pid: int, number: signal.Signals) -> None:
        self._send({"kill": pid, "signal": int(number)})

    def _send(self, line: Spec) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            self._started.pop(answer["number"]).set_result(answer)


def assemble(spec: Spec) -> Asocial:
    """A server with a shorter lease than any setting allows, and with the faults in `spec`."""
    settings = load(spec["settings"], {})
    runtime = new_runtime()
    redis = replace(settings.redis, lease_ms=spec["lease_ms"], timeout_s=spec["timeout_s"])
    backend = RedisBackend(redis, f"server-{spec['number']}", runtime)
    every = spec["drop_every"]
    broker = LossyBroker(backend.broker, every) if every else None
    rules = SlowRules(backend.rules) if spec["slow_rules"] else None
    app = build(settings, runtime=runtime, backend=backend, broker=broker, rules=rules)
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
    """Turn a forked process into a server that writes only its log."""
    detach(spec["log"], os.getppid())
    configure("warning", json=True)

    def announce(port: int) -> None:
        os.write(output, json.dumps({"number": spec["number"], "pid": os.getpid(), "port": port}).encode() + b"\n")

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(spec, announce))


def main() -> None:
    output = os.dup(1)
    children: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        # A child that was not waited for keeps its process id, so none of these ids can be another process.
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
