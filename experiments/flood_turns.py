"""How long does a flood keep the loop to itself, and how much of a core does it get?

    PYTHONPATH=src:. python -m experiments.flood_turns [frames_per_second=0 read_bytes_per_second=0]

Answered in processor time (`time.thread_time`), which a busy machine does not blur: per flood, the longest turn of the
loop is what it can add to somebody else's latency, and the share of a core is what it takes from everybody. One
flooder, one who never reads and one who sends a byte a second (benchmarks/abusers.py) against one server in this
process, on asyncio's own loop.

Answer (2 cores, Python 3.11.7, 2026-11-24), as shipped:

    pointers   cpu 0.043  p99 0.21 ms  longest 1.00 ms
    drafts     cpu 0.061  p99 0.23 ms  longest 1.17 ms
    messages   cpu 0.058  p99 0.34 ms  longest 1.21 ms
    questions  cpu 0.067  p99 0.34 ms  longest 0.97 ms
    pings      cpu 0.037  p99 0.19 ms  longest 1.05 ms
    fragments  cpu 0.009  p99 2.41 ms  longest 2.41 ms
    rubbish    cpu 0.040  p99 0.15 ms  longest 1.55 ms
    large      cpu 0.010  p99 0.29 ms  longest 0.94 ms

Without the paces (both settings 0) a flood took all that a crowded machine gave, 0.11 to 0.18 of a core, and turns of
up to 42 ms. So the paces keep a flood below 7 % of a core and its turns below 3 ms; the longest is one read of 256 KiB
of empty fragments, which is parsed in C before anybody can look at it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from typing import ClassVar

from asocial import logs
from asocial.app import build
from asocial.config import load
from benchmarks.abusers import KINDS
from benchmarks.machine import ROOT

WARM_S = 1.0
MEASURED_S = 6.0


class CountingLoop(asyncio.SelectorEventLoop):
    """Takes the processor time of each of its turns. `_run_once` is private: good for a trial, not for more."""

    turns_s: ClassVar[list[float]] = []

    def _run_once(self) -> None:
        began = time.thread_time()
        super()._run_once()  # type: ignore[misc]
        self.turns_s.append(time.thread_time() - began)


async def main(settings: dict[str, str]) -> None:
    app = build(load({"port": 0, "host": "127.0.0.1", "connections_per_minute_per_ip": 0, **settings}, {}))
    await app.start()
    url = f"ws://127.0.0.1:{app.port}/api/chat?channel=flooded"
    for kind in KINDS:
        flood = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.abusers", url, "--kind", kind),
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        await asyncio.sleep(WARM_S)
        CountingLoop.turns_s.clear()
        used_s, began = time.thread_time(), time.monotonic()
        await asyncio.sleep(MEASURED_S)
        share = (time.thread_time() - used_s) / (time.monotonic() - began)
        turns = sorted(CountingLoop.turns_s)
        p99_ms, longest_ms = turns[len(turns) * 99 // 100] * 1000, turns[-1] * 1000
        print(f"{kind:<10} cpu {share:.3f}  p99 {p99_ms:.2f} ms  longest {longest_ms:.2f} ms", flush=True)
        flood.terminate()
        await flood.wait()
    await app.drain()


if __name__ == "__main__":
    logs.configure("error", json=True)
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(main(dict(setting.split("=") for setting in sys.argv[1:])))
