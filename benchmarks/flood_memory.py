"""How much memory can many clients use when each keeps the limits of one connection?

    PYTHONPATH=src:. python -m benchmarks.flood_memory [--connections 2000] [--seconds 30] [--acts burst,steady,...]

One server with its default limits (but for connects per minute, so that everyone is in soon), and 2,000 connections
from 20 loopback addresses (127.0.0.2 to 127.0.0.21). All send as fast as they may; every third one reads slowly, with a
small receive buffer. Twenty honest people talk in another channel, from an address of their own, because everyone at
one address shares its limits. Each act is a run with a server of its own:

- `burst`: all are in one channel and say their 100 messages of a minute at once, then as many as the limit allows;
- `channels`: the same, in 100 channels of 20;
- `refused`: everyone sends messages without end, most of which are answered by an error;
- `mixed`: messages, drafts, pings and `sync` in turn, without end.

`--unlimited` lifts the limits per address and per channel. Prints the peak of the server's RSS (VmHWM) and the honest
latencies, and writes benchmarks/results/flood_memory.json. Fails above 200 MiB, or when an honest message is lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop
from websockets.frames import Opcode

from benchmarks.machine import ROOT, cores, cpu_s, facts, save
from benchmarks.python_load_generator import Crowd, percentile
from benchmarks.served import environment, served
from tests.support.websocket_bytes import (
    EMPTY_PING_FROM_SERVER,
    EMPTY_PONG,
    client_frame,
    text_frame,
    upgrade_request,
)

PEAK_LIMIT_MIB = 200
ADDRESSES = 20
SLOW_SHARE = 3
"""Every third one reads slowly."""
SLOW_BUFFER_BYTES = 8 * 1024
SLOW_EVERY_S = 1.0
ALLOWED_AT_ONCE = 100
ALLOWED_EVERY_S = 0.6
CHUNK_FRAMES = 64
HONEST = b'"payload":"0@'
HONEST_PEOPLE = 20
HONEST_RATE = 20.0
UNLIMITED = {"ASOCIAL_RATE_LIMIT_PER_MINUTE_PER_IP": "0", "ASOCIAL_CHANNEL_MESSAGES_PER_SECOND": "0"}
ACTS = {"burst": 1, "channels": 100, "refused": 1, "mixed": 1}
"""How many channels the flood of each is spread over."""
_POSITION = '"position":{"x":1,"y":2}'


def words(message_id: str, payload: str, kind: str = "chat") -> bytes:
    return text_frame(f'{{"type":"{kind}","message_id":"{message_id}","payload":"{payload}",{_POSITION}}}')


class Flooder(asyncio.Protocol):
    """One connection. `slow`: it reads what one buffer holds, once a second."""

    def __init__(self, number: int, request: bytes, act: str, payload: str, *, slow: bool) -> None:
        self._number, self._request, self._act, self._payload, self._slow = number, request, act, payload, slow
        self._said = 0
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self.received = 0
        self.ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(64 * 1024)
        if self._slow:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_BUFFER_BYTES)
        self._transport.write(self._request)

    def connection_lost(self, _error: Exception | None) -> None:
        self.ended = True

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True

    def data_received(self, data: bytes) -> None:
        self.received += len(data)
        if EMPTY_PING_FROM_SERVER in data and self._transport is not None:
            self._transport.write(EMPTY_PONG)
        if self._slow and self._transport is not None and self.received > SLOW_BUFFER_BYTES:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(SLOW_EVERY_S, self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def say(self, count: int) -> None:
        """Say so many things more, if there is room for them."""
        if self._transport is None or self.ended or not self._writable:
            return
        frames = []
        for _ in range(count):
            self._said += 1
            message_id = f"m{self._number}-{self._said}"
            match self._said % 4 if self._act == "mixed" else 0:
                case 0:
                    frames.append(words(message_id, self._payload))
                case 1:
                    frames.append(words(message_id, self._payload, "typing"))
                case 2:
                    frames.append(client_frame(Opcode.PING, b""))
                case _:
                    frames.append(text_frame('{"type":"sync"}'))
        self._transport.write(b"".join(frames))


async def flood(given: argparse.Namespace) -> None:
    """Be the flood: say how many are in, then send until killed."""
    url, loop = urlsplit(given.url), asyncio.get_running_loop()
    people: list[Flooder] = []
    payload = "\\u0416" * 500 if given.act == "mixed" else "Ж" * 500
    for number in range(given.connections):
        request = upgrade_request(url._replace(query=f"channel=flood{number % ACTS[given.act]}").geturl())
        one = Flooder(number, request, given.act, payload, slow=number % SLOW_SHARE == 0)
        people.append(one)
        source = (f"127.0.0.{2 + number % ADDRESSES}", 0)
        await loop.create_connection(lambda one=one: one, url.hostname, url.port, local_addr=source)  # type: ignore[misc]
        if number % 50 == 49:
            await asyncio.sleep(0.05)
    while sum(one.received > 200 for one in people) < len(people) * 0.99:  # noqa: ASYNC110 (counts, no event)
        await asyncio.sleep(0.05)
    print(json.dumps({"in": len(people)}), flush=True)
    endless = given.act in ("refused", "mixed")
    if not endless:
        for one in people:
            one.say(ALLOWED_AT_ONCE)
    while True:
        began = loop.time()
        for number, one in enumerate(people):
            one.say(CHUNK_FRAMES if endless else 1)
            if number % 100 == 99:
                await asyncio.sleep(0)
        await asyncio.sleep(max(0.0, began + (0.05 if endless else ALLOWED_EVERY_S) - loop.time()))


def memory_mib(pid: int, key: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith(key))


async def measure(act: str, given: argparse.Namespace) -> dict[str, Any]:
    server_cores, own_core = cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-")))
        pid, url = stack.enter_context(served(folder / "server.log", settings=UNLIMITED if given.unlimited else {}))
        os.sched_setaffinity(pid, server_cores)
        os.sched_setaffinity(0, own_core)
        honest = Crowd([url], per_side=HONEST_PEOPLE, speakers=HONEST_PEOPLE - 4, witnesses=4, marker=HONEST)
        await honest.connect()
        calm = await honest.talk(HONEST_RATE, 2.0)
        idle = memory_mib(pid, "VmRSS")
        command = (sys.executable, "-m", "benchmarks.flood_memory", "--url", url, "--acts", act)
        process = await asyncio.create_subprocess_exec(
            *(*command, "--connections", str(given.connections)),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.PIPE,
        )
        stack.callback(process.kill)
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 120)
        crowded, cpu, began = memory_mib(pid, "VmRSS"), cpu_s(pid), time.monotonic()
        beset = await honest.talk(HONEST_RATE, given.seconds, patience_s=30.0)
        row = {
            "act": act,
            "peak_mib": round(memory_mib(pid, "VmHWM"), 1),
            "idle_mib": round(idle, 1),
            "connected_mib": round(crowded, 1),
            "end_mib": round(memory_mib(pid, "VmRSS"), 1),
            "honest_lost": calm.expected - calm.heard + beset.expected - beset.heard,
            "honest_p50_ms": round(percentile(beset.within_ms, 0.5), 1),
            "honest_p99_ms": round(percentile(beset.within_ms, 0.99), 1),
            "honest_max_ms": round(percentile(beset.within_ms, 1.0), 1),
            "server_cpu": round((cpu_s(pid) - cpu) / (time.monotonic() - began), 2),
        }
        honest.close()
        log = (folder / "server.log").read_text().splitlines()
        codes = Counter(entry.get("code") for entry in map(json.loads, log) if entry["event"] == "connection closed")
        return row | {"closed": {str(code): count for code, count in codes.items()}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30.0, help="of each act")
    parser.add_argument("--acts", default=",".join(ACTS))
    parser.add_argument("--unlimited", action="store_true", help="without limits per address and per channel")
    parser.add_argument("--name", default="flood_memory", help="of the result file")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    given.act = given.acts.split(",")[0]
    if given.url:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(flood(given))
        return 0
    rows = []
    for act in given.acts.split(","):
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows.append(runner.run(measure(act, given)))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    asked = {key: value for key, value in vars(given).items() if key not in ("url", "act")}
    result = {"benchmark": "flood_memory", "machine": facts(), "given": asked, "rows": rows}
    print(f"written to {save(given.name, result).relative_to(ROOT)}")
    return 1 if any(row["peak_mib"] > PEAK_LIMIT_MIB or row["honest_lost"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
