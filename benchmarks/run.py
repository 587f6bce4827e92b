"""One server under load: its latency at a rate, or the highest rate that it can keep.

    python -m benchmarks.run asocial --people 500                     the highest rate, found by bisection
    python -m benchmarks.run ws --people 10 --channels 500 --rate 200 one rate
    python -m benchmarks.run asocial --people 1000 --rate 5 --cursors 10000

A rate is kept when the 99th percentile over all deliveries stays within the bound and nothing is lost, doubled or out
of order. Server and generator have a core each; what other programs used meanwhile is in every row (`others_cpu`),
since on a busy machine a row says little.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.load_generator import GENERATOR_LIMIT, Crowd, GeneratorFailed, Shape, crowd
from benchmarks.machine import busy_s, facts
from benchmarks.servers import SERVERS, Running, Server, running

P99_BOUND_MS = 50.0
CURSOR_BOUND_MS = 100.0
NOISE = 0.15
"""Of a core, used by programs that take no part: above it a failure is tried again, in a calmer moment."""
TRIES = 3
CALM_LOOK_S = 0.4
CALM_LIMIT_S = 10.0
"""How long a probe waits for such a moment."""
MOST_PROBES = 16
LEAST_RATE = 1.0
MOST_MESSAGES = 6_000.0
"""A second, that a search begins with."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Pace:
    """How thorough: seconds of each probe, and how near the two ends of a search must come."""

    probe_s: float
    precision: float


class LoadedServer:
    """A running server with all clients connected; `fresh` replaces it with a new one."""

    def __init__(self, server: Server, shape: Shape, arguments: list[str] | None = None) -> None:
        self.server, self.shape = server, shape
        self._arguments = arguments or []
        self._stack = contextlib.ExitStack()
        self.running: Running
        self.crowd: Crowd

    def __enter__(self) -> LoadedServer:
        self.fresh()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fresh(self) -> None:
        self._stack.close()
        self.running = self._stack.enter_context(running(self.server, self._arguments))
        self.crowd = self._stack.enter_context(crowd([self.running.address], self.server.dialect, self.shape))
        self.crowd.connect()
        self.crowd.talk(2, 0.5)

    def probe(self, rate: float, seconds: float, cursors: float = 0) -> Row:
        """One talk, with what it cost."""
        return measured([self.running], lambda: self.crowd.talk(rate, seconds, cursors=cursors))


def measured(servers: list[Running], talk: Callable[[], Row]) -> Row:
    """The generator's answer, and whose processor time it took."""
    before_busy, before = busy_s(), sum(server.cpu_s() for server in servers)
    answer = talk()
    cpu = sum(server.cpu_s() for server in servers) - before
    seconds = answer["seconds"]
    answer |= {
        "deliveries_per_s": round(answer["heard"] / seconds),
        "server_cpu": round(cpu / seconds, 3),
        "generator_cpu": round(answer["generator_cpu"], 3),
        "rss_bytes": sum(server.rss_bytes() for server in servers),
    }
    busy = (busy_s() - before_busy) / seconds
    answer["others_cpu"] = round(max(0.0, busy - answer["server_cpu"] - answer["generator_cpu"]), 3)
    if answer["heard"]:
        answer["cpu_s_per_million"] = round(cpu / answer["heard"] * 1e6, 4)
    return answer


def wait_for_calm(server: Running) -> None:
    """Until other programs leave the machine alone; not for ever."""
    deadline = time.monotonic() + CALM_LIMIT_S
    while time.monotonic() < deadline:
        before = busy_s() - server.cpu_s()
        time.sleep(CALM_LOOK_S)
        if (busy_s() - server.cpu_s() - before) / CALM_LOOK_S <= NOISE:
            return


def wrong(row: Row) -> int:
    """Deliveries that were doubled, out of order, or another channel's."""
    return sum(row.get(kind, 0) for kind in ("doubled", "disordered", "misrouted"))


def keeps_messages(row: Row) -> bool:
    return not (row["lost"] or wrong(row) or row["closed"]) and row["latency"]["p99_ms"] <= P99_BOUND_MS


def keeps_cursors(row: Row, reach: int) -> bool:
    """Positions may be skipped (only the latest counts), but every second one is to be seen, and soon."""
    seen = row["cursors"] / max(1, row["cursors_sent"] * reach)
    return not row["closed"] and seen >= 0.5 and row["cursor_age"]["p99_ms"] <= CURSOR_BOUND_MS


