"""Figures from results, for the tables, plots and conclusions of docs/performance.md. Medians over rounds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.load_generator import GENERATOR_LIMIT, Shape

Row = dict[str, Any]
MEASURED = ("fanout", "large_channel", "quiet", "memory", "connecting", "cursors", "processes", "page", "soak")


class Results:
    """What was measured, by name of the measure; a measure that was not taken has no rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def rows(self, name: str, server: str | None = None) -> list[Row]:
        rows = self._files.get(name, {}).get("rows", [])
        return [row for row in rows if "failed" not in row and server in (None, row.get("server"))]

    def file(self, name: str) -> Row:
        return dict(self._files.get(name, {}))

    def all(self) -> list[Row]:
        return list(self._files.values())

    def machines(self) -> list[Row]:
        files = [file for file in self._files.values() if file.get("benchmark") in MEASURED]
        return [file["machine"] for file in files] + [
            each["machine"] for file in files for each in file.get("later", [])
        ]

    def noise(self) -> float:
        """Of a core, used by others: the median over all probes."""
        probes = [probe for row in self.rows("fanout") for probe in row["probes"]]
        return statistics.median(probe["others_cpu"] for probe in probes) if probes else 0.0


def middle(rows: Iterable[Row], take: Callable[[Row], float | None]) -> float | None:
    found = [value for value in map(take, rows) if value is not None]
    return float(statistics.median(found)) if found else None


def shapes(results: Results) -> list[Row]:
    seen: list[Row] = []
    for row in results.rows("fanout"):
        if row["shape"] not in seen:
            seen.append(row["shape"])
    return seen


def shape_title(shape: Row) -> str:
    one = f"{shape['people']:,} in one channel"
    if all_speak(shape):
        one += ", all speaking"
    return one if shape["channels"] == 1 else f"{shape['channels']:,} channels of {shape['people']:,}"


def all_speak(shape: Row) -> bool:
    """Of a crowd: in a channel smaller than the usual number of speakers, everybody speaks anyhow."""
    return bool(shape.get("speakers", 0) >= shape["people"] > Shape(0).speakers)


def kept(results: Results, server: str, shape: Row, key: Callable[[Row], float | None]) -> float | None:
    rows = [row["kept"] for row in results.rows("fanout", server) if row["shape"] == shape and row["kept"]]
    return middle(rows, key)


def rate(results: Results, server: str, shape: Row) -> float | None:
    """Deliveries a second at the highest rate that was kept: what was asked for, all of which arrived."""
    return kept(results, server, shape, lambda row: row["rate"] * (shape["people"] - 1))


def generator_bound(results: Results, server: str, shape: Row) -> bool:
    """The generator was near its own end at that rate: the server may be able to do more."""
    return (kept(results, server, shape, lambda row: row["generator_cpu"]) or 0.0) > GENERATOR_LIMIT


def latency(rows: Iterable[Row], at: str) -> float | None:
    """Of rows in which anything arrived at all."""
    return middle(rows, lambda row: row["latency"][at] if row["heard"] else None)


SMALL: dict[str, tuple[str, Callable[[Row], float | None], str, str]] = {
    "p50, quiet": ("quiet", lambda row: row["latency"]["p50_ms"], ".2f", " ms"),
    "p99, quiet": ("quiet", lambda row: row["latency"]["p99_ms"], ".2f", " ms"),
    "CPU, quiet": ("quiet", lambda row: row["server_cpu"], ".1%", ""),
    "idle connection": ("memory", lambda row: row["idle_bytes_each"] / 1024, ".1f", " KiB"),
    "busy connection": ("memory", lambda row: row["busy_bytes_each"] / 1024, ".1f", " KiB"),
    "connects/s": ("connecting", lambda row: row["connects_per_s"], ",.0f", ""),
    "storm, all back": ("connecting", lambda row: row["storm_s"], ".2f", " s"),
    "start": ("quiet", lambda row: row["start_s"], ".2f", " s"),
}
MORE_IS_BETTER = ("connects/s",)


def small(results: Results, server: str, name: str) -> float | None:
    measure, take, _, _ = SMALL[name]
    return middle(results.rows(measure, server), take)


PROFILED = {"small": "Many small channels", "crowd": "One crowd"}
"""Profiles are in results/profiles/, as NAME-before.json and NAME-after.json."""


def profiles(results: Results) -> list[tuple[str, list[tuple[str, dict[str, float]]]]]:
    """What a message costs and where, before and after: (title, (when, µs of the server's processor by part))."""
    panels = []
    for name, title in PROFILED.items():
        rows = []
        for when in ("before", "after"):
            path = results.folder / "profiles" / f"{name}-{when}.json"
            if path.exists():
                file = json.loads(path.read_text())
                each_us = file["row"]["server_cpu"] / file["rate"] * 1e6
                label = f"{when}, {file['rate'] / 1000:.0f}k/s, p99 {file['row']['latency']['p99_ms']:.0f} ms"
                rows.append((label, {part: share * each_us for part, share in file["shares"].items()}))
        if len(rows) == 2:
            panels.append((f"{title}: {shape_title(file['shape'])}", rows))
    return panels
