"""Real Redis servers for tests: on free ports, in a folder of their own, with nothing kept on disk.

Every server is a child of the test process, ended by its pid. REDIS_SERVER names another binary (a newer Redis,
Valkey); a sentinel is the same binary with another option. Without a binary the tests fail and say what to install.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import hiredis

from scripts.system import REDIS, explain
from tests.support.ports import reserve_node_port
from tests.support.waiting import PATIENCE_S, until

CLUSTER_PATIENCE_MS = 15_000
"""Redis's own default."""
FAILOVER_MS = 700
"""Short, so that tests of a failover do not take long."""


def ask(
    port: int, *command: str, host: str = "127.0.0.1", path: str = "", password: str = "", timeout_s: float = PATIENCE_S
) -> object:
    """The reply to one command, on a connection of its own. Raises OSError; an error reply is returned."""
    family = socket.AF_UNIX if path else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(timeout_s)
        sock.connect(path or (host, port))
        commands = [("AUTH", password), command] if password else [command]
        sock.sendall(b"".join(hiredis.pack_command(c) for c in commands))  # type: ignore[arg-type]
        reader = hiredis.Reader(encoding="utf-8", errors="replace")
        reply: object = None
        for _ in commands:
            while (reply := reader.gets()) is False:
                data = sock.recv(65536)
                if not data:
                    raise ConnectionError("closed")
                reader.feed(data)
        return reply


