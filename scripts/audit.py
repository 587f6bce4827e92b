"""Known vulnerabilities of what the lock files name: pip-audit for Python, npm audit for the page.

Both ask databases on the network. Behind a mirror that has none of them, that is said, and is not the same as
having found nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts import page, python_env, stamp
from scripts.command import ROOT, capture

HOME = ROOT / ".audit"
LIMIT_S = 180.0


@dataclass
class Findings:
    told: list[str] = field(default_factory=list)
    vulnerable: bool = False
    unasked: bool = False


def run(run_lock: Path, dev_lock: Path, node: page.Node) -> Findings:
    findings = Findings()
    _install()
    for lock in (run_lock, dev_lock):
        _python(lock, findings)
    _page(node, findings)
    return findings


def _install() -> None:
    """pip-audit and what it needs, beside the environment that is audited."""
    lock = python_env.lock_file("audit")
    wanted = stamp.fingerprint([lock.read_bytes()])
    if stamp.read(HOME / ".stamp") == wanted:
        return
    shutil.rmtree(HOME, ignore_errors=True)
    python_env.install(lock, "installing pip-audit into .audit", target=HOME)
    stamp.write(HOME / ".stamp", wanted)


def _python(lock: Path, findings: Findings) -> None:
    command: list[str | Path] = [
        python_env.PYTHON,
        "-m",
        "pip_audit",
        "--requirement",
        lock,
        "--disable-pip",
        "--require-hashes",
    ]
    outcome = capture(
        [*command, "--format", "json", "--progress-spinner", "off"],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        limit_s=LIMIT_S,
    )
    name = lock.relative_to(ROOT)
    found = _json_in(outcome.output)
    if found is None:
        _not_asked(f"{name}: not audited, the database of Python packages cannot be asked", outcome.output, findings)
        return
    packages = found["dependencies"]
    for one in packages:
        for problem in one.get("vulns", ()):
            findings.vulnerable = True
            fixed = ", ".join(problem["fix_versions"]) or "none yet"
            findings.told.append(f"{name}: {one['name']} {one['version']}: {problem['id']}, fixed in {fixed}")
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if len(skipped) == len(packages):
        reason = str(packages[0]["skip_reason"]) if packages else ""
        _not_asked(f"{name}: not audited, the database answers for none of {len(packages)} packages", reason, findings)
        return
    if skipped:
        findings.unasked = True
        findings.told.append(f"{name}: not audited, the database does not know them: {', '.join(skipped)}")
    findings.told.append(f"{name}: {len(packages) - len(skipped)} packages audited")


def _page(node: page.Node, findings: Findings) -> None:
    outcome = capture([*node.npm, "audit", "--json"], cwd=page.WEB, env=node.environment(), limit_s=LIMIT_S)
    name = "web/package-lock.json"
    found = _json_in(outcome.output)
    if found is None or "metadata" not in found:
        _not_asked(f"{name}: not audited, the registry has no audit endpoint that answers", outcome.output, findings)
        return
    for package, problem in sorted(found["vulnerabilities"].items()):
        findings.vulnerable = True
        findings.told.append(f"{name}: {package}: {problem['severity']}, in {problem['range']}")
    findings.told.append(f"{name}: {found['metadata']['dependencies']['total']} packages audited")


def _not_asked(what: str, output: str, findings: Findings) -> None:
    findings.unasked = True
    said = [line.strip() for line in output.splitlines() if line.strip(" {}")]
    findings.told.append(f"{what} ({said[0][:200] if said else 'it said nothing'})")


def _json_in(output: str) -> dict[str, Any] | None:
    """The JSON object that a tool printed among its other words."""
    for at, character in enumerate(output):
        if character == "{":
            try:
                found, _ = json.JSONDecoder().raw_decode(output[at:])
            except ValueError:
                continue
            return found if isinstance(found, dict) else None
    return None
