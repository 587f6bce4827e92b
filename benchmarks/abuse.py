"""How much do three abusive clients slow down 200 normal ones?

    PYTHONPATH=src:. python -m benchmarks.abuse [--people 200] [--rate 100] [--slices 20] [--kinds ...]

See benchmarks/README.md. For each kind of flood, the abusers are stopped and let go again (SIGSTOP, SIGCONT) every half
second, and the honest ones talk in each slice: alone, beset, beset, alone, and so on, all in one run and against one
server. What else the machine does hits both alike. Latencies are pooled over the slices of each sort, ratios are of
neighbours, and of those the median. Prints a table and writes benchmarks/results/abuse.json. Fails when an honest one
lost a message, or the server ever took more memory than RSS_LIMIT_MIB.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.abusers import KINDS
from benchmarks.machine import ROOT, cores, cpu_s, facts, forget_peak_rss, peak_rss_mib, save
from benchmarks.python_load_generator import Crowd, Run, percentile
from benchmarks.served import environment, served

HONEST = b'"payload":"0@'
"""What only their messages have: a flood's are not counted as theirs."""
ADDRESSES = 100
"""Of the honest ones; the abusers have another one, for themselves alone."""
SETTLE_S = 0.7
"""For abusers to start, and for what they left to be over."""
SLICE_S = 0.5
TOGGLE_S = 0.05
RSS_LIMIT_MIB = 200.0


@contextlib.contextmanager
def asocial(folder: Path) -> Iterator[tuple[int, str]]:
    """(pid, url) of a server as it is shipped, but for what one address may open: all of these come from one."""
    log = folder / "server.log"
    with served(log, "--connections-per-ip", "0") as (pid, url):
        yield pid, url
        faults = [line for line in log.read_text().splitlines() if '"level": "error"' in line or "Traceback" in line]
        if faults:
            raise SystemExit("the server logged errors:\n" + "\n".join(faults[:5]))


@contextlib.asynccontextmanager
async def abusers(url: str, kind: str, core: set[int], told: dict[str, Any]) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.abusers", url, "--kind", kind),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
    )
    os.sched_setaffinity(process.pid, core)
    try:
        await asyncio.sleep(SETTLE_S)
        yield process
    finally:
        process.terminate()
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        told |= json.loads(out)
        await asyncio.sleep(SETTLE_S)


async def measure(given: argparse.Namespace) -> dict[str, Any]:
    machine, (server_cores, own_core) = facts(), cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-")))
        pid, url = stack.enter_context(asocial(folder))
        os.sched_setaffinity(pid, server_cores)
        os.sched_setaffinity(0, own_core)
        # Enough speakers that nobody reaches the 100 messages a minute of a person.
        crowd = Crowd(
            [url], per_side=given.people, speakers=given.people - 8, witnesses=8, marker=HONEST, addresses=ADDRESSES
        )
        await crowd.connect()
        await crowd.talk(given.rate, 1.0)  # warm

        summary = []
        for kind in given.kinds:
            summary.append(await _besiege(crowd, given, pid, url, kind, own_core))
            print(json.dumps(summary[-1]), file=sys.stderr, flush=True)
        crowd.close()
    return {"machine": machine, "given": vars(given), "summary": summary}


async def _besiege(
    crowd: Crowd, given: argparse.Namespace, pid: int, url: str, kind: str, core: set[int]
) -> dict[str, Any]:
    """The summary of one kind: `alone` and `beset` pooled over their slices."""
    runs: dict[str, list[Run]] = {"alone": [], "beset": []}
    used = {"alone": 0.0, "beset": 0.0}
    told: dict[str, Any] = {}
    forget_peak_rss(pid)
    async with abusers(url, kind, core, told) as process:
        for number in range(given.slices):
            for when in ("alone", "beset") if number % 2 == 0 else ("beset", "alone"):
                process.send_signal(signal.SIGSTOP if when == "alone" else signal.SIGCONT)
                await asyncio.sleep(TOGGLE_S)
                before = cpu_s(pid)
                runs[when].append(await crowd.talk(given.rate, SLICE_S))
                used[when] += cpu_s(pid) - before
        process.send_signal(signal.SIGCONT)
    row: dict[str, Any] = {
        "kind": kind,
        "lost": sum(run.expected - run.heard for some in runs.values() for run in some),
        "peak_rss_mib": peak_rss_mib(pid),
    }
    for when, some in runs.items():
        pooled = sorted(ms for run in some for ms in run.within_ms)
        row[when] = {f"p{p}_ms": round(percentile(pooled, p / 100), 3) for p in (50, 90, 99)}
        row[when]["samples"] = len(pooled)
        row[when]["server_cpu"] = round(used[when] / sum(run.seconds for run in some), 3)
        row[when]["generator_cpu"] = round(statistics.median(run.generator_cpu for run in some), 3)
    for p in (50, 90, 99):
        # Of each pair of neighbours, then the median: one hiccup of the machine is one pair's.
        ratios = [
            percentile(beset.within_ms, p / 100) / percentile(alone.within_ms, p / 100)
            for alone, beset in zip(runs["alone"], runs["beset"], strict=True)
        ]
        row[f"ratio_p{p}"] = round(statistics.median(ratios), 3)
    return row | told


COLUMNS = {
    "flood of": "{kind}",
    "lost": "{lost}",
    "p50 ms, alone / beset": "{alone[p50_ms]:.2f} / {beset[p50_ms]:.2f}",
    "p99 ms, alone / beset": "{alone[p99_ms]:.2f} / {beset[p99_ms]:.2f}",
    "ratio p50 / p90 / p99": "{ratio_p50:.2f} / {ratio_p90:.2f} / {ratio_p99:.2f}",
    "peak MiB": "{peak_rss_mib:.0f}",
    "server CPU, alone / beset": "{alone[server_cpu]:.2f} / {beset[server_cpu]:.2f}",
    "flooded MB": "{flooded_mb:.1f}",
}


def table(result: dict[str, Any]) -> str:
    rows = [list(COLUMNS), ["---:"] * len(COLUMNS)]
    rows += [[cell.format(**summary) for cell in COLUMNS.values()] for summary in result["summary"]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200, help="honest ones, all in one channel")
    parser.add_argument("--rate", type=float, default=100, help="messages a second, all people together")
    parser.add_argument("--slices", type=int, default=20, help="of each sort, for each kind")
    parser.add_argument("--kinds", default=",".join(KINDS), help="of floods")
    parser.add_argument("--name", default="abuse", help="of the result file")
    given = parser.parse_args()
    given.kinds = given.kinds.split(",")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(measure(given))
    print(table(result))
    print(f"\nwritten to {save(given.name, result).relative_to(ROOT)}")
    return 1 if any(row["lost"] or row["peak_rss_mib"] > RSS_LIMIT_MIB for row in result["summary"]) else 0


if __name__ == "__main__":
    sys.exit(main())
