"""The measurement behind 0002-fan-out.md, part two: how long should a channel wait between flushes?

    PYTHONPATH=src python experiments/pacing.py

A simulation with the real FlushPacer: no clock, no sockets, so the answer does not depend on how busy the machine is.
A flush to n people takes n x (a + b x messages): a is what a write costs the server's core however small it is, b what
a message of 264 bytes adds; both were measured (see there). The loop does nothing else while it writes. Printed for
each stretch: the share of time spent writing, and p50 / p99 of all deliveries.
"""

from __future__ import annotations

import itertools
import random

from asocial.domain import pacing

WRITE_S = 4.5e-6
BYTES_S = 0.05e-6
READ_S = 20e-6
SECONDS = 20.0


def simulate(people: int, rate: float, stretch: float) -> tuple[float, float, float]:
    """(share of time spent writing, p50 ms, p99 ms)"""
    pacing.STRETCH = stretch
    pacer, dice = pacing.FlushPacer(pacing.LoopLag()), random.Random(1)
    arrivals, at = [], 0.0
    while at < SECONDS:
        at += dice.expovariate(rate)
        arrivals.append(at)
    now, spent, late, index = 0.0, 0.0, [], 0
    while index < len(arrivals):
        start = max(now, arrivals[index], pacer.due())
        end = index
        while end < len(arrivals) and arrivals[end] <= start:
            start += READ_S
            end += 1
        took = people * (WRITE_S + BYTES_S * (end - index))
        for sent in arrivals[index:end]:
            late += [start + took * dice.random() - sent for _ in range(20)]
        pacer.flushed(start, cursors=False)
        pacer.observe_cost(took)
        now, spent, index = start + took, spent + took, end
    late.sort()
    return spent / now, late[len(late) // 2] * 1000, late[int(len(late) * 0.99)] * 1000


def main() -> None:
    stretches = (2.0, 1.5, 1.25, 1.1, 1.0)
    print("| people | messages/s |", " | ".join(f"stretch {stretch:g}" for stretch in stretches), "|")
    print("|---:|---:|" + "---:|" * len(stretches))
    for people, rate in itertools.product((500, 2000, 5000), (20, 100, 400, 1000)):
        cells = []
        for stretch in stretches:
            share, p50, p99 = simulate(people, rate, stretch)
            cells.append(f"{share:.0%}, {p50:.0f} / {p99:.0f} ms")
        print(f"| {people} | {rate} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
