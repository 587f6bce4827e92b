"""Ends what a worker of `pytest -n` has started, however the worker itself ends.

A worker that is killed, or that does not end in time, runs no fixture to its end: its servers, Redis and browsers would
stay. So each worker has a session (setsid) of its own, and a watcher outside of it. When the worker is gone, its end of
a pipe closes, and the watcher kills what is left of the session. Linux only: elsewhere /proc does not list processes.

What has a session of its own is not found: a child that leaves the worker's session must end with its parent by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

WORKS = sys.platform == "linux"


def end_with_this_process() -> None:
    """Whatever is started from now on ends with this process, which gets no signal of the terminal any more."""
    if not WORKS:
        return
    os.setsid()
    read, _write = os.pipe()  # this end closes with the process; children inherit neither
    nowhere = os.open(os.devnull, os.O_WRONLY)
    arguments = [sys.executable, "-I", "-S", __file__, str(os.getpid())]
    actions = [(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate((read, nowhere, nowhere))]
    os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions)
    os.close(read)
    os.close(nowhere)


def interrupt_workers() -> None:
    """Send the workers of this process a SIGINT: Ctrl+C at the terminal, and a SIGTERM to this process, miss them."""
    for process in _processes():
        if process.parent == os.getpid() and process.session == process.pid:
            _signal(process.pid, signal.SIGINT)


class _Process(NamedTuple):
    pid: int
    parent: int
    session: int


def _processes() -> Iterator[_Process]:
    """Those that run."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, which may hold anything: state, parent, group, session.
            state, parent, _, session = stat.read_text(errors="replace").rpartition(")")[2].split()[:4]
            if state not in "ZX":
                yield _Process(int(stat.parent.name), int(parent), int(session))


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _watch(session: int) -> None:
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    while left := [process.pid for process in _processes() if process.session == session]:
        for pid in left:
            _signal(pid, signal.SIGKILL)


if __name__ == "__main__":
    _watch(int(sys.argv[1]))