class Startable(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class Server:
    """One redis-server. `stop` and `start` again: it comes back empty, on the same port."""

    def __init__(self, folder: Path, *options: str, port: int | None = None, kind: str = "server") -> None:
        self.port = reserve_node_port(self) if port is None else port
        # An earlier server of the same tests may have had this port.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{kind}-{self.port}-", dir=folder))
        self._options = options
        self._kind = kind
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Start without waiting: several servers come up together."""
        binary = REDIS.find()
        if binary is None:
            raise RuntimeError(explain([REDIS], "test"))
        for left in self.folder.glob("*.rdb"):
            left.unlink()
        # The delay waits for more replicas to sync at once, five seconds by default.
        common = [
            "--repl-diskless-sync-delay",
            "0",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(self.folder),
        ]
        if self._kind == "sentinel":
            config = self.folder / "sentinel.conf"
            config.write_text("\n".join([f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}", *self._options]))
            arguments = [binary, str(config), "--sentinel"]
        else:
            arguments = [binary, *common, "--save", "", "--appendonly", "no", *self._options]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log)

    def wait(self) -> None:
        until(self._answers, f"redis-server on port {self.port} answering; its log: {self.folder}/log")

    def ask(self, *command: str) -> object:
        return ask(self.port, *command)

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Stop it (SIGSTOP): connections stay open and get no answer."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError(f"redis-server ended: {(self.folder / 'log').read_text()[-2000:]}")
        # An error reply is an answer too: a server may want a password first.
        return ask(self.port, "PING") is not None if self.port else (self.folder / "redis.sock").exists()


class Cluster:
    """Masters with the slots shared out among them, each with as many replicas as asked for.

    `node_timeout_ms`: a node that is silent for so long counts as failed, and the cluster as down. On a busy machine
    healthy nodes may be silent for a second, so only tests of a failure make it short.
    """

    def __init__(
        self, folder: Path, masters: int = 3, replicas: int = 0, node_timeout_ms: int = CLUSTER_PATIENCE_MS
    ) -> None:
        timeout = ("--cluster-node-timeout", str(node_timeout_ms))
        options = ("--cluster-enabled", "yes", *timeout, "--cluster-config-file", "nodes.conf")
        self.masters = [Server(folder, *options, kind="node") for _ in range(masters)]
        self.replicas = [Server(folder, *options, kind="node") for _ in range(masters * replicas)]

    @property
    def url(self) -> str:
        return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.masters)

    def start(self) -> None:
        _start_all(*self.masters, *self.replicas)
        share = 16384 // len(self.masters)
        for number, server in enumerate(self.masters):
            last = 16383 if number == len(self.masters) - 1 else (number + 1) * share - 1
            _said_ok(server.ask("CLUSTER", "ADDSLOTSRANGE", str(number * share), str(last)))
            _said_ok(server.ask("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1)))
        first = self.masters[0]
        for server in (*self.masters[1:], *self.replicas):
            _said_ok(first.ask("CLUSTER", "MEET", "127.0.0.1", str(server.port)))
        everyone = (*self.masters, *self.replicas)
        until(lambda: all(f"cluster_known_nodes:{len(everyone)}" in _info(s) for s in everyone), "everyone known")
        for number, replica in enumerate(self.replicas):
            master = str(self.masters[number % len(self.masters)].ask("CLUSTER", "MYID"))
            until(lambda r=replica, m=master: r.ask("CLUSTER", "REPLICATE", m) == "OK", "a replica following")  # type: ignore[misc]
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until every node serves all slots and is connected to every other. A test that shares a cluster waits again.

        A busy machine may have kept a node waiting since: the others then take it for failed for a moment.
        """
        everyone = (*self.masters, *self.replicas)
        until(lambda: all(_is_whole(server, len(everyone)) for server in everyone), "the cluster ready")
        until(lambda: all(map(_in_sync, self.replicas)), "the replicas in sync")

    def stop(self) -> None:
        for server in (*self.masters, *self.replicas):
            server.stop()


class Sentinels:
    """A master, a replica, and sentinels that watch them and fail over within about two seconds."""

    NAME = "canvas"

    def __init__(self, folder: Path, sentinels: int = 3) -> None:
        self.master = Server(folder)
        self.replica = Server(folder, "--replicaof", "127.0.0.1", str(self.master.port))
        options = (
            f"sentinel monitor {self.NAME} 127.0.0.1 {self.master.port} {sentinels // 2 + 1}",
            f"sentinel down-after-milliseconds {self.NAME} 700",
            f"sentinel failover-timeout {self.NAME} 3000",
        )
        self.sentinels = [Server(folder, *options, kind="sentinel") for _ in range(sentinels)]

    @property
    def url(self) -> str:
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{s.port}" for s in self.sentinels) + f"/{self.NAME}"

    def start(self) -> None:
        _start_all(self.master, self.replica)
        until(lambda: _in_sync(self.replica), "the replica in sync")
        # Not before: a sentinel looks for replicas when it starts, and then only every ten seconds.
        _start_all(*self.sentinels)
        others = len(self.sentinels) - 1
        until(lambda: all(self._knows(s, others) for s in self.sentinels), "the sentinels knowing each other")

    def stop(self) -> None:
        for server in (*self.sentinels, self.replica, self.master):
            server.stop()

    def _knows(self, sentinel: Server, others: int) -> bool:
        answer = sentinel.ask("SENTINEL", "MASTER", self.NAME)
        if not isinstance(answer, list):
            return False
        facts = dict(zip(answer[::2], answer[1::2], strict=True))
        return (facts["num-slaves"], facts["num-other-sentinels"]) == ("1", str(others))


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """Short, because a unix socket's path may have no more than about 100 characters."""
    with tempfile.TemporaryDirectory(prefix="asocial-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextlib.contextmanager
def running(*servers: Startable) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in reversed(servers):
            server.stop()


def self_made_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that is its own authority, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*command.split(), *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key


def _info(server: Server) -> str:
    return str(server.ask("CLUSTER", "INFO"))


def _is_whole(server: Server, size: int) -> bool:
    """Whether a node of a cluster of `size` nodes sees all slots served, and is connected to every other node."""
    info = _info(server).split()
    if not {"cluster_state:ok", "cluster_slots_ok:16384", f"cluster_known_nodes:{size}"} <= set(info):
        return False
    # id, address, flags, master, ping sent, pong received, epoch, link state, slots
    nodes = [line.split() for line in str(server.ask("CLUSTER", "NODES")).splitlines()]
    doubtful = {"fail?", "fail", "handshake", "noaddr"}
    return len(nodes) == size and all(
        node[7] == "connected" and doubtful.isdisjoint(node[2].split(",")) for node in nodes
    )


def _start_all(*servers: Server) -> None:
    for server in servers:
        server.spawn()
    for server in servers:
        server.wait()


def _in_sync(replica: Server) -> bool:
    return "master_link_status:up" in str(replica.ask("INFO", "replication"))


def _said_ok(reply: object) -> None:
    assert reply == "OK", reply
