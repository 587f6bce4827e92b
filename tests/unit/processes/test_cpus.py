"""How many processes `auto` means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from asocial.processes.cpus import available

HERE = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", HERE), ("100000 100000", 1), ("50000 100000", 1), ("99900000 100000", HERE), ("nonsense", HERE)],
)
def test_a_limit_of_the_container_counts(tmp_path: Path, limit: str, expected: int) -> None:
    (tmp_path / "cpu.max").write_text(limit + "\n")
    assert available(tmp_path / "cpu.max") == expected


def test_without_a_limit_the_processors_count(tmp_path: Path) -> None:
    assert available(tmp_path / "none") == HERE