def search(guess: float, probe: Callable[[float], tuple[bool, Row]], precision: float) -> tuple[Row | None, list[Row]]:
    """(the row of the highest rate that was kept, all rows). Doubles or thirds from `guess`, then bisects."""
    rows: list[Row] = []
    kept: Row | None = None
    low, high, rate = 0.0, float("inf"), max(LEAST_RATE, guess)
    while len(rows) < MOST_PROBES:
        good, row = probe(rate)
        rows.append(row)
        if good:
            low, kept = rate, row
        else:
            high = rate
        if high <= LEAST_RATE or (low and high / low <= precision):
            break
        if not low:
            rate = max(LEAST_RATE, high / 3)
        elif high == float("inf"):
            rate = low * 2
        else:
            rate = (low * high) ** 0.5
    return kept, rows


def highest(loaded: LoadedServer, pace: Pace, *, cursors: bool = False) -> tuple[Row | None, list[Row]]:
    """The highest rate of messages (or of cursors) that `loaded` keeps."""

    def once(rate: float) -> tuple[bool, Row]:
        try:
            row = loaded.probe(0, pace.probe_s, cursors=rate) if cursors else loaded.probe(rate, pace.probe_s)
        except (GeneratorFailed, TimeoutError, ChildProcessError) as failed:
            loaded.fresh()
            return False, {"rate": rate, "failed": str(failed), "others_cpu": 0.0}
        row = {"rate": rate, **row}
        kept = keeps_cursors(row, loaded.shape.reach) if cursors else keeps_messages(row)
        row["kept"] = kept
        if not kept:
            # Whatever waits in its queues is not the next probe's.
            loaded.fresh()
        return kept, row

    def probe(rate: float) -> tuple[bool, Row]:
        for _ in range(TRIES):
            wait_for_calm(loaded.running)
            good, row = once(rate)
            say(loaded.server, loaded.shape, row)
            if good or row["others_cpu"] <= NOISE:
                break
        return good, row

    # In a small channel a message costs its way in, not its way out.
    guess = min(loaded.server.guess / loaded.shape.reach, MOST_MESSAGES)
    return search(guess, probe, pace.precision)


def say(server: Server, shape: Shape, row: Row) -> None:
    where = f"{server.name} {shape.channels}x{shape.people}"
    if "failed" in row:
        print(f"{where} at {row['rate']:,.0f}/s: {row['failed']}", file=sys.stderr, flush=True)
        return
    what = row["cursor_age"] if row["cursors_sent"] else row["latency"]
    limited = " (the generator's limit)" if row["generator_cpu"] > GENERATOR_LIMIT else ""
    told = [
        f"{where} at {row['rate']:,.0f}/s: {row['deliveries_per_s']:,} deliveries/s",
        f"{row['cursors']:,} cursors" if row["cursors_sent"] else "",
        f"p50 {what['p50_ms']} ms, p99 {what['p99_ms']} ms",
        f"lost {row['lost']}, closed {row['closed']}" if row["lost"] or row["closed"] else "",
        f"WRONG {wrong(row)} (doubled, out of order, or of another channel)" if wrong(row) else "",
        f"CPU server {row['server_cpu']}, generator {row['generator_cpu']}{limited}, others {row['others_cpu']}",
    ]
    print(", ".join(filter(None, told)), file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("--people", type=int, default=500, help="in each channel")
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--speakers", type=int, default=50, help="of each channel, who speak in turn")
    parser.add_argument("--size", type=int, default=40, help="characters of a message, at least 25")
    parser.add_argument("--rate", type=float, help="messages a second, all together; without it, the highest is found")
    parser.add_argument("--cursors", type=float, default=0, help="cursors a second, all together")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each probe")
    parser.add_argument("--precision", type=float, default=1.08, help="a search ends when its two ends are this near")
    given = parser.parse_args()
    shape = Shape(given.people, given.channels, given.speakers, given.size)
    with LoadedServer(SERVERS[given.server], shape) as standing:
        if given.rate is None and not given.cursors:
            row, _ = highest(standing, Pace(given.seconds, given.precision))
        else:
            rate = given.rate or 0
            row = {"rate": rate, **standing.probe(rate, given.seconds, given.cursors)}
            say(standing.server, shape, row)
    print(json.dumps({"machine": facts(), "server": given.server, "shape": asdict(shape), "row": row}, indent=1))
    return 0 if row is not None else 1


if __name__ == "__main__":
    sys.exit(main())
