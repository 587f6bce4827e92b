"""Processes of the command `asocial` that are forked from one that has everything imported.

A new interpreter imports for most of a second of processor time, and the tests start some hundreds of servers. Here
`python -m tests.support.fork_server` imports once, and forks a process for each order, in a few ms. What is forked is a
process of its own: it can be killed or suspended, and has its own memory, log and exit code. Where the start of an
interpreter, or its end, is what a test is about, it starts one (test_process.py, for example).

It reads a line of JSON for each order, and answers each with a line, in turn:

    {"start": [argument, ...], "environ": {name: value}, "log": file}  ->  {"pid": number}
    {"pid": number} or {"pid": number, "signal": number}               ->  {"code": exit code, or null while it runs}

Only this process waits for a child that has ended, and the child keeps its pid until then. So no signal reaches another
process. All children are killed when the input ends.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.source import SOURCE

ROOT = Path(__file__).parents[2]


class ForkedProcess:
    """A child of the fork server, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, fork_server: ForkServer, pid: int) -> None:
        self._fork_server = fork_server
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._fork_server.ask({"pid": self.pid})["code"]
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout if timeout is not None else float("inf")
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("a forked process", timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Does nothing once the process has ended."""
        self.returncode = self._fork_server.ask({"pid": self.pid, "signal": int(number)})["code"]

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The parent process, as the tests use it. It starts with the first order, and serves all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, arguments: list[str], environ: Mapping[str, str], log: Path) -> ForkedProcess:
        """Run `asocial ARGUMENTS` with these variables and no others. Its output is added to the log."""
        answer = self.ask({"start": arguments, "environ": dict(environ), "log": str(log)})
        return ForkedProcess(self, answer["pid"])

    def ask(self, order: dict[str, Any]) -> Any:
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.support.fork_server"],
                    cwd=ROOT,
                    env=os.environ | {"PYTHONPATH": os.pathsep.join((str(SOURCE), str(ROOT)))},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
                atexit.register(self._end)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        assert line, "the fork server has ended; its error is on stderr"
        return json.loads(line)

    def _end(self) -> None:
        assert self._process is not None
        self._process.communicate()


FORK_SERVER = ForkServer()


def _child(order: dict[str, Any]) -> int:
    """Become the command. Returns its exit code."""
    from asocial.cli import main

    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv = ["asocial", *order["start"]]
    try:
        return main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)


def detach(log: str, parent: int) -> None:
    """In a forked process: read nothing, write to the log alone, and end when `parent` does.

    The fork server may be killed, and kills nothing then.
    """
    # Not closed: the next file opened would get its number, and libuv does not close 0 to 2.
    to_log = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for name, mode, numbers in ((os.devnull, os.O_RDONLY, [0]), (log, to_log, [1, 2])):
        opened = os.open(name, mode, 0o600)
        for number in numbers:
            os.dup2(opened, number)
        os.close(opened)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _serve() -> None:
    import asocial.app
    import asocial.lifecycle
    import asocial.server_commands  # noqa: F401 (what a server imports)

    gc.freeze()  # a collection in a child would copy all of this memory
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches this process too; the tests end it
    orders, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    os.dup2(2, 1)
    codes: dict[int, int | None] = {}
    for line in orders:
        order = json.loads(line)
        answer: dict[str, Any] = {}
        if "start" in order:
            parent = os.getpid()
            answer["pid"] = os.fork()
            if answer["pid"] == 0:
                code = 1
                try:
                    orders.close()
                    os.close(answers)
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    detach(order["log"], parent)
                    code = _child(order)
                except BaseException:
                    traceback.print_exc()
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(code)
            codes[answer["pid"]] = None
        else:
            of = order["pid"]
            if codes[of] is None and (waited := os.waitpid(of, os.WNOHANG))[0]:
                codes[of] = os.waitstatus_to_exitcode(waited[1])
            if codes[of] is None and "signal" in order:
                os.kill(of, order["signal"])
            answer["code"] = codes[of]
        os.write(answers, json.dumps(answer).encode() + b"\n")
    for pid, ended in codes.items():
        if ended is None:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


if __name__ == "__main__":
    _serve()
