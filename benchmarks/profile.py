"""A sampling profile of Asocial under load, as a short table of where the time goes.

    pip install py-spy
    PYTHONPATH=src:. python -m benchmarks.profile --people 10 --channels 100 --rate 12000 [--seconds 10] [--name small]

py-spy looks at the process 400 times a second without stopping it: stopped, the server would be late, and its profile
that of a late server. Samples in which it waits for something to do are left out; each other one counts for the first
of PARTS whose mark is in its stack. With --name, the shares are written to results/profiles/.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from benchmarks.load_generator import Shape
from benchmarks.machine import cores, facts, save
from benchmarks.run import LoadedServer
from benchmarks.servers import ASOCIAL

SAMPLES_PER_S = 400
WARM_UP_S = 1.0
PARTS = (
    ("write(2): the kernel's part of a delivery", ("WebSocketConnection.write (",)),
    ("a flush around its writes", ("Channel.flush", "Channel._measure")),
    ("a message on its way in: rules, stamp, encode, post", ("Dispatch.", "ChatService.")),
    (
        "the reader: frames, wake-ups, paces",
        ("ChatEndpoint.", "GuardedConnection.", "WebSocketConnection.", "aiohttp/"),
    ),
    ("full collections", ("gc_policy.py",)),
    ("sweeps, expiry and other jobs", ("_every",)),
    ("the loop itself: read(2), timers, callbacks", ("Runner.run",)),
)
"""(what it is, what a stack of it holds), the more special first; stacks read from a running process can be torn."""
OTHER = "other"


def part_of(stack: str) -> str:
    """The part that a folded stack belongs to."""
    return next((name for name, marks in PARTS if any(mark in stack for mark in marks)), OTHER)


def shares(folded: Iterable[str]) -> dict[str, float]:
    """Of folded stacks, each with its number of samples: the share of each part, the largest first."""
    counts: Counter[str] = Counter()
    for line in folded:
        stack, _, samples = line.rpartition(" ")
        counts[part_of(stack)] += int(samples)
    total = sum(counts.values())
    return {name: round(count / total, 4) for name, count in counts.most_common()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500, help="in each channel")
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--rate", type=float, default=8000, help="messages a second, all together")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--name", help="write the shares to results/profiles/NAME.json")
    given = parser.parse_args()
    spy = shutil.which("py-spy")
    if spy is None:
        print("py-spy is not on the PATH: pip install py-spy", file=sys.stderr)
        return 1
    shape = Shape(given.people, given.channels)
    with LoadedServer(ASOCIAL, shape) as loaded, tempfile.TemporaryDirectory(prefix="asocial-bench-") as folder:
        loaded.probe(given.rate, WARM_UP_S)
        stacks = Path(folder) / "stacks"
        watching = [
            *(spy, "record", "--nonblocking", "--format", "raw", "--output", str(stacks)),
            *("--rate", str(SAMPLES_PER_S), "--duration", str(round(given.seconds))),
            *("--pid", str(loaded.running.process.pid)),
        ]
        with subprocess.Popen(watching, stdout=subprocess.DEVNULL) as spying:
            # On the generator's core: what it takes must not be taken from the server.
            os.sched_setaffinity(spying.pid, cores()[1])
            row = loaded.probe(given.rate, given.seconds)
            if spying.wait():
                return 1
        parts = shares(stacks.read_text().splitlines())
    print(f"{shape.channels} x {shape.people}, {given.rate:,.0f} messages/s: {row['deliveries_per_s']:,} deliveries/s,")
    print(f"p50 {row['latency']['p50_ms']} ms, p99 {row['latency']['p99_ms']} ms, lost {row['lost']},")
    print(f"CPU server {row['server_cpu']}, generator {row['generator_cpu']}, others {row['others_cpu']}\n")
    for name, share in parts.items():
        print(f"{share:6.1%}  {name}")
    if given.name:
        result = {"machine": facts(), "shape": asdict(shape), "rate": given.rate, "row": row, "shares": parts}
        print(f"\nwritten to {save(f'profiles/{given.name}', result)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
