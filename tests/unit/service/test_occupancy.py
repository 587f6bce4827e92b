"""How much of its time a process has something to do, also when it shares its core."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from asocial.service.occupancy import SCHEDSTAT, Occupancy, occupied_s


def test_the_share_is_that_of_the_time_since_the_last_call() -> None:
    times = iter([10.0, 10.5, 12.5, 12.5])
    occupancy = Occupancy(100.0, lambda: next(times))
    assert occupancy.share(101.0) == 0.5
    assert occupancy.share(103.0) == 1.0
    assert occupancy.share(103.0) == 0.0, "no time has passed"


def test_the_time_in_a_run_queue_counts(tmp_path: Path) -> None:
    schedstat = tmp_path / "schedstat"
    schedstat.write_text("5000000000 2000000000 17\n")
    worked = time.thread_time()
    assert worked + 2 <= occupied_s(schedstat) <= time.thread_time() + 2


@pytest.mark.parametrize("text", [None, "", "1 2", "a b c"])
def test_without_these_statistics_processor_time_counts(tmp_path: Path, text: str | None) -> None:
    schedstat = tmp_path / "schedstat"
    if text is not None:
        schedstat.write_text(text)
    worked = time.thread_time()
    assert worked <= occupied_s(schedstat) <= time.thread_time()


SPIN = """
import os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
from asocial.service.occupancy import Occupancy
occupancy, began, worked = Occupancy(time.monotonic()), time.monotonic(), time.thread_time()
while time.monotonic() < began + 1: pass
print(occupancy.share(time.monotonic()), (time.thread_time() - worked) / (time.monotonic() - began))
"""


@pytest.mark.skipif(not SCHEDSTAT.exists(), reason="needs the statistics of Linux about run queues")
def test_two_processes_that_share_a_core_are_both_occupied() -> None:
    core = str(min(os.sched_getaffinity(0)))
    spinning = [
        subprocess.Popen([sys.executable, "-c", SPIN, core], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    shares = [process.communicate(timeout=60)[0].split() for process in spinning]
    assert all(float(occupied) > 0.9 for occupied, _ in shares)
    # The one that began first may have been alone for a while.
    assert min(float(worked) for _, worked in shares) < 0.8
