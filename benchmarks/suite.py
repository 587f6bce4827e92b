"""Runs every benchmark for every server, interleaved. docs/performance.md is made from the results.

    python -m benchmarks.suite [--full] [--only fanout,quiet,...] [--servers asocial,ws,...] [--rounds 2] [--keep]

`make bench` is the short version (about seven minutes, into results/quick/, not committed), `make bench-full` all.
Within a round, one measure goes through all servers before the next begins, and every second round goes through
them backwards: a noisy minute hits neighbours alike. A server that fails keeps its row, with what it said. --keep is
for a server that was mended: the others' rows of the last result stay, and the result says when both were taken.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.load_generator import Crowd, GeneratorFailed, Shape, crowd
from benchmarks.machine import cores, facts, load, save
from benchmarks.run import LoadedServer, Pace, Row, highest, keeps_messages, measured, search, wrong
from benchmarks.servers import ASOCIAL, GIN_MELODY, SERVERS, UWEBSOCKETS, Running, Server, running
from tests.support.redis_server import Server as RedisServer
from tests.support.redis_server import running as running_redis


@dataclass(frozen=True)
class Plan:
    pace: Pace
    shapes: tuple[Shape, ...]
    rounds: int
    quiet_s: float
    crowd: Shape
    """Who connects, idles and comes back."""
    storm: int
    large_channel: Shape
    """One channel with more people than a flush reaches within the bound of a search: what it does at a set rate."""
    processes: tuple[int, ...]


QUICK = Plan(
    Pace(1.0, 1.35),
    (Shape(500), Shape(500, speakers=500), Shape(10, 100)),
    1,
    2.0,
    Shape(10, 100),
    storm=1000,
    large_channel=Shape(1000),
    processes=(1, 2),
)
FULL = Plan(
    Pace(3.0, 1.1),
    (
        *(Shape(100), Shape(500), Shape(2000), Shape(5000), Shape(10, 500)),
        # Everybody speaks: each sender gets its own bytes, and each message comes alone from its socket.
        *(Shape(100, speakers=100), Shape(500, speakers=500)),
    ),
    2,
    10.0,
    Shape(10, 500),
    storm=5000,
    large_channel=Shape(5000),
    processes=(1, 2, 3),
)
SETTLE_S = 2.0
QUIET_BEFORE_S = 0.5
"""A channel is quiet when nobody spoke just before."""
BUSY_RATE = 20.0
"""Messages a second to 500 people: what every server that is compared can carry while its memory is looked at."""
LARGE_CHANNEL_RATE = 100.0
CURSOR_CROWD = 1000
CURSOR_HZ = 10


def fanout(server: Server, plan: Plan) -> list[Row]:
    """The highest rate in each shape."""
    rows = []
    for shape in plan.shapes:
        with LoadedServer(server, shape) as loaded:
            kept, probes = highest(loaded, plan.pace)
        rows.append({"shape": asdict(shape), "kept": kept, "probes": _brief(probes)})
    return rows


def large_channel(server: Server, plan: Plan) -> list[Row]:
    """A very large channel, 100 messages a second."""
    with LoadedServer(server, plan.large_channel) as loaded:
        return [
            {
                "shape": asdict(plan.large_channel),
                "rate": LARGE_CHANNEL_RATE,
                **loaded.probe(LARGE_CHANNEL_RATE, plan.pace.probe_s),
            }
        ]


def quiet(server: Server, plan: Plan) -> list[Row]:
    """Ten people, ten messages a second."""
    shape = Shape(10)
    with LoadedServer(server, shape) as loaded:
        time.sleep(QUIET_BEFORE_S)
        return [{"shape": asdict(shape), **loaded.probe(10, plan.quiet_s), "start_s": loaded.running.start_s}]


def memory(server: Server, plan: Plan) -> list[Row]:
    """RSS with nobody, with an idle crowd, and with 500 people talking, in bytes a connection."""
    shape = plan.crowd
    with running(server) as up, crowd([up.address], server.dialect, shape) as people:
        people.connect(min(100, shape.everyone))
        people.drop()
        time.sleep(SETTLE_S)
        empty = up.rss_bytes()
        people.connect()
        time.sleep(SETTLE_S)
        idle = up.rss_bytes()
    busy_shape = Shape(500)
    with running(server) as up, crowd([up.address], server.dialect, busy_shape) as people:
        people.connect()
        people.talk(BUSY_RATE, plan.quiet_s)
        busy = up.rss_bytes()
    return [
        {
            "shape": asdict(shape),
            "empty_bytes": empty,
            "idle_bytes_each": round((idle - empty) / shape.everyone),
            "busy_bytes_each": round((busy - empty) / busy_shape.everyone),
        }
    ]


def connecting(server: Server, plan: Plan) -> list[Row]:
    """Connects a second, some at a time; then all are cut, and all come back at once."""
    shape = plan.crowd
    with running(server) as up, crowd([up.address], server.dialect, shape) as people:
        cpu = up.cpu_s()
        entry = people.connect()
        spent = up.cpu_s() - cpu
    storm_shape = Shape(plan.storm)
    with running(server) as up, crowd([up.address], server.dialect, storm_shape) as people:
        people.connect()
        people.drop()
        back = people.connect(at_once=storm_shape.everyone)
    return [
        {
            "people": shape.everyone,
            "connects_per_s": round(shape.everyone / entry["seconds"]),
            "cpu_ms_each": round(spent * 1000 / shape.everyone, 3),
            "generator_cpu": round(entry["generator_cpu"], 3),
            "storm_people": storm_shape.everyone,
            "storm_s": round(back["seconds"], 3),
            "storm_entry": back["entry"],
        }
    ]


def cursors(server: Server, plan: Plan) -> list[Row]:
    """1,000 people in one channel who point: at 10 Hz, and at the highest rate that is kept."""
    shape = Shape(CURSOR_CROWD)
    with LoadedServer(server, shape) as loaded:
        at_ten = None
        if server is ASOCIAL:
            # A frame for each position to each person is ten million frames a second: asked only of who coalesces.
            at_ten = loaded.probe(0, plan.pace.probe_s, cursors=CURSOR_CROWD * CURSOR_HZ)
        kept, probes = highest(loaded, plan.pace, cursors=True)
    return [{"shape": asdict(shape), "at_10_hz": at_ten, "kept": kept, "probes": _brief(probes)}]


def processes(server: Server, plan: Plan) -> list[Row]:
    """1, 2, 3 processes joined by Redis, all on the servers' cores: what it costs to be many."""
    if server.redis is None:
        return []
    rows = []
    shape = Shape(300)
    for count in plan.processes:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-")))
            redis = RedisServer(folder)
            stack.enter_context(running_redis(redis))
            _pin(redis.pid)
            many = [stack.enter_context(running(server, server.redis(redis.url))) for _ in range(count)]
            people = stack.enter_context(crowd([each.address for each in many], server.dialect, shape))
            people.connect()
            people.talk(10, 1)
            kept, probes = _search_many(server, shape, plan, many, people)
        rows.append({"processes": count, "shape": asdict(shape), "kept": kept, "probes": _brief(probes)})
    return rows


