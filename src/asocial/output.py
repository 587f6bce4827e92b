"""Writes to stdout and stderr without waiting for the reader.

A pipe that nothing reads, a full disk or a reader that is gone must not stop the event loop. Lines go into a queue of
limited size, and a thread writes them. Lines that do not fit or cannot be written are dropped and counted.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol, TextIO

QUEUE_CHARACTERS = 4 * 1024 * 1024
"""How much may wait for one stream, about 15,000 log lines. More is dropped."""
BATCH_CHARACTERS = 64 * 1024
ATOMIC_BYTES: int = getattr(select, "PIPE_BUF", 512)
"""The kernel does not mix a write of this size to a pipe with those of other processes (POSIX)."""
GATHER_S = 0.02
"""How long the thread waits for more lines, so that many lines cost one write."""
RETRY_S = 0.05
EXIT_S = 2.0
"""How long the process waits at its end for lines that are not written yet."""

USAGE_ERROR = 2
"""The exit code of a command that was called wrongly."""

_dropped_lines = 0


class Report(Protocol):
    """Logs a warning; called on the writing thread."""

    def __call__(self, event: str, **fields: object) -> object: ...


def dropped_lines() -> int:
    """How many lines this process could not write since its start."""
    return _dropped_lines


def print_error(message: str) -> None:
    """Print it on stderr. If stderr cannot be written, the exit code alone reports the error."""
    write_error(f"asocial: {message}\n")


def write_error(text: str) -> None:
    """As `print_error`, without the name of the command."""
    if sys.stderr is None:  # it is None if the process was started without one (`2>&-`)
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def discard(stream: TextIO) -> None:
    """Drop what could not be written. Otherwise the interpreter tries again at its exit, and exits with code 120."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)


class QueuedStream(io.TextIOBase):
    """A text stream over a copy of the file descriptor `fd`. `write` returns at once and never raises OSError.

    `flush` does nothing, since logging calls it after each line; `drain` waits for what is queued.
    """

    def __init__(
        self,
        fd: int,
        name: str,
        report: Report,
        *,
        queue_characters: int = QUEUE_CHARACTERS,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        self._report = report
        self._name = name
        self._tty = os.isatty(fd)
        self._fd = os.dup(fd)
        self._room = queue_characters
        self._os_write = write
        # Reentrant: the garbage collector may run a finalizer that logs while this thread holds the lock.
        self._changed = threading.Condition(threading.RLock())
        self._texts: deque[str] = deque()
        self._busy = False
        self._hurry = threading.Event()
        self._unreported = 0
        self._reason = ""
        self._failing = False
        self._within_line = False
        self._thread = threading.Thread(target=self._run, name=f"write-{name}", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute in typeshed
        return "utf-8"

    def isatty(self) -> bool:
        return self._tty

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def write(self, text: str, /) -> int:
        with self._changed:
            # The thread's own report always fits: there is one for each time that writing works again.
            if len(text) > self._room and threading.get_ident() != self._thread.ident:
                self._drop(text.count("\n"), "the queue is full: what reads this stream is too slow or has stopped")
                return len(text)
            self._texts.append(text)
            self._room -= len(text)
            self._changed.notify_all()
        return len(text)

    def drain(self, timeout_s: float) -> bool:
        """Wait until everything queued is written or dropped. False if that took longer than `timeout_s`."""
        self._hurry.set()
        with self._changed:
            done = self._changed.wait_for(lambda: not self._texts and not self._busy, timeout_s)
        self._hurry.clear()
        return done

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._texts))
                self._busy = True
            self._hurry.wait(GATHER_S)
            while batch := self._next_batch():
                self._write_batch(batch)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next_batch(self) -> str:
        batch: list[str] = []
        size = 0
        with self._changed:
            while self._texts and size < BATCH_CHARACTERS:
                batch.append(self._texts.popleft())
                size += len(batch[-1])
            self._room += size
        return "".join(batch)

    def _write_batch(self, batch: str) -> None:
        data = batch.encode("utf-8", "backslashreplace")
        ends_torn_line = self._within_line  # the rest of that line was dropped
        if ends_torn_line:
            data = b"\n" + data
        written = 0
        try:
            while written < len(data):
                try:
                    written += self._os_write(self._fd, _piece(data, written))
                except BlockingIOError:
                    time.sleep(RETRY_S)  # something made this descriptor non-blocking
        except OSError as error:
            reason = error.strerror or str(error)
            with self._changed:
                self._drop(data.count(b"\n", max(written, ends_torn_line)), reason)
            if written:
                self._within_line = data[written - 1 : written] != b"\n"
            if not self._failing:
                self._failing = True
                # Useful if the log goes to another stream: on the failing stream this line is dropped too.
                self._report(f"cannot write to {self._name}: its lines are dropped", reason=reason)
            return
        self._failing = self._within_line = False
        with self._changed:
            unreported, self._unreported = self._unreported, 0
            reason = self._reason
        if unreported:
            self._report(f"lines to {self._name} were dropped", lines=unreported, reason=reason)

    def _drop(self, lines: int, reason: str) -> None:
        global _dropped_lines
        _dropped_lines += lines
        self._unreported += lines
        self._reason = reason


def _piece(data: bytes, start: int) -> bytes:
    """What one write takes from `start` on: whole lines, so that several processes can write to one pipe.

    Only a line that is longer than ATOMIC_BYTES can be torn by lines of other processes.
    """
    if len(data) - start <= ATOMIC_BYTES:
        return data[start:]
    end = data.rfind(b"\n", start, start + ATOMIC_BYTES) + 1 or data.find(b"\n", start) + 1 or len(data)
    return data[start : min(end, start + BATCH_CHARACTERS)]


@contextlib.contextmanager
def queued_standard_streams(report: Report) -> Iterator[None]:
    """Replace `sys.stdout` and `sys.stderr`, so that prints, warnings and tracebacks do not wait either.

    `report` is called for lines that could not be written. On exit, what is queued is written, for at most EXIT_S. A
    stream that is not a file (in tests) stays as it is.
    """
    before = sys.stdout, sys.stderr
    queued: list[QueuedStream] = []

    def over(stream: TextIO | None, fd: int, name: str) -> TextIO | None:
        if stream is not None:
            try:
                fd = stream.fileno()
            except (OSError, ValueError):
                return stream
        queued.append(QueuedStream(fd, name, report))
        return queued[-1]  # type: ignore[return-value]  # all of TextIO that anybody uses

    sys.stdout, sys.stderr = over(sys.stdout, 1, "stdout"), over(sys.stderr, 2, "stderr")
    try:
        yield
    finally:
        deadline = time.monotonic() + EXIT_S
        for stream in queued:
            stream.drain(max(0.0, deadline - time.monotonic()))
        sys.stdout, sys.stderr = before


def open_closed_standard_descriptors() -> None:
    """Open /dev/null for each of the descriptors 0, 1 and 2 that is closed.

    Otherwise the next socket would get that number, and what is written to stderr would go to a client.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is `fd`
