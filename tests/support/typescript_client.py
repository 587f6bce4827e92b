"""@asocial/client in a Node or Deno process, driven from a test (typescript_driver.mjs)."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.waiting import PATIENCE_S

DRIVER = Path(__file__).with_name("typescript_driver.mjs")


class RemoteError(Exception):
    """The promise was rejected. `fields`: those of the error."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields["message"])
        self.fields = fields


class RemoteChannel:
    """One channel in the process."""

    def __init__(self, node: Node, name: str) -> None:
        self._node = node
        self._name = name
        self.events: list[tuple[str, Any]] = []
        """All that came, in order."""
        self._read = 0
        self.arrived = asyncio.Event()

    async def call(self, method: str, *arguments: Any) -> Any:
        """The result of the method. Raises RemoteError."""
        return await self._node.request(channel=self._name, call=[method, *arguments])

    async def get(self, name: str) -> Any:
        return await self._node.request(channel=self._name, get=name)

    async def moderate(self, method: str, *arguments: Any) -> Any:
        return await self._node.request(channel=self._name, moderate=[method, *arguments])

    async def draft(self, method: str, *arguments: Any) -> Any:
        return await self._node.request(channel=self._name, draft=[method, *arguments])

    async def next(self, kind: str, where: Callable[[Any], bool] = lambda data: True) -> Any:
        """The data of the next event of this kind; others before it are dropped."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._read < len(self.events):
                    type_, data = self.events[self._read]
                    self._read += 1
                    if type_ == kind and where(data):
                        return data
                self.arrived.clear()
                await self.arrived.wait()

    def add(self, type_: str, data: Any) -> None:
        self.events.append((type_, data))
        self.arrived.set()


class Node:
    """A Node or Deno process in a folder that has @asocial/client in its node_modules."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._channels: dict[str, RemoteChannel] = {}
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, folder: Path, runtime: str = "node") -> Node:
        script = shutil.copy(DRIVER, folder / "driver.mjs")
        process = await asyncio.create_subprocess_exec(
            *command_of(runtime), script, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        return cls(process)

    async def connect(self, server: str, channel: str | None = "garden", **options: Any) -> RemoteChannel:
        """Connect, and wait for nothing."""
        name = str(len(self._channels))
        remote = self._channels[name] = RemoteChannel(self, name)
        await self.request(channel=name, connect=[server, channel, options])
        return remote

    async def join(self, server: str, channel: str | None = "garden", **options: Any) -> RemoteChannel:
        """Connect, and wait until it is live."""
        remote = await self.connect(server, channel, **options)
        async with asyncio.timeout(PATIENCE_S):
            await remote.call("ready")
        return remote

    async def request(self, **request: Any) -> Any:
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, **request}).encode() + b"\n")
        return await answer

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            answer = json.loads(line)
            if "type" in answer:
                self._channels[answer["channel"]].add(answer["type"], answer["data"])
                continue
            waiting = self._waiting.pop(answer["id"])
            if waiting.done():
                continue
            if "error" in answer:
                waiting.set_exception(RemoteError(answer["error"]))
            else:
                waiting.set_result(answer.get("ok"))


def command_of(runtime: str) -> list[str]:
    """What runs a script on `node` or `deno`: the one in ASOCIAL_TEST_NODE or ASOCIAL_TEST_DENO, or on the PATH."""
    setting = f"ASOCIAL_TEST_{runtime.upper()}"
    program = shutil.which(os.environ.get(setting) or runtime)
    if program is None:
        assert runtime != "node", "no node on the PATH: see CONTRIBUTING.md"
        pytest.skip(f"no {runtime}: put it on the PATH or name it in {setting}; `make test-runtimes` installs it")
    if runtime == "deno":
        return [program, "run", "--quiet", "--allow-all", "--no-lock"]
    # Node 20 has a WebSocket with a flag only.
    return [program] if _has_websocket(program) else [program, "--experimental-websocket", "--no-warnings"]


@functools.cache
def _has_websocket(node: str) -> bool:
    return subprocess.check_output([node, "--print", "typeof WebSocket"], text=True).strip() == "function"
