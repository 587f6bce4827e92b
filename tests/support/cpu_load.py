"""Keeps one core busy, so that the suite can be run on a busy machine: no verdict may change.

    python -m tests.support.cpu_load --seconds 1200 & make test

It ends by itself.
"""

from __future__ import annotations

import argparse
import time


def burn(seconds: float) -> int:
    """Compute, and nothing else, for so long. The rounds that it made."""
    ends, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        sum(number * number for number in range(10_000))
        rounds += 1
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description="keep one core busy")
    parser.add_argument("--seconds", type=float, default=600)
    burn(parser.parse_args().seconds)


if __name__ == "__main__":
    main()
