"""One `asocial serve --processes N`: the parent, and what it started."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.log_lines import entries_of
from tests.support.processes import Process
from tests.support.server import http_get
from tests.support.waiting import PATIENCE_S, until

START_PATIENCE_S = 3 * PATIENCE_S
"""Three interpreters start one after another: the parent, the first process, the others."""


class Parent(Process):
    """`extra`: variables in addition to the inherited ones."""

    own_interpreter = True

    def __init__(self, folder: Path, count: int | str, redis_url: str, *flags: str, **extra: str) -> None:
        super().__init__(
            folder, len(list(folder.glob("process-*.log"))) + 1, redis_url, ("--processes", str(count), *flags)
        )
        self._extra = {"TMPDIR": str(folder)} | extra
        self._started: set[int] = set()

    def wait(self) -> None:
        until(self._listens, f"all processes listening; the log: {self._log}", patience_s=START_PATIENCE_S)

    def _environ(self) -> dict[str, str]:
        return self._extra

    def entries(self, event: str) -> list[dict[str, Any]]:
        """The log lines of this event."""
        return [entry for entry in entries_of(self.lines()) if entry.get("event") == event]

    def workers(self) -> dict[int, int]:
        """The process ids of the server processes, by their numbers: the newest of each."""
        pids = {entry["process"]: entry["pid"] for entry in self.entries("process started")}
        self._started |= set(pids.values())
        return pids

    def redis_pid(self) -> int:
        """Of the private Redis. Fails while there is none."""
        [pid] = [pid for pid in children(self.pid) if "redis" in _name(pid) or "valkey" in _name(pid)]
        self._started.add(pid)
        return pid

    async def metrics(self, name: str) -> dict[int, float]:
        """A metric that has only the label `process`."""
        text = (await http_get(self.port, "/metrics")).text
        return {
            int(n): float(v) for n, v in re.findall(rf'^asocial_{name}{{process="(\d+)"}} (\S+)$', text, re.MULTILINE)
        }

    def all_gone(self) -> bool:
        """Whether nothing that was seen runs any more."""
        self.workers()
        return not any(_runs(pid) for pid in self._started)

    def stop(self) -> None:
        super().stop()
        for pid in self._started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def parent_of(
    folder: Path, count: int | str = 2, redis_url: str = "", *flags: str, faults: bool = False, **extra: str
) -> Iterator[Parent]:
    """A parent whose processes listen. At the end all are gone. `faults`: whether errors in the log are expected."""
    parent = Parent(folder, count, redis_url, *flags, **extra)
    try:
        parent.spawn()
        parent.wait()
        parent.workers()
        if not redis_url:
            parent.redis_pid()
        yield parent
    finally:
        parent.stop()
    assert faults or not parent.faults()


def children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
