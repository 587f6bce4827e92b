"""What a result was measured on and with, and where each process runs. Written into every result file."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import threading
import time
import timeit
from importlib import metadata
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SOURCE = Path(os.environ.get("ASOCIAL_BENCHMARK_SOURCE") or ROOT / "src").resolve()
"""Where the package is that the servers run: `make compile` puts a compiled one into build/compiled."""
PACKAGES = ("aiohttp", "hiredis", "msgspec", "uvloop")


def facts() -> dict[str, Any]:
    """Machine, commit and versions. `dirty`: the sources are not those of the commit.

    `compiled`: the server runs modules compiled to C (scripts/compile.py).
    `python_call_ns`: how long a call of a small function takes, at best. It tells apart machines, and builds of Python:
    one without profile-guided optimization, as pyenv builds it, takes 1.4 times as long as Debian's.
    """
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "load_average_1m": round(os.getloadavg()[0], 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "python_call_ns": _call_ns(),
        "commit": _output("git", "rev-parse", "HEAD"),
        "compiled": any(SOURCE.rglob("*.so")),
        "dirty": bool(_output("git", "status", "--porcelain", "--", "src")),
        "redis": _redis(),
        **{name: metadata.version(name) for name in PACKAGES},
    }


def _call_ns() -> float:
    calls, made = 20_000, "def double(number): return (number, number + number)"
    best = min(
        timeit.repeat("for number in numbers: double(number)", f"{made}\nnumbers = range({calls})", number=1, repeat=9)
    )
    return round(best / calls * 1e9, 1)


def cores() -> tuple[set[int], set[int]]:
    """(for the servers, for the generator): the last core is the generator's own, if there are two."""
    here = sorted(os.sched_getaffinity(0))
    return (set(here[:-1]), {here[-1]}) if len(here) > 1 else (set(here), set(here))


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, children not counted (proc(5): utime and stime, in clock ticks)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid: int) -> float:
    """The most memory that a process has had since it began, or since `forget_peak_rss` (proc(5): VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise OSError(f"/proc/{pid}/status has no VmHWM")


def forget_peak_rss(pid: int) -> None:
    """From now on `peak_rss_mib` is about what comes (proc(5): clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def busy_s() -> float:
    """Processor time that all programs on the machine have used, and what neighbours stole (proc(5), stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class CoreSpeed:
    """How fast one core is while something else is measured: a fixed piece of work, SAMPLES_PER_SECOND times a second,
    in a thread on that core. It takes about a thousandth of the core.

    Where neighbours share a processor, a core may have half its speed for seconds, and nothing else shows it: the work
    takes twice the processor time, and none of it counts as stolen.
    """

    SAMPLES_PER_SECOND = 4

    def __init__(self, core: int) -> None:
        self._core = core
        self._took: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def mean_us(self) -> float:
        """How long the work took on average, in microseconds."""
        return sum(self._took) / len(self._took) * 1e6

    def row(self) -> dict[str, list[int]]:
        """`core_us`: how long the work took, in microseconds: the tenth, the half and nine tenths of the times."""
        took = sorted(self._took)
        return {"core_us": [round(took[len(took) * part // 10] * 1e6) for part in (1, 5, 9)]}

    def _run(self) -> None:
        os.sched_setaffinity(0, {self._core})
        while not self._over.wait(1 / self.SAMPLES_PER_SECOND):
            before = time.thread_time()
            for _ in range(10_000):
                pass
            self._took.append(time.thread_time() - before)


def save(name: str, result: dict[str, Any]) -> Path:
    """Write `result` as the newest one of that name."""
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
    return path


def load(name: str) -> dict[str, Any]:
    """The newest result of that name."""
    return dict(json.loads((RESULTS / f"{name}.json").read_text()))


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _redis() -> str:
    binary = os.environ.get("REDIS_SERVER") or shutil.which("redis-server") or "redis-server"
    return _output(binary, "--version")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
