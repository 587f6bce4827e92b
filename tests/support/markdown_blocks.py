"""The fenced blocks of a Markdown page, and running those that are shell commands."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.waiting import PATIENCE_S

_FENCE = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """`line`: where its text begins, counted from 1."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that name a language, in order."""
    text = page.read_text(encoding="utf-8")
    return [Block(page, text.count("\n", 0, match.start(3)) + 1, match[2], match[3]) for match in _FENCE.finditer(text)]


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
