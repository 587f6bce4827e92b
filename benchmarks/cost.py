"""What a crowd costs: the constants of docs/scale.md, as processor time and memory of a real server.

    python -m benchmarks.cost

The people of the canvas benchmark do one thing at a time: nothing, look about, point, post, alone or in each other's
view. Each is a case: the server's processor time on one side, how often each kind of work was done on the other.
Non-negative least squares over all cases gives the cost of one of each. The fit's error is printed.

Where neighbours slow the core down, a case takes more processor time. So all are given as if the core had been as fast
as in the fastest case (CoreSpeed).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.load_generator import Generator, GeneratorFailed, started
from benchmarks.machine import CoreSpeed, cores, facts, save
from benchmarks.servers import ASOCIAL, running

PEOPLE_OF_A_PLACE = 50
SETTLE_S = 3.0
POSTS_PER_PERSON = 0.5
"""Messages a second of each person, in the cases with messages."""
SWEEPS = 5_000
LEAST_CPU_S = 0.1
"""A case with less counts as if it took this: a relative error of almost nothing says nothing."""
KINDS = {
    "person": "a connected person, for a second",
    "view": "a viewport that moves",
    "pointer": "a pointer's move that is read",
    "message": "a message that is read, stamped, encoded and kept",
    "write": "a write to a connection",
    "kb": "1,000 bytes written",
}


@dataclass(frozen=True)
class Case:
    """`looking`, `pointing`: times as often as people usually do."""

    name: str
    looking: float = 0.0
    pointing: float = 0.0
    posting: bool = False


CASES = (
    Case("nothing"),
    Case("looking", looking=4),
    Case("pointing", pointing=1),
    Case("pointing half as often", pointing=0.5),
    Case("posting", posting=True),
    Case("all", looking=1, pointing=0.5, posting=True),
)


def measure(people: int, places: int, seconds: float) -> list[dict[str, Any]]:
    """A row for each case."""
    rows = []
    with running(ASOCIAL, ["--crowd-threshold", "1"]) as server:
        empty = server.rss_bytes()
        spec = {
            "servers": [server.address], "people": people, "places": places, "spread": 700.0,
            "rate": people * POSTS_PER_PERSON, "witnesses": 0, "seed": 1,
        }  # fmt: skip
        with started("canvas", spec) as process:
            generator = Generator(process)
            connected = generator.ask(do="connect", at_once=64, patience=60.0)
            if connected["entered"] < people:
                raise GeneratorFailed("not everyone got in")
            memory = (server.rss_bytes() - empty) / people
            for case in CASES:
                load = {"looking": case.looking, "pointing": case.pointing, "posting": case.posting}
                generator.ask(do="live", seconds=SETTLE_S, **load)
                before = run_s(server.pids())
                with CoreSpeed(min(cores()[0])) as speed:
                    lived = generator.ask(do="live", seconds=seconds, **load)
                rows.append(
                    {
                        "case": case.name, "people": people, "places": places,
                        "cpu_s": run_s(server.pids()) - before, "core_us": round(speed.mean_us, 1),
                        "memory_bytes": round(memory),
                        "work": {
                            "person": people * lived["seconds"],
                            "view": lived["looks"],
                            "pointer": lived["pointers_sent"],
                            "message": lived["posted"],
                            "write": lived["reads"],
                            "kb": lived["bytes"] / 1000,
                        },
                    }
                )  # fmt: skip
                print(f"{places} places, {case.name}: {rows[-1]['cpu_s']:.2f} s", file=sys.stderr, flush=True)
    return rows


def at_one_speed(rows: Sequence[dict[str, Any]]) -> None:
    """Give the processor time of each case as if the core had been as fast as in the fastest one."""
    fastest = min(row["core_us"] for row in rows)
    for row in rows:
        row["cpu_s"] *= fastest / row["core_us"]


def fit(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Seconds of one of each kind, none negative, with the least squares of the relative errors.

    Coordinate descent: with one constant changed at a time the best value has a closed form.
    """
    weights = [1 / max(row["cpu_s"], LEAST_CPU_S) for row in rows]
    table = [
        ([row["work"][kind] * weight for kind in KINDS], row["cpu_s"] * weight)
        for row, weight in zip(rows, weights, strict=True)
    ]
    costs = [0.0] * len(KINDS)
    for _ in range(SWEEPS):
        for kind in range(len(costs)):
            over = sum(work[kind] ** 2 for work, _ in table)
            if over:
                miss = sum(work[kind] * (cpu - sum(map(float.__mul__, work, costs))) for work, cpu in table)
                costs[kind] = max(0.0, costs[kind] + miss / over)
    return dict(zip(KINDS, costs, strict=True))


def errors(rows: Sequence[dict[str, Any]], costs: dict[str, float]) -> list[float]:
    """How far the fit is from each case, as a part of its processor time."""
    return [
        (sum(costs[kind] * amount for kind, amount in row["work"].items()) - row["cpu_s"])
        / max(row["cpu_s"], LEAST_CPU_S)
        for row in rows
    ]


def run_s(pids: Sequence[int]) -> float:
    """Processor time of these processes, exact to microseconds (proc(5) has ticks of 10 ms; schedstat does not)."""
    threads = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in threads) / 1e9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=600)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each case")
    parser.add_argument("--name", default="cost", help="of the result file")
    given = parser.parse_args()
    rows = []
    for places in (given.people, max(1, given.people // PEOPLE_OF_A_PLACE), 1):
        rows += measure(given.people, places, given.seconds)
    at_one_speed(rows)
    costs = fit(rows)
    memory = min(row["memory_bytes"] for row in rows)
    for kind, what in KINDS.items():
        print(f"{costs[kind] * 1e6:8.2f} us  {what}")
    print(f"{memory / 1024:8.1f} KiB a connected person")
    off = sorted(map(abs, errors(rows, costs)))
    print(f"the fit is off by {off[len(off) // 2]:.0%} in the middle case, by {off[-1]:.0%} in the worst")
    result = {
        "benchmark": "cost",
        "machine": facts(),
        "costs_us": {kind: round(cost * 1e6, 3) for kind, cost in costs.items()},
        "memory_bytes": memory,
        "error": {"median": round(off[len(off) // 2], 3), "worst": round(off[-1], 3)},
        "rows": rows,
    }
    print(f"written to {save(given.name, result)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
