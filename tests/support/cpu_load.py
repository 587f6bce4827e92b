"""Keeps one core busy, to run the suite on a busy machine: every test must still pass.

    python -m tests.support.cpu_load --seconds 1200 & make test

It ends by itself.
"""

from __future__ import annotations

import argparse
import time


def burn(seconds: float) -> int:
    """Compute for that long. Returns the number of rounds."""
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
