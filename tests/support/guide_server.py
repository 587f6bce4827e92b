"""The server that a reader of a guide starts: a block whose last command runs until it is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.markdown_blocks import Block, replaced
from tests.support.ports import reserve_port
from tests.support.server import http_get
from tests.support.source import SOURCE
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[2]


class GuideServer:
    """`env`: the reader's, in which `asocial` is installed and its port is free. `folder`: where the reader is."""

    def __init__(self, folder: Path) -> None:
        self.port = reserve_port(self)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(SOURCE), "ASOCIAL_PORT": str(self.port), "no_proxy": "*"}
        self.env = inherited | own
        self.addresses = {"localhost:8080": f"127.0.0.1:{self.port}"}
        """What takes the place of the address in the guides."""
        self._folder = folder
        self._log = folder / "server.log"
        self._started: subprocess.Popen[bytes] | None = None

    async def start(self, block: Block, replace: Mapping[str, str]) -> None:
        """Run the block, and wait until the server answers."""
        self._spawn(replaced(block, replace))
        await eventually(self._answers, f"the server of {block} answers; its log: {self._log}")

    def _spawn(self, commands: str) -> None:
        with self._log.open("wb") as log:
            self._started = subprocess.Popen(
                ["sh", "-euc", commands],
                cwd=self._folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def end(self) -> None:
        if self._started is not None:
            os.killpg(self._started.pid, signal.SIGKILL)
            self._started.wait()

    async def _answers(self) -> bool:
        assert self._started is not None
        assert self._started.poll() is None, f"it ended:\n{self._log.read_text()}"
        try:
            return (await http_get(self.port, "/ready")).status == 200
        except OSError:
            return False
