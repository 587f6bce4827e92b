"""A Redis server, sentinel or cluster node that says what a test wants: lies, half answers, or nothing.

Real servers do not lie on request. Everything here runs on the test's own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import hiredis

SILENCE = object()
"""An answer that never comes. Later commands of the connection wait behind it, as in a server that hangs."""
Answer = Callable[[list[str]], Any]


class FakeRedis:
    """Answers each command by `answer(command)`: str for a status, bytes, int, list, None, Exception, or SILENCE."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.asked: list[list[str]] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        commands = hiredis.Reader(encoding="utf-8")
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                commands.feed(data)
                while (command := commands.gets()) is not False:
                    assert isinstance(command, list)
                    self.asked.append([str(word) for word in command])
                    answer = "PONG" if command[0] == "PING" else self._answer(self.asked[-1])
                    if answer is SILENCE:
                        await asyncio.Event().wait()
                    writer.write(_encoded(answer))
        self._open.discard(writer)
        writer.close()


def _encoded(answer: Any) -> bytes:
    match answer:
        case None:
            return b"*-1\r\n"
        case str():
            return b"+%s\r\n" % answer.encode()
        case bytes():
            return b"$%d\r\n%s\r\n" % (len(answer), answer)
        case int():
            return b":%d\r\n" % answer
        case list():
            return b"*%d\r\n%s" % (len(answer), b"".join(map(_encoded, answer)))
        case _:
            return b"-%s\r\n" % str(answer).encode()


def sentinel(port: int, epoch: int | None = None) -> Answer:
    """A sentinel that names the server at `port` as the master. Without an epoch it only knows its name."""

    def answer(command: list[str]) -> Any:
        if command[:2] == ["SENTINEL", "GET-MASTER-ADDR-BY-NAME"]:
            return [b"127.0.0.1", b"%d" % port]
        if command[:2] == ["SENTINEL", "MASTER"] and epoch is not None:
            return [b"name", b"canvas", b"config-epoch", b"%d" % epoch]
        return RuntimeError("ERR unknown command")

    return answer


def node(ranges: list[tuple[int, int, int]], epoch: int | None = None, role: str = "master") -> Answer:
    """A cluster node that says which ports own which slots, all since one configuration epoch."""

    def answer(command: list[str]) -> Any:
        if command == ["CLUSTER", "SLOTS"]:
            return [[first, last, [b"127.0.0.1", port, b"id%d" % port]] for first, last, port in ranges]
        if command == ["CLUSTER", "NODES"] and epoch is not None:
            lines = [
                f"id{port} 127.0.0.1:{port}@{port + 1} master - 0 0 {epoch} connected {first}-{last}"
                for first, last, port in ranges
            ]
            return "\n".join(lines).encode()
        if command == ["ROLE"]:
            return [role.encode(), 0, []]
        return RuntimeError("ERR unknown command")

    return answer


def replica_of(port: int) -> Answer:
    """A server that is a replica of the one at `port`."""

    def answer(command: list[str]) -> Any:
        if command == ["ROLE"]:
            return [b"slave", b"127.0.0.1", port, b"connected", 1]
        return RuntimeError("READONLY You can't write against a read only replica.")

    return answer
