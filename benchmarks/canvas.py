"""Many people on one canvas: does each get what they can see, how soon, and at what cost?

    python -m benchmarks.canvas --people 10000 --seconds 60
    python -m benchmarks.canvas --people 10000 --places 1            all in one place
    python -m benchmarks.canvas --people 10000 --processes 2         two processes and one Redis

People stand around a number of places (Gaussian), look about and sometimes go to another place, move their pointer at
the pace that the server asks for, and post messages. The generator knows what everyone looked at and when
(canvas_oracle.py), so it knows what each person must have got. Its clients are in canvas_people.py.

The command fails if a message was lost or came twice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.canvas_oracle import Oracle, Verdict
from benchmarks.canvas_people import Person
from benchmarks.machine import busy_s, cores, facts, save
from benchmarks.python_load_generator import percentile
from benchmarks.servers import ASOCIAL, Running, running
from tests.support.redis_server import Server as RedisServer
from tests.support.redis_server import running as running_redis

CONNECT_AT_ONCE = 50
TURN_S = 0.02
"""How often the generator looks at what is due."""
SETTLE_S = 8.0
"""After everyone is there, until what they do counts: the first seconds of a crowd are others."""
REST_S = 7.0
"""After the last message: longer than one lives, so that every message has come that may come."""
LOOK_EVERY_S = 3.0
"""How often one person moves their viewport, on average."""
WITNESSES = 200
"""People whose pointer frames are read, for the age of pointers."""


@dataclass(frozen=True)
class Plan:
    people: int
    places: int
    seconds: float
    rate: float
    spread: float
    seed: int
    processes: int
    threshold: int
    """People from whom on the channel is a crowd."""


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Canvas:
    """Everybody, on one event loop."""

    def __init__(self, plan: Plan, addresses: Sequence[str]) -> None:
        self._random = random.Random(plan.seed)
        self._plan = plan
        self._addresses = addresses
        self.oracle = Oracle()
        side = 40_000.0
        self._places = [
            (self._random.uniform(-side, side), self._random.uniform(-side, side)) for _ in range(plan.places)
        ]
        self.people: list[Person] = []
        self.posted = 0
        self.late_s = 0.0

    def _spot(self, place: tuple[float, float]) -> tuple[float, float]:
        spread = self._plan.spread
        return self._random.gauss(place[0], spread), self._random.gauss(place[1], spread)

    async def connect(self) -> None:
        waiting: list[Person] = []
        for number in range(self._plan.people):
            place = self._random.choice(self._places)
            witness = number % max(1, self._plan.people // WITNESSES) == 0
            person = Person(number, self._spot(place), self.oracle, witness=witness)
            await person.connect(self._addresses[number % len(self._addresses)])
            self.people.append(person)
            waiting.append(person)
            if len(waiting) == CONNECT_AT_ONCE:
                await asyncio.gather(*(each.ready for each in waiting))
                waiting = []
        await asyncio.gather(*(each.ready for each in waiting))

    async def live(self, seconds: float, *, posting: bool) -> None:
        """Everybody looks, points and posts for so long."""
        loop, rng, plan = asyncio.get_running_loop(), self._random, self._plan
        began = at = loop.time()
        posts = looks = 0
        while at - began < seconds:
            due = int((at - began) * plan.people / LOOK_EVERY_S) - looks
            for person in rng.choices(self.people, k=due):
                far = rng.random() < 0.05
                to = self._spot(rng.choice(self._places)) if far else None
                person.look(to or (person.x + rng.gauss(0, 400), person.y + rng.gauss(0, 400)))
            looks += due
            for person in self.people:
                if person.points_at <= at:
                    person.point(at, rng.uniform(-500, 500), rng.uniform(-300, 300), rng.random())
            if posting:
                due = int((at - began) * plan.rate) - posts
                for _ in range(due):
                    rng.choice(self.people).post(self.posted, rng.uniform(-400, 400), rng.uniform(-250, 250))
                    self.posted += 1
                posts += due
            await asyncio.sleep(TURN_S)
            now = loop.time()
            self.late_s = max(self.late_s, now - at - TURN_S)
            at = now

    @property
    def received_bytes(self) -> int:
        return sum(person.received_bytes for person in self.people)

    def close(self) -> None:
        for person in self.people:
            person.close()


async def measure(plan: Plan, servers: Sequence[Running]) -> dict[str, Any]:
    canvas = Canvas(plan, [server.address for server in servers])
    began = time.monotonic()
    await canvas.connect()
    connected_s = time.monotonic() - began
    idle_rss = sum(server.rss_bytes() for server in servers)
    for person in canvas.people:
        person.look((person.x, person.y))
    await canvas.live(SETTLE_S, posting=False)
    canvas.oracle.begin()
    canvas.late_s = 0.0
    received, cpu, own, busy = canvas.received_bytes, sum(each.cpu_s() for each in servers), _own_cpu_s(), busy_s()
    started = time.monotonic()
    await canvas.live(plan.seconds, posting=True)
    took = time.monotonic() - started
    cpu, own, busy = sum(each.cpu_s() for each in servers) - cpu, _own_cpu_s() - own, busy_s() - busy
    received = canvas.received_bytes - received
    rss = sum(server.rss_bytes() for server in servers)
    await asyncio.sleep(REST_S)
    closed = sum(person.closed for person in canvas.people)
    pace = canvas.people[0].pace
    verdict = canvas.oracle.verdict()
    canvas.close()
    return {
        "connected_s": round(connected_s, 2),
        "seconds": round(took, 2),
        "posted": canvas.posted,
        **_of(verdict),
        "pace": pace,
        "bytes_per_person_per_s": round(received / plan.people / took),
        "server_cpu": round(cpu / took, 3),
        "generator_cpu": round(own / took, 3),
        "others_cpu": round(max(0.0, (busy - cpu - own) / took), 3),
        "generator_late_ms": round(canvas.late_s * 1000, 1),
        "rss_bytes": rss,
        "connected_rss_bytes": idle_rss,
        "closed": closed,
    }


def _of(verdict: Verdict) -> dict[str, Any]:
    latencies, ages = sorted(verdict.latencies_ms), sorted(verdict.ages_ms)
    return {
        "due": verdict.due,
        "received": verdict.received,
        "lost": verdict.lost,
        "doubled": verdict.doubled,
        "out_of_region": verdict.out_of_region,
        "message_p50_ms": round(percentile(latencies, 0.5), 1),
        "message_p99_ms": round(percentile(latencies, 0.99), 1),
        "pointers": len(ages),
        "pointer_age_p50_ms": round(percentile(ages, 0.5), 1),
        "pointer_age_p99_ms": round(percentile(ages, 0.99), 1),
    }


def run(plan: Plan) -> dict[str, Any]:
    machine = facts()
    # The arguments of ASOCIAL keep every channel small; the last value of a flag counts.
    arguments = ["--crowd-threshold", str(plan.threshold)]
    with contextlib.ExitStack() as stack:
        if plan.processes > 1:
            redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-"))))
            stack.enter_context(running_redis(redis))
            os.sched_setaffinity(redis.pid, cores()[0])
            arguments += ["--redis-url", redis.url]
        servers = [stack.enter_context(running(ASOCIAL, arguments)) for _ in range(plan.processes)]
        os.sched_setaffinity(0, cores()[1])
        row = uvloop.run(measure(plan, servers))
    return {"benchmark": "canvas", "machine": machine, "plan": asdict(plan), "rows": [row]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--places", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second, all people together")
    parser.add_argument("--spread", type=float, default=700.0, help="standard deviation around a place, in units")
    parser.add_argument("--processes", type=int, default=1, help="more than one: joined by a Redis")
    parser.add_argument("--threshold", type=int, default=200, help="people with whom the channel is a crowd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="canvas", help="of the result file")
    given = vars(parser.parse_args())
    name = given.pop("name")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    result = run(Plan(**given))
    row = result["rows"][0]
    for key, value in row.items():
        print(f"{key:24} {value}")
    print(f"written to {save(name, result)}", file=sys.stderr)
    return 0 if row["lost"] == row["doubled"] == row["closed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
