"""The programs that check deploy/, and the message when one is missing.

`make system-deploy` installs them. Under `make test-deploy` a missing one fails the test; under plain pytest and
`make test` the test is skipped, with the command that installs the tool as the reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
TIME_LIMIT_S = 120.0

INSTALL = {
    **dict.fromkeys(
        ("promtool", "prometheus", "amtool", "nginx", "haproxy", "debootstrap", "redis-cli", "shellcheck", "busybox"),
        "make system-deploy",
    ),
    "actionlint": "make .tools/actionlint",
}


def tool(name: str) -> str:
    """The path of a program: from .venv, then from .tools, then from the PATH."""
    places = os.pathsep.join((str(Path(sys.executable).parent), str(ROOT / ".tools"), os.environ["PATH"], "/usr/sbin"))
    found = shutil.which(name, path=places)
    if found is None:
        why = f"{name} not found: {INSTALL.get(name, 'make env')} installs it"
        if os.environ.get("ASOCIAL_TEST_DEPLOY"):
            pytest.fail(why)
        pytest.skip(why)
    return found


def run(name: str, *arguments: str | Path, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """What the program printed. Fails with it if the program does."""
    done = subprocess.run(
        [tool(name), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{name} {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"
    return done.stdout