def _search_many(
    server: Server, shape: Shape, plan: Plan, many: list[Running], people: Crowd
) -> tuple[Row | None, list[Row]]:
    def probe(rate: float) -> tuple[bool, Row]:
        row = {"rate": rate, **measured(many, lambda: people.talk(rate, plan.pace.probe_s))}
        time.sleep(0.5)
        return keeps_messages(row), row

    return search(server.guess / 4 / shape.reach, probe, plan.pace.precision)


Measure = Callable[[Server, Plan], list[Row]]
MEASURES: dict[str, tuple[Measure, tuple[Server, ...]]] = {
    "fanout": (fanout, tuple(SERVERS.values())),
    "large_channel": (large_channel, tuple(SERVERS.values())),
    "quiet": (quiet, tuple(SERVERS.values())),
    "memory": (memory, tuple(SERVERS.values())),
    "connecting": (connecting, tuple(SERVERS.values())),
    "cursors": (cursors, (ASOCIAL, UWEBSOCKETS)),
    "processes": (processes, (ASOCIAL, GIN_MELODY)),
}


def run(plan: Plan, name: str, servers: list[Server], rounds: int) -> dict[str, Any]:
    """All rows of one measure."""
    measure, of = MEASURES[name]
    rows: list[Row] = []
    taking_part = [server for server in servers if server in of]
    machine = facts()
    for number in range(rounds):
        for server in taking_part if number % 2 == 0 else reversed(taking_part):
            print(f"{name}, round {number + 1}: {server.label}", file=sys.stderr, flush=True)
            mark = {"server": server.name, "round": number + 1}
            try:
                rows += [{**mark, **row} for row in measure(server, plan)]
            except (GeneratorFailed, OSError, TimeoutError) as failed:
                rows.append({**mark, "failed": str(failed)})
                print(f"  {failed}", file=sys.stderr, flush=True)
    server_cores, own = cores()
    return {
        "benchmark": name,
        "machine": machine,
        "pinned": {"servers": sorted(server_cores), "generator": sorted(own)},
        "plan": {"probe_s": plan.pace.probe_s, "precision": plan.pace.precision, "rounds": rounds},
        "rows": rows,
    }


def joined(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What was measured now, and of the servers that were not, what was measured before."""
    taken = {row["server"] for row in now["rows"]}
    kept = [row for row in before["rows"] if row["server"] not in taken]
    return {
        **before,
        "later": [*before.get("later", []), {"machine": now["machine"], "servers": sorted(taken)}],
        "rows": [*kept, *now["rows"]],
    }


def _brief(probes: list[Row]) -> list[Row]:
    """Of each probe of a search, what shows how it went."""
    return [
        {
            "rate": round(row["rate"], 1),
            "deliveries_per_s": row.get("deliveries_per_s"),
            "p99_ms": row["latency"]["p99_ms"] if "latency" in row else None,
            "lost": row.get("lost"),
            "wrong": wrong(row),
            "closed": row.get("closed"),
            "generator_cpu": row.get("generator_cpu"),
            "others_cpu": row["others_cpu"],
        }
        for row in probes
    ]


def _pin(pid: int) -> None:
    os.sched_setaffinity(pid, cores()[0])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the whole, not the short version")
    parser.add_argument("--only", default=",".join(MEASURES), help="some of the measures")
    parser.add_argument("--servers", default=",".join(SERVERS), help="some of the servers")
    parser.add_argument("--rounds", type=int, help="how often each is measured")
    parser.add_argument("--keep", action="store_true", help="keep the rows of other servers that the result has")
    given = parser.parse_args()
    plan = FULL if given.full else QUICK
    servers = []
    for name in given.servers.split(","):
        if SERVERS[name].available:
            servers.append(SERVERS[name])
        else:
            print(f"left out, since it is not built: {SERVERS[name].label}", file=sys.stderr)
    for name in given.only.split(","):
        result = run(plan, name, servers, given.rounds or plan.rounds)
        where = name if given.full else f"quick/{name}"
        if given.keep:
            result = joined(load(where), result)
        print(f"written to {save(where, result)}", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
