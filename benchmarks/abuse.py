"""What do three people who mean harm cost 200 who do not?

    PYTHONPATH=src:. python -m benchmarks.abuse [--people 200] [--rate 100] [--seconds 2] [--rounds 7] [--kinds ...]

See benchmarks/README.md. In one run and against one server: the honest ones talk alone, then with abusers, alone, with
the next kind, and so on, round after round; each pair of neighbours gives one ratio, and the table has their medians.
Prints it and writes benchmarks/results/abuse.json. Fails when an honest one lost a message.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.abusers import KINDS
from benchmarks.generator import Crowd, Run, percentile
from benchmarks.machine import ROOT, cores, cpu_s, facts, save
from tests.redis_server import until

HONEST = b'"payload":"0@'
"""What only their messages have: a flood's are not counted as theirs."""
SETTLE_S = 0.7
"""For abusers to start, and for what they left to be over."""


@contextlib.contextmanager
def asocial(folder: Path) -> Iterator[tuple[int, str]]:
    """(pid, url) of a server as it is shipped, but for what one address may open: all of these come from one."""
    log = folder / "server.log"
    command = [
        sys.executable,
        "-m",
        "asocial.cli",
        "serve",
        "--env",
        "production",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
    ]
    command += ["--connections-per-minute-per-ip", "0", "--connections-per-ip", "0", "--drain-notice-seconds", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=_environment(), stdout=out, stderr=out)
    try:
        until(lambda: "listening" in log.read_text(), f"the server listening; its log: {log}")
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        url = next(str(entry["url"]) for entry in entries if entry["event"] == "listening")
        yield process.pid, url.replace("http://", "ws://") + "/api/chat?channel=benchmark"
        faults = [line for line in log.read_text().splitlines() if '"level": "error"' in line or "Traceback" in line]
        if faults:
            raise SystemExit("the server logged errors:\n" + "\n".join(faults[:5]))
    finally:
        process.terminate()
        process.wait(40)


@contextlib.asynccontextmanager
async def abusers(url: str, kind: str, core: set[int], told: dict[str, Any]) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.abusers", url, "--kind", kind),
        cwd=ROOT,
        env=_environment(),
        stdout=subprocess.PIPE,
    )
    os.sched_setaffinity(process.pid, core)
    try:
        await asyncio.sleep(SETTLE_S)
        yield
    finally:
        process.terminate()
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        told |= json.loads(out)
        await asyncio.sleep(SETTLE_S)


async def measure(given: argparse.Namespace) -> dict[str, Any]:
    machine, (server_cores, own_core) = facts(), cores()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="asocial-bench-")))
        pid, url = stack.enter_context(asocial(folder))
        os.sched_setaffinity(pid, server_cores)
        os.sched_setaffinity(0, own_core)
        # Enough speakers that nobody reaches the 100 messages a minute of a person.
        crowd = Crowd([url], per_side=given.people, speakers=given.people - 8, witnesses=8, marker=HONEST)
        await crowd.connect()
        await crowd.talk(given.rate, 1.0)  # warm

        runs: list[dict[str, Any]] = []
        for number in range(given.rounds):
            for kind in given.kinds if number % 2 == 0 else reversed(given.kinds):
                alone = await _talk(crowd, given, pid)
                told: dict[str, Any] = {}
                async with abusers(url, kind, own_core, told):
                    beset = await _talk(crowd, given, pid)
                runs.append({"kind": kind, "alone": alone, "beset": beset, **told})
                print(f"round {number + 1}, {kind}: {_brief(runs[-1])}", file=sys.stderr, flush=True)
        crowd.close()
    summary = [_summary([run for run in runs if run["kind"] == kind]) for kind in given.kinds]
    return {"machine": machine, "given": vars(given), "summary": summary, "runs": runs}


async def _talk(crowd: Crowd, given: argparse.Namespace, pid: int) -> dict[str, Any]:
    used = cpu_s(pid)
    run: Run = await crowd.talk(given.rate, given.seconds)
    row = {k: v for k, v in asdict(run).items() if k not in ("within_ms", "across_ms")}
    row["lost"] = run.expected - run.heard
    row["server_cpu"] = round((cpu_s(pid) - used) / run.seconds, 3)
    return row | {f"p{p}_ms": round(percentile(run.within_ms, p / 100), 3) for p in (50, 99)}


def _summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds; ratios are of one pair of neighbours each, then their median."""

    def middle(take: Any) -> float:
        return round(float(statistics.median(take(run) for run in runs)), 3)

    return {
        "kind": runs[0]["kind"],
        "lost": sum(run[when]["lost"] for run in runs for when in ("alone", "beset")),
        **{
            f"{when}_{name}": middle(lambda run, when=when, name=name: run[when][name])
            for when in ("alone", "beset")
            for name in ("p50_ms", "p99_ms", "server_cpu", "generator_cpu")
        },
        "ratio_p50": middle(lambda run: run["beset"]["p50_ms"] / run["alone"]["p50_ms"]),
        "ratio_p99": middle(lambda run: run["beset"]["p99_ms"] / run["alone"]["p99_ms"]),
        "flooded_mb": middle(lambda run: run["flooded_mb"]),
        "thrown_out": {name: sum(run["thrown_out"][name] for run in runs) for name in runs[0]["thrown_out"]},
    }


def _brief(run: dict[str, Any]) -> str:
    alone, beset = run["alone"], run["beset"]
    return (
        f"p99 {alone['p99_ms']} -> {beset['p99_ms']} ms, lost {alone['lost']} -> {beset['lost']}, server "
        f"{alone['server_cpu']} -> {beset['server_cpu']}, flooded {run['flooded_mb']} MB, {run['thrown_out']}"
    )


COLUMNS = {
    "flood of": "{kind}",
    "lost": "{lost}",
    "p50 ms, alone / beset": "{alone_p50_ms:.2f} / {beset_p50_ms:.2f}",
    "p99 ms, alone / beset": "{alone_p99_ms:.2f} / {beset_p99_ms:.2f}",
    "ratio p50 / p99": "{ratio_p50:.2f} / {ratio_p99:.2f}",
    "server CPU, alone / beset": "{alone_server_cpu:.2f} / {beset_server_cpu:.2f}",
    "flooded MB": "{flooded_mb:.1f}",
}


def table(result: dict[str, Any]) -> str:
    rows = [list(COLUMNS), ["---:"] * len(COLUMNS)]
    rows += [[cell.format(**summary) for cell in COLUMNS.values()] for summary in result["summary"]]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASOCIAL_")}
    return kept | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=200, help="honest ones, all in one channel")
    parser.add_argument("--rate", type=float, default=100, help="messages a second, all people together")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--kinds", default=",".join(KINDS), help="of floods")
    parser.add_argument("--name", default="abuse", help="of the result file")
    given = parser.parse_args()
    given.kinds = given.kinds.split(",")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(measure(given))
    print(table(result))
    print(f"\nwritten to {save(given.name, result).relative_to(ROOT)}")
    return 1 if any(row["lost"] for row in result["summary"]) else 0


if __name__ == "__main__":
    sys.exit(main())
