"""Processes whose clock a test sets while they run (fake_clock.c). The test's own clock is not touched."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("fake_clock.c")
NO_COMPILER = "no C compiler (cc) on this machine: a process's clock cannot be set without one"


class FakeClock:
    """One clock. Every process started within `seen` sees it."""

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / f"clock-{name}"
        self._file.write_bytes(struct.pack("=q", 0))
        self._library = folder / "fake_clock.so"
        if not self._library.exists():
            compiler = shutil.which("cc")
            if compiler is None:
                pytest.skip(NO_COMPILER)
            subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", self._library, SOURCE], check=True)

    def set(self, ahead_s: float) -> None:
        """From now on the clock is so far ahead of the machine's."""
        with self._file.open("r+b") as file, mmap.mmap(file.fileno(), 8) as mapped:
            mapped[:8] = struct.pack("=q", round(ahead_s * 1000))

    @contextlib.contextmanager
    def seen(self) -> Iterator[None]:
        before = {name: os.environ.get(name) for name in ("LD_PRELOAD", "TEST_CLOCK_FILE")}
        os.environ |= {"LD_PRELOAD": str(self._library), "TEST_CLOCK_FILE": str(self._file)}
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
