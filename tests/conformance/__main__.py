"""Run the Autobahn test suite against the endpoint and print what it found.

    PYTHONPATH=src:. python -m tests.conformance WSTEST [--large] [--cases 1.* 2.* ...]

WSTEST is the suite's command. The suite is written for Python 2.7:

    python2.7 -m virtualenv suite && suite/bin/pip install autobahntestsuite==25.10.1     # suite/bin/wstest

Ends with 0 when no case failed but those that docs/conformance.md explains.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop

from tests.conformance.echo import serve

PORT = 18_417
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
GOOD = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED")
TOO_LARGE = ("1.1.7", "1.1.8", "1.2.7", "1.2.8", "9.1", "9.2", "9.3", "9.4", "9.5", "9.6", "10.1")
"""Messages of 64 KiB and more: ours are at most 4 KiB, and W28 closes with 1009."""


async def run(wstest: str, cases: list[str], *, large: bool) -> dict[str, Any]:
    """The suite's own index of results, by case."""
    with tempfile.TemporaryDirectory(prefix="asocial-autobahn-") as folder:
        spec = Path(folder) / "spec.json"
        server = {"agent": "asocial", "url": f"ws://127.0.0.1:{PORT}/api/chat"}
        spec.write_text(
            json.dumps({"outdir": f"{folder}/reports", "servers": [server], "cases": cases, "exclude-cases": []})
        )
        serving = asyncio.create_task(serve(PORT, large=large))
        try:
            await asyncio.sleep(0.5)
            suite = await asyncio.create_subprocess_exec(
                *(wstest, "--mode", "fuzzingclient", "--spec", str(spec)), stdout=asyncio.subprocess.DEVNULL
            )
            await suite.wait()
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        found: dict[str, Any] = json.loads((Path(folder) / "reports" / "index.json").read_text())["asocial"]
        return found


def explained(case: str) -> bool:
    return f"{case}.".startswith(tuple(f"{group}." for group in TOO_LARGE))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wstest")
    parser.add_argument("--cases", nargs="+", default=CASES)
    parser.add_argument("--large", action="store_true", help="without our limits of size and pace")
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(run(given.wstest, given.cases, large=given.large))
    groups: dict[int, Counter[str]] = {}
    for case, result in found.items():
        groups.setdefault(int(case.partition(".")[0]), Counter())[result["behavior"]] += 1
    for group in sorted(groups):
        print(f"{group:>3}  " + ", ".join(f"{count} {what}" for what, count in groups[group].most_common()))
    bad = {
        case: (result["behavior"], result["behaviorClose"])
        for case, result in found.items()
        if result["behavior"] not in GOOD or result["behaviorClose"] not in GOOD
    }
    for case, (behavior, close) in bad.items():
        why = " (above our limit)" if not given.large and explained(case) else ""
        print(f"{case}: {behavior}, close {close}{why}")
    return 1 if any(given.large or not explained(case) for case in bad) else 0


if __name__ == "__main__":
    sys.exit(main())
