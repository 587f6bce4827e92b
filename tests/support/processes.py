"""Real processes of `asocial serve` that share one Redis, as many as a test asks for.

Each is a child of the test process or of its fork server, ended by its pid. Its output goes to a file: a server whose
log fills a pipe would block.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from asocial.aliases import ALIASES
from tests.support.fork_server import FORK_SERVER, ForkedProcess
from tests.support.lifted_limits import FLAGS
from tests.support.ports import reserve_port
from tests.support.server import http_get
from tests.support.source import SOURCE
from tests.support.waiting import PATIENCE_S, until

ROOT = Path(__file__).parents[2]
SECRET = secrets.token_hex(32)
"""Shared by all processes of a test run. Production refuses a secret that is in a repository."""


class Process:
    """One server. `spawn` and `wait` start it; started again it has the same port."""

    own_interpreter = False
    """Whether it starts an interpreter instead of being forked."""

    def __init__(self, folder: Path, number: int, redis_url: str, flags: tuple[str, ...]) -> None:
        self.number = number
        self.port = reserve_port(self)
        self._log = folder / f"process-{number}.log"
        self._redis_url = redis_url
        self._flags = flags
        self._starts_at = 0
        self._popen: subprocess.Popen[bytes] | ForkedProcess | None = None

    def _arguments(self) -> list[str]:
        """The flags of `asocial serve`."""
        return [
            *("--env", "production", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--redis-url", self._redis_url, "--secret", SECRET, "--drain-notice-seconds", "0", *FLAGS, *self._flags),
        ]

    def _environ(self) -> dict[str, str]:
        """Variables in addition to the inherited ones."""
        return {}

    def spawn(self) -> None:
        """Start without waiting: several come up together."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_") and name not in ALIASES
        }
        arguments, environ = ["serve", *self._arguments()], inherited | self._environ()
        self._starts_at = self._log.stat().st_size if self._log.exists() else 0
        if not self.own_interpreter and "LD_PRELOAD" not in environ:
            self._popen = FORK_SERVER.start(arguments, environ, self._log)
            return
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "asocial.cli", *arguments],
                cwd=ROOT,
                env=environ | {"PYTHONPATH": str(SOURCE)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait(self) -> None:
        until(self._listens, f"process {self.number} listening; its log: {self._log}")

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._popen is not None
        return self._popen.pid

    @property
    def runs(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    async def ready(self) -> tuple[int, dict[str, str]]:
        """The status of `/ready`, and its checks."""
        answer = await http_get(self.port, "/ready")
        return answer.status, answer.json["checks"]

    def rss_bytes(self) -> int:
        """Resident memory, as the kernel counts it."""
        found = re.search(r"^VmRSS:\s+(\d+) kB$", Path(f"/proc/{self.pid}/status").read_text(), re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def signal(self, number: int) -> None:
        assert self._popen is not None
        self._popen.send_signal(number)

    def kill(self) -> None:
        """Kill it, as the kernel does when memory runs out."""
        self.signal(signal.SIGKILL)
        assert self._popen is not None
        self._popen.wait()

    async def terminated(self) -> int:
        """Ask it to stop, and wait. Its exit code."""
        self.signal(signal.SIGTERM)
        assert self._popen is not None
        return await asyncio.to_thread(self._popen.wait, PATIENCE_S)

    def stop(self) -> None:
        if self._popen is not None and self._popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
            self.kill()

    def lines(self) -> list[str]:
        """What it has logged."""
        return self._log.read_text(errors="replace").splitlines()

    def faults(self) -> list[str]:
        """Errors and tracebacks in its log."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return [line for line in lines if '"level":"error"' in line.replace(": ", ":") or "Traceback" in line]

    def _listens(self) -> bool:
        with self._log.open("rb") as log:
            log.seek(self._starts_at)
            lines = log.read().decode(errors="replace").splitlines()
        assert self.runs, f"process {self.number} ended:\n" + "\n".join(lines[-20:])
        return any('"listening"' in line for line in lines)


@contextlib.contextmanager
def processes(folder: Path, count: int, redis_url: str, *flags: str) -> Iterator[list[Process]]:
    """`count` processes that listen. At the end they are gone, and none has logged a fault."""
    taken = len(list(folder.glob("process-*.log")))
    started = [Process(folder, taken + number, redis_url, flags) for number in range(1, count + 1)]
    try:
        for process in started:
            process.spawn()
        for process in started:
            process.wait()
        yield started
    finally:
        for process in started:
            process.stop()
    faults = {process.number: found for process in started if (found := process.faults())}
    assert not faults, f"in the logs, by process: {faults}"


async def all_ready(*running: Process, patience_s: float = PATIENCE_S) -> float:
    """Wait until every process answers `/ready` with 200. Seconds that took."""
    began = time.monotonic()
    for process in running:
        while True:
            with contextlib.suppress(OSError):
                status, checks = await process.ready()
                if status == 200:
                    break
                assert time.monotonic() < began + patience_s, f"process {process.number} is not ready: {checks}"
            assert time.monotonic() < began + patience_s, f"process {process.number} does not answer"
            await asyncio.sleep(0.05)
    return time.monotonic() - began
