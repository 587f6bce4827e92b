"""Memory of the default server with nobody connected, and what it imports.

    python -m benchmarks.idle [--runs 5]

RSS counts every page that the process has mapped; PSS counts a page that n processes share as an n-th. Linux only.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO, NamedTuple

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024


class Memory(NamedTuple):
    rss_bytes: int
    pss_bytes: int


@contextmanager
def default_server(*interpreter_flags: str, stderr: IO[bytes] | int = subprocess.DEVNULL) -> Iterator[int]:
    """The pid of `asocial serve` without any setting but its address. It listens, and ends with the block.

    As in the image, it does not find the libraries of the extra `cli`: structlog imports rich (5 MiB) if it is there.
    """
    with tempfile.TemporaryDirectory() as hidden:
        (Path(hidden) / "rich.py").write_text("raise ImportError('not in the image')\n")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
        process = subprocess.Popen(
            [sys.executable, *interpreter_flags, "-m", "asocial.cli", "serve", "--host", "127.0.0.1", "--port", "0"],
            cwd=ROOT,
            env=environ | {"PYTHONPATH": os.pathsep.join((hidden, str(ROOT / "src"))), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
        try:
            assert process.stdout is not None
            if not any(b"http://" in line for line in process.stdout):
                raise RuntimeError(f"the server ended with code {process.wait()} before it listened")
            yield process.pid
        finally:
            process.terminate()
            process.communicate()


def memory_of(pid: int) -> Memory:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = {name: int(kilobytes) * 1024 for name, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB$", text, re.MULTILINE)}
    return Memory(sizes["Rss"], sizes["Pss"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Memory of the default server with nobody connected.")
    parser.add_argument("--runs", type=int, default=5)
    runs = []
    for number in range(1, parser.parse_args().runs + 1):
        with default_server() as pid:
            runs.append(memory_of(pid))
        print(
            f"run {number}: RSS {runs[-1].rss_bytes / MIB:.1f} MiB, PSS {runs[-1].pss_bytes / MIB:.1f} MiB", flush=True
        )
    rss, pss = (median(values) / MIB for values in zip(*runs, strict=True))
    print(f"median: RSS {rss:.1f} MiB, PSS {pss:.1f} MiB")


if __name__ == "__main__":
    main()
