"""The parent of several server processes: starts them on one port, starts again what ends, and stops all.

Never here: serving. The parent accepts no connection, so nothing that a client sends can end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

from pydantic import SecretStr

from .. import logs
from ..adapters.http.listening import CannotListen, listen, reserve
from ..config import ConfigError
from ..groups import ProcessGroup
from ..settings import Settings
from ..signing import signing_secret
from . import private_redis
from .order import LISTENING, Order
from .private_redis import PrivateRedis
from .restarts import Restarts

KILL_AFTER_S = 1.0
"""A process that has not ended this long after the time for a shutdown is killed."""
SAME_SIGNAL_S = 1.0
"""A second SIGTERM within this time counts as the first: some programs signal the group, and then the process."""
TEMPORARY_CHARACTERS = 70
"""The private directory is in /tmp if TMPDIR is longer: the path of a socket may have about 100 characters."""

Announce = Callable[[Sequence[socket.socket]], None]
"""Called with sockets of the port, once all processes listen."""

log = logs.get(__name__)


async def supervise(settings: Settings, count: int, announce: Announce) -> int:
    """Run `count` processes until SIGTERM or SIGINT, then drain them. The exit code.

    Raises ConfigError, CannotListen, and OSError.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise ConfigError("processes: this system cannot share a port between processes (SO_REUSEPORT); use 1")
    secret = signing_secret(settings)  # before the private Redis: what it logs depends on the configured one
    binary = "" if settings.redis_url.get_secret_value() else private_redis.find()
    reserved = reserve(settings.host, settings.port)
    with contextlib.ExitStack() as closing, _private_directory() as directory:
        for sock in reserved:
            closing.callback(sock.close)
        shared = {"secret": SecretStr(secret), "port": reserved[0].getsockname()[1]}
        redis = PrivateRedis(binary, directory) if binary else None
        if redis is not None:
            none = SecretStr("")
            shared |= {"redis_url": SecretStr(redis.url), "redis_username": "", "redis_password": none}
        supervisor = Supervisor(settings.model_copy(update=shared), count, directory)
        supervisor.handle_signals()
        try:
            if redis is not None:
                await redis.start()
            return await supervisor.run(lambda: announce(reserved))
        finally:
            if redis is not None:
                await redis.stop()


