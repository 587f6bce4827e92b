"""A Redis for the processes of one `asocial serve`: on a Unix socket in their private directory, with nothing on disk.

It starts empty and is started again when it ends. For the processes that is an outage of Redis like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.parse import quote

from .. import logs
from ..config import ConfigError
from .restarts import Restarts

BINARIES = ("valkey-server", "redis-server")
MISSING = (
    "processes: several processes need a Redis, and no Redis URL is set. Install valkey-server or redis-server on "
    "this machine (Debian, Ubuntu: `apt install redis-server`, macOS: `brew install valkey`), or set ASOCIAL_REDIS_URL"
)
START_S = 30.0
"""How long it may take to answer. On a busy machine a start takes seconds."""
LOOK_S = 0.02
STOP_S = 2.0

# Linux ends Redis with the process that started it, however that one ends. Between the fork and this request the
# parent may have ended already.
_EXEC_AND_END_WITH_PARENT = """\
import ctypes, os, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""

log = logs.get(__name__)


def find() -> str:
    """The path of the installed server. Raises ConfigError, which says what to install."""
    found = next(filter(None, map(shutil.which, BINARIES)), None)
    if found is None:
        raise ConfigError(MISSING)
    return found


class PrivateRedis:
    def __init__(self, binary: str, directory: Path) -> None:
        self._binary = binary
        self._directory = directory
        self._socket = directory / "redis.sock"
        self._log = directory / "redis.log"
        self._process: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self._socket))}"

    async def start(self) -> None:
        """Start it, and keep it running until `stop`. Raises OSError if it does not start."""
        await self._spawn()
        try:
            async with asyncio.timeout(START_S):
                while not await self._answers():
                    if self._ended():
                        raise OSError(f"{self._binary} ended at once: {self._last_line()}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise OSError(f"{self._binary} does not answer") from None
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        if self._process is None or self._ended():
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    async def _keep(self) -> None:
        restarts = Restarts(limit=None)
        while self._process is not None:
            began = time.monotonic()
            code = await self._process.wait()
            pause_s = restarts.pause_after(time.monotonic() - began) or 0.0
            log.warning("the private redis ended and is started again", code=code, pause_seconds=pause_s)
            await asyncio.sleep(pause_s)
            try:
                await self._spawn()
            except OSError as error:
                log.warning("cannot start the private redis", reason=error.strerror or str(error))

    async def _spawn(self) -> None:
        self._socket.unlink(missing_ok=True)
        arguments = [
            *("--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self._directory)),
            *("--daemonize", "no", "--loglevel", "warning", "--logfile", str(self._log)),
        ]
        starter = [sys.executable, "-I", "-S", "-c", _EXEC_AND_END_WITH_PARENT, str(os.getpid())]
        # A session of its own: Ctrl+C at the terminal must not end it before the processes have drained.
        self._process = await asyncio.create_subprocess_exec(
            *starter,
            self._binary,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )

    def _ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(number)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return (await reader.readline()).startswith(b"+PONG")
        except OSError:
            return False
        finally:
            writer.close()

    def _last_line(self) -> str:
        try:
            return (self._log.read_text(errors="replace").splitlines() or ["its log is empty"])[-1]
        except OSError:
            return "it has written no log"
