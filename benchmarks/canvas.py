"""Many people on one canvas: does each get what they can see, how soon, and at what cost?

    python -m benchmarks.canvas --people 10000
    python -m benchmarks.canvas --people 10000 --one-place
    python -m benchmarks.canvas --people 10000 --processes 2         two processes and one Redis
    python -m benchmarks.canvas --people 10000 --browser PICTURES    a Chromium in the middle of it

People stand around places (Gaussian), look about and sometimes go to another place, move their pointer at the pace
that the server asks for, and post messages. The generator (crowd/src/bin/canvas) knows what everyone looked at and
when, so it knows what each person must have got.

The command fails if a message was lost or came twice, or if a connection was closed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.load_generator import GENERATOR_LIMIT, Generator, GeneratorFailed, started
from benchmarks.machine import CoreSpeed, busy_s, cores, cpu_s, facts, save
from benchmarks.page_frames import PAN, frame_times
from benchmarks.servers import ASOCIAL, Running, running
from tests.browser.conftest import CHROMIUM_FLAGS, chromium
from tests.support.redis_server import Server as RedisServer
from tests.support.redis_server import running as running_redis

CONNECT_AT_ONCE = 64
CONNECT_LIMIT_S = 120.0
SETTLE_S = 8.0
"""After everyone is there, until what they do counts: the first seconds of a crowd are others."""
REST_S = 7.0
"""After the last message: longer than one lives, so that every message has come that may come."""
WITNESSES = 200
"""People whose pointer frames are read, for the age of pointers."""
PEOPLE_OF_A_PLACE = 50
PEOPLE_OF_A_MESSAGE = 100
"""Each person posts as often whatever the number of people: a message each 100 s."""
ZOOMS = {"near": 1.0, "middle": 0.3, "far": 0.1}
PAN_S = 3.0
"""Of panning at each zoom."""
VIEW: Any = {"width": 1440, "height": 900}


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
    browser: bool


class Costs:
    """Processor time since it was made: of the servers, of Redis, of other programs."""

    def __init__(self, servers: Sequence[Running], redis: int | None) -> None:
        self._servers, self._redis = servers, redis
        self._before, self._busy, self._began = self._used(), busy_s(), time.monotonic()

    def _used(self) -> list[float]:
        return [*(server.cpu_s() for server in self._servers), cpu_s(self._redis) if self._redis else 0.0]

    def row(self, generator: float) -> dict[str, Any]:
        """`generator`: its own, as a part of a core."""
        took = time.monotonic() - self._began
        used = [round((now - before) / took, 3) for now, before in zip(self._used(), self._before, strict=True)]
        *servers, redis = used
        return {
            "server_cpu": round(sum(servers), 3),
            **({"server_cpus": servers, "redis_cpu": redis} if self._redis else {}),
            "generator_cpu": round(generator, 3),
            "others_cpu": round(max(0.0, (busy_s() - self._busy) / took - sum(used) - generator), 3),
        }


def measure(plan: Plan, servers: Sequence[Running], redis: int | None, pictures: Path | None) -> dict[str, Any]:
    def rss() -> int:
        return sum(server.rss_bytes() for server in servers)

    spec = {
        "servers": [server.address for server in servers],
        **{name: getattr(plan, name) for name in ("people", "places", "spread", "rate", "seed")},
        "witnesses": WITNESSES,
    }
    before = rss()
    with started("canvas", spec) as process:
        people = Generator(process)
        connected = people.ask(do="connect", at_once=CONNECT_AT_ONCE, patience=CONNECT_LIMIT_S)
        if connected["closed"] or connected["entered"] < plan.people:
            raise GeneratorFailed(f"not everyone got in: {connected | {'places': '...'}}")
        connected_rss = rss()
        people.ask(do="live", seconds=SETTLE_S, posting=False)
        costs = Costs(servers, redis)
        with CoreSpeed(min(cores()[0])) as speed:
            people.order(do="live", seconds=plan.seconds, posting=True)
            seen = look(servers[0].address, connected["places"][0], pictures) if pictures else {}
            lived = people.answer()
        cost = costs.row(lived["generator_cpu"])
        most_rss = rss()
        people.ask(do="rest", seconds=REST_S)
        judged = people.ask(do="judge")
    seconds, each = lived["seconds"], plan.people
    return {
        "connected_s": round(connected["seconds"], 2),
        "connecting_kb_per_person": round(connected["bytes"] / each / 1000, 1),
        "seconds": round(seconds, 2),
        "posted": lived["posted"],
        **{name: round(value, 1) if isinstance(value, float) else value for name, value in judged.items()},
        "pace": round(lived["pace"], 2),
        "kb_per_person_per_s": round(lived["bytes"] / each / seconds / 1000, 2),
        "reads_per_s": round(lived["reads"] / seconds),
        "frames_sent_per_s": round(lived["writes"] / seconds),
        **cost,
        **speed.row(),
        "generator_late_ms": round(lived["late_ms"], 1),
        "generator_limits": cost["generator_cpu"] > GENERATOR_LIMIT,
        "rss_mb": round(most_rss / 1e6, 1),
        "rss_kib_per_person": round((most_rss - before) / 1024 / each, 1),
        "connected_rss_kib_per_person": round((connected_rss - before) / 1024 / each, 1),
        **seen,
    }


def look(address: str, place: Sequence[float], pictures: Path) -> dict[str, Any]:
    """A visit in the middle of a place: frame times while panning, and a picture, at each zoom."""
    # On the generator's core: what it draws must not cost the server's. Its figures are those of half a core.
    os.sched_setaffinity(0, cores()[1])
    pictures.mkdir(parents=True, exist_ok=True)
    seen = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        for name, zoom in ZOOMS.items():
            page: Page = browser.new_page(viewport=VIEW)
            page.goto(f"http://{address}/c/canvas#{place[0]:.0f},{place[1]:.0f},{zoom}")
            page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")
            page.wait_for_timeout(3000)
            page.screenshot(path=pictures / f"{name}.png")
            seen[name] = frame_times(page.evaluate(PAN, [PAN_S, 1.0]))
            page.close()
        browser.close()
    return {"browser": seen}


def run(plan: Plan, pictures: Path | None) -> dict[str, Any]:
    machine = facts()
    # The arguments of ASOCIAL keep every channel small; the last value of a flag counts.
    arguments = ["--crowd-threshold", str(plan.threshold)]
    pid = None
    with contextlib.ExitStack() as stack:
        if plan.processes > 1:
            redis = RedisServer(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-"))))
            stack.enter_context(running_redis(redis))
            pid = redis.pid
            os.sched_setaffinity(pid, cores()[0])
            arguments += ["--redis-url", redis.url]
        servers = [stack.enter_context(running(ASOCIAL, arguments)) for _ in range(plan.processes)]
        row = measure(plan, servers, pid, pictures)
    return {"benchmark": "canvas", "machine": machine, "plan": asdict(plan), "rows": [row]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--places", type=int, help=f"default: one for each {PEOPLE_OF_A_PLACE} people")
    parser.add_argument("--one-place", action="store_true", help="the worst case: everybody around one place")
    parser.add_argument("--seconds", type=float, default=45.0, help="in which people post")
    parser.add_argument("--rate", type=float, help="messages a second, all together; default: people / 100")
    parser.add_argument("--spread", type=float, default=700.0, help="standard deviation around a place, in units")
    parser.add_argument("--processes", type=int, default=1, help="more than one: joined by a Redis")
    parser.add_argument("--threshold", type=int, default=200, help="people with whom the channel is a crowd")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--browser", type=Path, metavar="FOLDER", help="open the page in the crowd, pictures go there")
    parser.add_argument("--name", help="of the result file; default: canvas_PEOPLE and what is not the default")
    given = parser.parse_args()
    places = 1 if given.one_place else given.places or max(1, given.people // PEOPLE_OF_A_PLACE)
    rate = given.rate or given.people / PEOPLE_OF_A_MESSAGE
    plan = Plan(
        given.people, places, given.seconds, rate, given.spread, given.seed, given.processes, given.threshold,
        browser=given.browser is not None,
    )  # fmt: skip
    kinds = ["one_place"] * (places == 1 < given.people // PEOPLE_OF_A_PLACE)
    kinds += [f"processes_{plan.processes}"] * (plan.processes > 1) + ["browser"] * plan.browser
    name = given.name or "_".join(["canvas", str(plan.people), *kinds])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if plan.people + 100 > most:
        parser.error(f"{plan.people} people need as many open files; the limit is {most} (ulimit -Hn)")
    result = run(plan, given.browser)
    row = result["rows"][0]
    for key, value in row.items():
        print(f"{key:30} {value}")
    print(f"written to {save(name, result)}", file=sys.stderr)
    wrong = [what for what in ("lost", "doubled", "closed", "unreadable") if row[what]]
    if wrong:
        print(f"FAILED: {', '.join(f'{row[what]} {what}' for what in wrong)}", file=sys.stderr)
    if not row["latencies"] or not row["pointers"]:
        print("FAILED: nothing came", file=sys.stderr)
        return 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
