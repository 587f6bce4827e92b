"""A million people on one canvas, calculated: how many processes, how full, what crosses between them, what breaks.

    PYTHONPATH=. python experiments/million.py
    PYTHONPATH=. python experiments/million.py --people 100000 --places 2000 --seconds 60

The answers are in 0006-million-people.md and docs/scale.md. The costs are those of `benchmarks/results/cost.json`
(`python -m benchmarks.cost`). The plane is divided into blocks of cells, and each process (a shard) owns some of them:
its people are on it, it orders their messages, and keeps what lives there. This program places people by Zipf's law,
gives the places to shards, lets a sample of people move, and adds up.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

COST = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "cost.json"
MACHINE_SHARDS = 8
"""Processes of a machine: one for each core."""
FULL = 0.6
"""The part of a core that a shard may use: the rest is for those who come when another one fails."""
LOOK_EVERY_S = 3.0
JUMPS = 0.05
"""Of the moves of a viewport, those to another place."""
POSTS_PER_S = 0.01
TICKS_PER_S = 3.0
"""Writes of pointers a second, to each connection."""
POINTERS = 100
POINTER_KB, MESSAGE_KB = 0.035, 0.25
PACE = 1.0
"""Pointers a second of each person: the slowest that a process asks for before it is overloaded (W167)."""
BORDER = 0.1
"""Of the people of a place, those whose region reaches into a block of another shard."""
FLUSHES_PER_S = 20.0
"""Messages that are due together leave in one write."""
SLICE = 384
"""Connections that are written to in one turn of the loop."""
CONNECT_S = 472e-6
"""Seconds of processor time that a connect costs the server: of the interpreted package, on the machine of `cost.json`
and at the same core speed. (`benchmarks/results/connecting.json` has 402e-6, of an earlier version on another machine.)
"""
BACK_WITHIN_S = 5.0
"""Clients come back spread over this time."""
SAMPLE = 20_000
STAYS_S = (0.0, 10.0, 30.0)
"""How long somebody must have been in a place before their connection moves to its shard."""


@dataclass(frozen=True)
class Costs:
    """Seconds of processor time of one of each."""

    person: float
    view: float
    pointer: float
    message: float
    write: float
    kb: float
    memory_bytes: int

    @staticmethod
    def measured(path: Path = COST) -> Costs:
        found = json.loads(path.read_text())
        return Costs(**{kind: us / 1e6 for kind, us in found["costs_us"].items()}, memory_bytes=found["memory_bytes"])


@dataclass
class Shard:
    """`pieces`: (place, people of it who are here)."""

    pieces: list[tuple[int, int]]
    people: int = 0
    load: float = 0.0


def sizes(people: int, places: int, exponent: float) -> list[int]:
    """People of each place, by Zipf's law, the largest first."""
    weights = [1 / rank**exponent for rank in range(1, places + 1)]
    total = sum(weights)
    return [max(1, round(people * weight / total)) for weight in weights]


def messages_of(size: int, most: float) -> float:
    """Messages a second in a place. `most`: a limit."""
    return min(most, size * POSTS_PER_S)


def load_of(here: int, everyone: int, costs: Costs, most: float = math.inf) -> float:
    """The part of a core that `here` people of a place with `everyone` take."""
    messages = messages_of(everyone, most)
    pointers = min(POINTERS, everyone * min(1.0, PACE / TICKS_PER_S))
    kb = TICKS_PER_S * pointers * POINTER_KB + messages * MESSAGE_KB
    writes = TICKS_PER_S + min(FLUSHES_PER_S, messages)
    reads = PACE * costs.pointer + costs.view / LOOK_EVERY_S + POSTS_PER_S * costs.message
    return here * (costs.person + reads + writes * costs.write + kb * costs.kb)


def share_out(places: list[int], costs: Costs, most: float = math.inf) -> list[Shard]:
    """Shards with all places. A place that is too large for one is on several."""
    loads = [load_of(size, size, costs, most) for size in places]
    count = max(1, math.ceil(sum(loads) / FULL))
    while True:
        shards = [Shard([]) for _ in range(count)]
        queue = [(0.0, number) for number in range(count)]
        for place, (size, load) in enumerate(zip(places, loads, strict=True)):
            parts = max(1, math.ceil(load / (FULL / 2)))
            for part in range(parts):
                here = size * (part + 1) // parts - size * part // parts
                _, number = heapq.heappop(queue)
                shard = shards[number]
                shard.pieces.append((place, here))
                shard.people += here
                shard.load += load_of(here, size, costs, most)
                heapq.heappush(queue, (shard.load, number))
        if max(shard.load for shard in shards) <= FULL:
            return shards
        count = math.ceil(count * 1.02) + 1


