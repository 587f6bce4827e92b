"""Two Asocial processes and one Redis: the latency between processes.

    python -m benchmarks.redis_processes [--people 200] [--rates 20,100,400,1000,2000] [--seconds 4] [--rounds 3]

See benchmarks/README.md. Each round goes through all loads, so that a noisy minute hits every load alike; within and
across are taken from the same messages. Prints a table and writes benchmarks/results/redis_processes.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.machine import ROOT, cores, cpu_s, facts, save
from benchmarks.python_load_generator import Crowd, percentile
from benchmarks.served import UNLIMITED, served
from tests.support.redis_server import Server as RedisServer
from tests.support.redis_server import running

IDLE_S = 3.0
OWN = ("info", "client|kill")
"""Commands of this benchmark itself."""


def commands(redis: RedisServer) -> dict[str, int]:
    """How often each command was called so far, those called by scripts included."""
    calls = {}
    for line in str(redis.ask("INFO", "commandstats")).splitlines():
        if line.startswith("cmdstat_"):
            name, _, rest = line.removeprefix("cmdstat_").partition(":calls=")
            calls[name] = int(rest.partition(",")[0])
    return {name: count for name, count in calls.items() if name not in OWN}


def since(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: n - before.get(name, 0) for name, n in sorted(after.items()) if n > before.get(name, 0)}


async def measure(given: argparse.Namespace) -> dict[str, Any]:
    machine, (server_cores, own_core) = facts(), cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-")))
        redis = RedisServer(folder)
        stack.enter_context(running(redis))
        flags = ("--redis-url", redis.url, "--rate-limit-per-minute", str(given.limit), *UNLIMITED)
        servers = [stack.enter_context(served(folder / f"server-{n}.log", *flags)) for n in range(2)]
        for pid in (redis.pid, *(pid for pid, _ in servers)):
            os.sched_setaffinity(pid, server_cores)
        os.sched_setaffinity(0, own_core)

        crowd = Crowd([url for _, url in servers], per_side=given.people // 2, speakers=10, witnesses=4)
        await crowd.connect()
        await crowd.talk(100, 1.0)  # warm
        await asyncio.sleep(0.5)
        before = commands(redis)
        await asyncio.sleep(IDLE_S)
        idle = sum(since(before, commands(redis)).values()) / IDLE_S

        runs = []
        for number in range(given.rounds):
            for rate in given.rates if number % 2 == 0 else reversed(given.rates):
                before, used = commands(redis), [cpu_s(redis.pid), *(cpu_s(pid) for pid, _ in servers)]
                run = await crowd.talk(rate, given.seconds)
                now = [cpu_s(redis.pid), *(cpu_s(pid) for pid, _ in servers)]
                runs.append(_row(run, since(before, commands(redis)), idle))
                shares = [round((b - a) / run.seconds, 3) for a, b in zip(used, now, strict=True)]
                runs[-1] |= {"redis_cpu": shares[0], "server_cpu": shares[1:]}
                print(f"round {number + 1}, {rate:g}/s: {_brief(runs[-1])}", file=sys.stderr, flush=True)
                await asyncio.sleep(0.3)
        crowd.close()
    return {
        "benchmark": "redis_processes",
        "machine": machine,
        "pinned": {"servers and redis": sorted(server_cores), "generator": sorted(own_core)},
        "settings": {name: getattr(given, name) for name in ("people", "rates", "seconds", "rounds", "limit")},
        "idle_commands_per_s": round(idle, 1),
        "summary": [_summary([run for run in runs if run["rate"] == rate]) for rate in given.rates],
        "runs": runs,
    }


def _row(run: Any, calls: dict[str, int], idle: float) -> dict[str, Any]:
    row = {name: value for name, value in asdict(run).items() if not name.endswith("_ms") or name == "late_ms"}
    row["deliveries_per_s"] = round(run.heard / run.seconds)
    row["lost"] = run.expected - run.heard
    for where, latencies in (("within", run.within_ms), ("across", run.across_ms)):
        row[where] = {
            "p50_ms": round(percentile(latencies, 0.50), 3),
            "p99_ms": round(percentile(latencies, 0.99), 3),
            "samples": len(latencies),
        }
    total = sum(calls.values())
    row["commands_per_message"] = round(total / run.sent, 3)
    # What the processes say to each other for their own sake goes on in silence too, and is no message's cost.
    row["commands_per_message_net"] = round((total - idle * run.seconds) / run.sent, 3)
    row["publishes_per_message"] = round(calls.get("publish", 0) / run.sent, 4)
    row["commands"] = calls
    return row


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds; ratios are of one run each, then their median."""

    def middle(take: Any) -> float:
        return round(float(statistics.median(take(run) for run in runs)), 3)

    return {
        "rate": runs[0]["rate"],
        "deliveries_per_s": middle(lambda run: run["deliveries_per_s"]),
        "lost": sum(run["lost"] for run in runs),
        **{
            f"{where}_{p}_ms": middle(lambda run, where=where, p=p: run[where][f"{p}_ms"])
            for where in ("within", "across")
            for p in ("p50", "p99")
        },
        **{
            f"across_to_within_{p}": middle(lambda run, p=p: run["across"][f"{p}_ms"] / run["within"][f"{p}_ms"])
            for p in ("p50", "p99")
        },
        "commands_per_message": middle(lambda run: run["commands_per_message"]),
        "commands_per_message_net": middle(lambda run: run["commands_per_message_net"]),
        "publishes_per_message": middle(lambda run: run["publishes_per_message"]),
        "generator_cpu": middle(lambda run: run["generator_cpu"]),
        "server_cpu": middle(lambda run: sum(run["server_cpu"])),
        "redis_cpu": middle(lambda run: run["redis_cpu"]),
    }


def _brief(row: dict[str, Any]) -> str:
    return (
        f"{row['deliveries_per_s']} deliveries/s, lost {row['lost']}, p99 within {row['within']['p99_ms']} ms, across "
        f"{row['across']['p99_ms']} ms, generator {row['generator_cpu']}, late {row['late_ms']} ms"
    )


COLUMNS = {
    "messages/s": "{rate:g}",
    "deliveries/s": "{deliveries_per_s:,.0f}",
    "lost": "{lost}",
    "within p50 / p99 ms": "{within_p50_ms:.2f} / {within_p99_ms:.2f}",
    "across p50 / p99 ms": "{across_p50_ms:.2f} / {across_p99_ms:.2f}",
    "across to within": "{across_to_within_p50:.2f} / {across_to_within_p99:.2f}",
    "commands/message (net)": "{commands_per_message:.2f} ({commands_per_message_net:.2f})",
    "publishes/message": "{publishes_per_message:.3f}",
    "CPU generator / servers / redis": "{generator_cpu:.2f} / {server_cpu:.2f} / {redis_cpu:.2f}",
}


def table(result: dict[str, Any]) -> str:
    rows = [list(COLUMNS), ["---:"] * len(COLUMNS)]
    rows += [[cell.format(**summary) for cell in COLUMNS.values()] for summary in result["summary"]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200, help="in the channel, half on each process")
    parser.add_argument("--rates", default="20,100,400,1000,2000", help="messages a second, all people together")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=100_000, help="messages a minute of one person; 0: no limiter")
    parser.add_argument("--name", default="redis_processes", help="of the result file")
    given = parser.parse_args()
    given.rates = [float(rate) for rate in given.rates.split(",")]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(measure(given))
    print(table(result))
    print(f"\nwritten to {save(given.name, result).relative_to(ROOT)}")
    return 1 if any(row["lost"] for row in result["summary"]) else 0


if __name__ == "__main__":
    sys.exit(main())
