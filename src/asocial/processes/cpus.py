"""How many processes `--processes auto` starts: one for each processor that this process may use."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ..settings import MOST_PROCESSES

_CGROUP_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def available(cgroup_limit: Path = _CGROUP_LIMIT) -> int:
    """Processors that the scheduler and the container's limit allow, at least 1 and at most MOST_PROCESSES.

    A container has all processors of its machine, and a limit on the time that it may use of them (cgroup v2).
    """
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS, Windows
        count = os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):
        quota, period = cgroup_limit.read_text().split()
        count = min(count, int(quota) // int(period))  # "max" is no number: no limit
    return max(1, min(count, MOST_PROCESSES))