def crossing(places: list[int], shards: list[Shard], most: float = math.inf) -> tuple[float, float]:
    """(batches, MB) a second between shards: for parts of one place, and for people at borders."""
    parts = [0] * len(places)
    for shard in shards:
        for place, _ in shard.pieces:
            parts[place] += 1
    batches = mb = 0.0
    for size, count in zip(places, parts, strict=True):
        others = count - 1 + min(1.0, size * BORDER)
        kb = TICKS_PER_S * min(size, POINTERS * count) * POINTER_KB + messages_of(size, most) * MESSAGE_KB
        batches += others * (TICKS_PER_S + min(FLUSHES_PER_S, messages_of(size, most)))
        mb += others * kb / 1000
    return batches, mb


def hand_overs(places: list[int], shards: list[Shard], seconds: float, seed: int) -> dict[float, tuple[float, float]]:
    """For each of STAYS_S: (connections that move to another shard, a second; part of people not on their shard)."""
    rng = random.Random(seed)
    of_place: list[list[int]] = [[] for _ in places]
    for number, shard in enumerate(shards):
        for place, _ in shard.pieces:
            of_place[place].append(number)
    bounds, people = list(accumulate(places)), sum(places)
    sample = min(SAMPLE, people)
    found = {}
    for stay in STAYS_S:
        moved, away_s = 0, 0.0
        for _ in range(sample):
            at, home = 0.0, rng.choice(of_place[bisect(bounds, rng.randrange(people))])
            while at < seconds:
                here = rng.expovariate(JUMPS / LOOK_EVERY_S)
                until = min(seconds, at + here)
                if at:
                    target = rng.choice(of_place[bisect(bounds, rng.randrange(people))])
                    if target != home:
                        away_s += min(stay, until - at)
                        if until - at >= stay:
                            moved += 1
                            home = target
                at += here
        scale = people / sample
        found[stay] = moved * scale / seconds, away_s / (sample * seconds)
    return found


def p99_ms(shard: Shard, places: list[int], costs: Costs) -> float:
    """Of a message: it waits for the turn of the loop, in a queue whose service is one slice of writes (M/G/1 with an
    exponential tail), and then for its own flush to its place."""
    service = SLICE * costs.write
    load = min(shard.load, 0.99)
    waiting = load * service / (1 - load)
    tail = waiting * max(0.0, math.log(100 * load)) if load else 0.0
    flush = max(min(here, 1000) for _, here in shard.pieces) * costs.write
    parts = any(here < places[place] for place, here in shard.pieces)
    return (0.010 + tail + flush + (0.010 if parts else 0.0)) * 1000


def describe(people: int, count: int, exponent: float, costs: Costs, seconds: float, most: float) -> None:
    places = sizes(people, count, exponent)
    shards = share_out(places, costs, most)
    loads = sorted(shard.load for shard in shards)
    batches, mb = crossing(places, shards, most)
    worst = max(p99_ms(shard, places, costs) for shard in shards)
    largest = sum(1 for shard in shards for place, _ in shard.pieces if place == 0)
    machines = math.ceil(len(shards) / MACHINE_SHARDS)
    print(f"\nexponent {exponent:g}: the largest place has {places[0]:,} people, the middle one {places[count // 2]:,}")
    print(f"  shards {len(shards):,} on {machines:,} machines, people each at most {max(s.people for s in shards):,}")
    print(f"  load of a core: middle {loads[len(loads) // 2]:.2f}, highest {loads[-1]:.2f}")
    print(f"  the largest place is on {largest} shards; message p99 {worst:.0f} ms (worst shard)")
    memory = max(shard.people for shard in shards) * costs.memory_bytes * MACHINE_SHARDS / 1e9
    print(f"  between shards: {batches:,.0f} batches, {mb:,.0f} MB a second; memory of a machine {memory:.1f} GB")
    for stay, (moves, away) in hand_overs(places, shards, seconds, seed=1).items():
        cores = moves * CONNECT_S
        print(
            f"  connections that move after {stay:g} s in a place: {moves:,.0f} a second ({cores:.1f} cores), "
            f"people on another shard meanwhile {away:.0%}"
        )
    lost = max(shard.people for shard in shards)
    for what, gone in (("shard", 1), ("machine", MACHINE_SHARDS)):
        each = lost * gone / BACK_WITHIN_S / max(1, len(shards) - gone)
        print(f"  a {what} fails: {lost * gone:,} people come back, {each:,.1f} a second on each other shard")
    # What one process for each person without regard to places would exchange, through one broker.
    edges = len(shards)
    spread = sum(
        (TICKS_PER_S + min(FLUSHES_PER_S, messages_of(size, most))) * edges * (1 - (1 - 1 / edges) ** size)
        for size in places
    )
    print(f"  if people were on any process instead: {spread:,.0f} batches a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--places", type=int, default=20_000)
    parser.add_argument("--exponents", default="0.6,0.8,1.0", help="of Zipf's law: the larger, the more uneven")
    parser.add_argument("--seconds", type=float, default=300.0, help="in which a sample of people moves")
    parser.add_argument("--most", type=float, default=math.inf, help="messages a second of one place")
    given = parser.parse_args()
    costs = Costs.measured()
    for exponent in map(float, given.exponents.split(",")):
        describe(given.people, given.places, exponent, costs, given.seconds, given.most)


if __name__ == "__main__":
    main()