class Supervisor:
    """`settings`: as each process gets them, with the port, the secret and the Redis that they share."""

    def __init__(self, settings: Settings, count: int, directory: Path) -> None:
        self._settings = settings
        self._count = count
        self._directory = directory
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()
        self._signalled_at: float | None = None
        self._code = 0
        self._workers: dict[int, Worker] = {}
        self._listening = {number: asyncio.Event() for number in range(1, count + 1)}

    def handle_signals(self) -> None:
        """From now on SIGTERM and SIGINT make `run` end."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)

    async def run(self, announce: Callable[[], None]) -> int:
        # The first one alone, so that a wrong setting is reported once.
        keepers = [self._keeper(1)]
        await self._unless_stopping(self._listening[1].wait())
        if not self._stopping.is_set():
            keepers += [self._keeper(number) for number in range(2, self._count + 1)]
            await self._unless_stopping(asyncio.gather(*(each.wait() for each in self._listening.values())))
        if not self._stopping.is_set():
            announce()
        await self._stopping.wait()
        await self._drain(keepers)
        log.info("stopped")
        return self._code

    def _signalled(self, number: signal.Signals) -> None:
        now = time.monotonic()
        if self._signalled_at is None:
            self._signalled_at = now
            self._stopping.set()
        elif number == signal.SIGINT or now > self._signalled_at + SAME_SIGNAL_S:
            self._code = 128 + number
            self._at_once.set()

    def _keeper(self, number: int) -> asyncio.Task[None]:
        def report(keeper: asyncio.Task[None]) -> None:
            if not keeper.cancelled() and (error := keeper.exception()) is not None:
                log.error("unexpected error in the parent, so all processes are stopped", exc_info=error)
                self._fail(1)

        keeper = asyncio.create_task(self._keep(number))
        keeper.add_done_callback(report)
        return keeper

    async def _keep(self, number: int) -> None:
        """Run the process with this number, again and again, until everything stops."""
        restarts = Restarts()
        while not self._stopping.is_set():
            lived_s, code = await self._run_once(number)
            if self._stopping.is_set():
                if code not in (0, -signal.SIGTERM):
                    log.warning("a process did not stop in order", process=number, code=code)
                    self._code = self._code or 1
                return
            if not self._all_listen():
                # Its own lines say why, unless a signal ended it.
                log.error("a process ended during the start", process=number, code=code)
                self._fail(code if code > 0 else 1)
                return
            pause_s = restarts.pause_after(lived_s)
            if pause_s is None:
                log.error(
                    "a process ended again and again soon after its start, so all are stopped; "
                    "the lines of this process above say why",
                    process=number,
                    code=code,
                )
                self._fail(1)
                return
            log.warning("a process ended and is started again", process=number, code=code, pause_seconds=pause_s)
            await self._unless_stopping(asyncio.sleep(pause_s))

    async def _run_once(self, number: int) -> tuple[float, int]:
        """Run a process until it ends: how long it served, and its exit code."""
        try:
            worker = self._workers[number] = await Worker.start(self._settings, self._group(number))
        except (OSError, CannotListen) as error:
            log.error("cannot start a process", process=number, reason=str(error))
            return 0.0, 1
        if self._stopping.is_set():
            worker.signal(signal.SIGKILL if self._at_once.is_set() else signal.SIGTERM)
        if not await worker.listens():
            return 0.0, await worker.ended()
        log.info("process started", process=number, pid=worker.pid)
        self._listening[number].set()
        began = time.monotonic()
        code = await worker.ended()
        return time.monotonic() - began, code

    async def _drain(self, keepers: Sequence[asyncio.Task[None]]) -> None:
        """Let all processes drain at the same time, and kill those that take too long."""
        for worker in self._workers.values():
            worker.signal(signal.SIGTERM)
        at_once = asyncio.create_task(self._at_once.wait())
        ended = asyncio.gather(*keepers, return_exceptions=True)
        await asyncio.wait(
            (ended, at_once), timeout=self._settings.drain_seconds + KILL_AFTER_S, return_when=asyncio.FIRST_COMPLETED
        )
        at_once.cancel()
        for worker in self._workers.values():
            worker.signal(signal.SIGKILL)
        await ended

    async def _unless_stopping(self, waiting: Awaitable[object]) -> None:
        """Wait for it, or until everything stops."""
        tasks: list[asyncio.Future[object]] = [
            asyncio.ensure_future(waiting),
            asyncio.ensure_future(self._stopping.wait()),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fail(self, code: int) -> None:
        self._code = self._code or code
        self._stopping.set()

    def _all_listen(self) -> bool:
        return all(each.is_set() for each in self._listening.values())

    def _group(self, number: int) -> ProcessGroup:
        return ProcessGroup(number, self._count, self._directory)


class Worker:
    """A process that was started, and the channel to it. The channel ends when either of them ends."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, settings: Settings, group: ProcessGroup) -> Worker:
        """Start a process with listening sockets of its own. It is the only one that has them, so they end with it."""
        ours, theirs = socket.socketpair()
        with contextlib.ExitStack() as after_start:
            after_start.callback(theirs.close)
            sockets = listen(settings.host, settings.port, share=True)
            for sock in sockets:
                after_start.callback(sock.close)
            fds = [theirs.fileno(), *(sock.fileno() for sock in sockets)]
            process = await asyncio.create_subprocess_exec(
                # -P: the working directory is no place to import from.
                *(sys.executable, "-P", "-m", "asocial.processes.worker", *map(str, fds)),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=fds,
                start_new_session=True,  # Ctrl+C at the terminal is for the parent, which then stops all in order
            )
        with contextlib.suppress(OSError):
            Order(settings, group).send(ours)
        return cls(process, *await asyncio.open_unix_connection(sock=ours))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def listens(self) -> bool:
        """Wait until it listens, or has ended."""
        with contextlib.suppress(OSError):
            return await self._reader.read(1) == LISTENING
        return False

    async def ended(self) -> int:
        """Wait until it has ended. Its exit code, or the negative number of the signal that ended it."""
        code = await self._process.wait()
        self._writer.close()
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send it, unless the process has ended."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


@contextlib.contextmanager
def _private_directory() -> Iterator[Path]:
    """A new directory that only this user can enter, for sockets. It is removed at the end. Raises OSError."""
    usual = tempfile.gettempdir()
    path = Path(tempfile.mkdtemp(prefix="asocial-", dir=usual if len(usual) < TEMPORARY_CHARACTERS else "/tmp"))  # noqa: S108
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
