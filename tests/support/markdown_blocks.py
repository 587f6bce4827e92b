"""The fenced blocks of a Markdown page, and running them: a shell block by itself, or all as a reader does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import PATIENCE_S, eventually

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w.-]+\.py)`")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d(,\d+)?")
# The packages are there already: what `pip` would install, the tests of the package install.
_PRELUDE = """
pip() { [ "$1" = install ] && [ -e "${2%%[*}/pyproject.toml" ] && echo "installed $2"; }
[ -e environment ] && . ./environment
"""


@dataclass(frozen=True)
class Block:
    """`line`: where its text begins, counted from 1. `file`: the last Python file that the page names before it."""

    page: Path
    line: int
    language: str
    text: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that name a language, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(3)) + 1
        named = _FILE.findall(text, 0, match.start())
        found.append(Block(page, line, match[2], match[3], named[-1] if named else ""))
    return found


def run_shell(block: Block, *, cwd: Path, env: Mapping[str, str], replace: Mapping[str, str] | None = None) -> str:
    """What the commands of a block print. `replace`: text of the block -> what takes its place. Fails as they do."""
    done = subprocess.run(
        ["sh", "-euc", replaced(block, replace or {})],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, f"{block} ended with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def replaced(block: Block, replace: Mapping[str, str]) -> str:
    """The text of a block, with other text in some places. Fails if a place is not there."""
    text = block.text
    for old, new in replace.items():
        assert old in text, f"{block} has no {old!r}"
        text = text.replace(old, new)
    return text


class Reader:
    """Runs the blocks of a page in their order, in `folder`, where the checkout's packages are.

    | block | what happens |
    |---|---|
    | `python` | is saved as the file that the sentence before it names |
    | `sh` | runs in bash; variables and an activated environment stay for the blocks after it |
    | `sh`, a command that does not end by itself | runs until the end of the page |
    | `text` | each line must be in the output of a command before it; times may differ |

    `replace`: text of any block -> what takes its place. `lasting`: parts of commands that do not end.
    """

    def __init__(self, folder: Path, replace: Mapping[str, str], lasting: tuple[str, ...]) -> None:
        self._folder = folder
        self._replace = replace
        self._lasting = lasting
        self._running: list[asyncio.subprocess.Process] = []
        self._reading: list[asyncio.Task[None]] = []
        self.output = ""
        (folder / "packages").symlink_to(ROOT / "packages")

    async def read(self, block: Block) -> None:
        text = block.text
        for old, new in self._replace.items():
            text = text.replace(old, new)
        match block.language:
            case "python":
                (self._folder / block.file).write_text(text)
            case "sh":
                await self._run(text)
            case "text":
                for line in text.splitlines():
                    await self.shows(line)
            case other:
                raise AssertionError(f"{block} is of an unknown kind: {other!r}")

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
