"""Known vulnerabilities of the locked packages: `uv audit` for Python, `npm audit` for the page.

Both ask a database on the network. One that does not answer is reported, and only --strict makes that a failure:
not asked is not the same as nothing found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from enum import IntEnum


class Answer(IntEnum):
    CLEAN = 0
    VULNERABLE = 1
    UNREACHABLE = 2


def python() -> Answer:
    """All groups and extras in uv.lock. uv ends with 0 (nothing found), 1 (something) or 2 (not asked)."""
    # `uv run` says in UV where it is.
    uv = os.environ.get("UV", "uv")
    return Answer(min(subprocess.run([uv, "audit", "--frozen"], check=False).returncode, Answer.UNREACHABLE))


def page() -> Answer:
    done = subprocess.run(["npm", "--prefix", "web", "audit", "--json"], capture_output=True, text=True, check=False)
    return judge(done.stdout)


def judge(output: str) -> Answer:
    """npm ends with 1 both for a vulnerability and for a registry that does not answer; its JSON tells which."""
    try:
        found = json.loads(output)
        vulnerabilities = found["vulnerabilities"]
    except (ValueError, KeyError):
        print(f"web/package-lock.json: the registry answered: {' '.join(output.split())[:160] or 'nothing'}")
        return Answer.UNREACHABLE
    for name, problem in sorted(vulnerabilities.items()):
        print(f"web/package-lock.json: {name} {problem['range']}: {problem['severity']}")
    print(f"web/package-lock.json: {found['metadata']['dependencies']['total']} packages audited")
    return Answer.VULNERABLE if vulnerabilities else Answer.CLEAN


def main(arguments: Sequence[str]) -> int:
    answers = {"uv.lock": python(), "web/package-lock.json": page()}
    for lock in (lock for lock, answer in answers.items() if answer is Answer.UNREACHABLE):
        print(f"{lock}: not audited, its database cannot be reached", flush=True)
    if Answer.VULNERABLE in answers.values():
        print("a locked package has a known vulnerability: make lock ARGS=--upgrade", file=sys.stderr)
        return 1
    return int("--strict" in arguments and Answer.UNREACHABLE in answers.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
