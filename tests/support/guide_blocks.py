"""Runs the fenced blocks of a guide, in their order, as a reader does.

| block | what happens |
|---|---|
| `python` | is saved as the file that the sentence before it names |
| `sh` | runs in bash; variables and an activated environment stay for the blocks after it |
| `sh`, a command that does not end by itself | runs until the end of the guide |
| `text` | each line must be in the output of a command before it; times may differ |
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w.-]+\.py)`")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(,\d+)?")
# The packages are there already: what `pip` would install, the tests of the package install.
_PRELUDE = """
pip() { [ "$1" = install ] && [ -e "${2%%[*}/pyproject.toml" ] && echo "installed $2"; }
[ -e environment ] && . ./environment
"""


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    file: str
    """The last file that the text before the block names."""


def blocks_of(guide: Path, replaced: Mapping[str, str]) -> list[Block]:
    """The guide's blocks. `replaced`: what stands for something else in a test."""
    text = guide.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        content = match[2]
        for old, new in replaced.items():
            content = content.replace(old, new)
        named = _FILE.findall(text, 0, match.start())
        found.append(Block(match[1], content, named[-1] if named else ""))
    return found


class Reader:
    """Works in `folder`, where the checkout's packages are. `lasting`: parts of commands that do not end."""

    def __init__(self, folder: Path, lasting: tuple[str, ...]) -> None:
        self._folder = folder
        self._lasting = lasting
        self._running: list[asyncio.subprocess.Process] = []
        self._reading: list[asyncio.Task[None]] = []
        self.output = ""
        (folder / "packages").symlink_to(ROOT / "packages")

    async def read(self, block: Block) -> None:
        if block.kind == "python":
            (self._folder / block.file).write_text(block.text)
        elif block.kind == "sh":
            await self._run(block.text)
        elif block.kind == "text":
            for line in block.text.splitlines():
                await self.shows(line)
        else:
            raise AssertionError(f"a block of an unknown kind: {block.kind!r}")

    async def shows(self, line: str) -> None:
        """Wait until the output has this line, with any time in it."""
        expected = _TIME.sub("TIME", line)
        await eventually(lambda: expected in _TIME.sub("TIME", self.output), f"the output has {line!r}")

    async def close(self) -> None:
        for process in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # bash, and what it runs
            await process.wait()
        await asyncio.gather(*self._reading)

    async def _run(self, commands: str) -> None:
        script = f"set -eu\n{_PRELUDE}\n{commands}\nexport -p > environment\n"
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", script,
            cwd=self._folder,
            env={
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": ":".join(path for path in sys.path if path),
                "HOME": str(self._folder),
                "PYTHONUNBUFFERED": "1",
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        self._running.append(process)
        self._reading.append(asyncio.create_task(self._collect(process)))
        if any(part in commands for part in self._lasting):
            return
        async with asyncio.timeout(PATIENCE_S):
            code = await process.wait()
        assert code == 0, f"exit code {code} of {commands!r}; output so far: {self.output}"

    async def _collect(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while chunk := await process.stdout.read(4096):
            self.output += chunk.decode(errors="replace")
