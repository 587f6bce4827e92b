"""`make bench`: the generator and the peers, built from their lock files, then the measurements.

Rust builds the generator; Go, Node and Python the peers. Only the generator is needed: a peer whose tools are not
here is left out, and it is said what to install. None of this is used by `make run` or `make test`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts import page, python_env, stamp, system
from scripts.command import ROOT, Failure, say, step

CRATE = ROOT / "benchmarks" / "crowd"
PEERS = ROOT / "benchmarks" / "peers"
PEERS_VENV = PEERS / ".venv"
PEERS_LOCK = PEERS / "python" / "requirements.txt"
GO_PROGRAMS = {
    "gin_melody": ("hub", "."),
    "centrifugo": ("centrifugo", "github.com/centrifugal/centrifugo/v6"),
}
MADE = (
    CRATE / "target",
    PEERS_VENV,
    PEERS / "node" / "node_modules",
    *(PEERS / folder / "bin" for folder in GO_PROGRAMS),
)
RUST_FIX = "sudo apt-get install cargo (Debian 13 or later, Ubuntu 24.04 or later), or see https://rustup.rs"
FAILED = "make bench (once the error above is mended)"


def ensure(node: page.Node) -> Mapping[str, str]:
    """Everything that can be built here; where the programs are that the measurements start, as variables."""
    if not sys.platform.startswith("linux"):
        raise Failure(
            "benchmarks run on Linux only",
            "the generator waits with epoll, and a server is kept on its core with sched_setaffinity",
            "make bench (in a container or virtual machine with Linux)",
        )
    programs = system.ensure()
    _generator()
    _go_peers()
    _python_peers()
    _node_peers(node)
    return programs


def _generator() -> None:
    cargo = shutil.which("cargo")
    if cargo is None:
        raise Failure("no cargo on the PATH", "the load generator is written in Rust", RUST_FIX)
    step("building the load generator", [cargo, "build", "--release", "--locked"], cwd=CRATE, network=True, fix=FAILED)


def _go_peers() -> None:
    go = shutil.which("go")
    for folder, (program, package) in GO_PROGRAMS.items():
        if go is None:
            say(f"no go on the PATH: {folder} is left out (to have it: sudo apt-get install golang, or go.dev/dl)")
            continue
        step(
            f"building {folder} (the first time takes minutes)",
            [go, "build", "-mod=readonly", "-o", f"bin/{program}", package],
            cwd=PEERS / folder,
            network=True,
            fix=FAILED,
        )


def _python_peers() -> None:
    mark = PEERS_VENV / ".stamp"
    wanted = stamp.fingerprint([PEERS_LOCK.read_bytes(), sys.version.encode()])
    if stamp.read(mark) == wanted:
        return
    shutil.rmtree(PEERS_VENV, ignore_errors=True)
    # The project's own environment stays as users get it, so the peers have another.
    step("creating the environment of the peers in Python", [sys.executable, "-m", "venv", PEERS_VENV], fix=FAILED)
    step(
        "installing the locked peers in Python",
        [PEERS_VENV / "bin" / "pip", "install", "--quiet", "--require-hashes", "-r", PEERS_LOCK],
        network=True,
        fix=FAILED,
    )
    stamp.write(mark, wanted)


def _node_peers(node: page.Node) -> None:
    folder = PEERS / "node"
    lock = (folder / "package-lock.json").read_bytes()
    mark = folder / "node_modules" / ".stamp"
    wanted = stamp.fingerprint([lock])
    if stamp.read(mark) == wanted:
        return
    step(
        "installing the peers on Node (npm ci)",
        # bufferutil brings its native part ready made; where it does not, `ws` does without.
        [*node.npm, "ci", "--no-audit", "--no-fund"],
        cwd=folder,
        env=node.environment(),
        network=True,
        fix=FAILED,
    )
    stamp.write(mark, wanted)


def commands(*, full: bool, arguments: Sequence[str]) -> list[list[str | Path]]:
    """What is run, one after the other. `arguments` are the suite's: with any, it runs alone."""
    python = python_env.PYTHON
    if arguments:
        wanted, told = (["--full"], []) if full else ([], ["--quick"])
        return [
            [python, "-m", "benchmarks.suite", *wanted, *arguments],
            [python, "-m", "benchmarks.report", *told],
        ]
    if full:
        return [
            [python, "-m", "benchmarks.suite", "--full"],
            [python, "-m", "benchmarks.page"],
            [python, "-m", "benchmarks.soak"],
            [python, "-m", "benchmarks.report"],
        ]
    few = ["--minutes", "0.4", "--people", "200", "--every", "2"]
    return [
        [python, "-m", "benchmarks.suite"],
        [python, "-m", "benchmarks.page", "--loads", "3", "--keys", "15", "--name", "quick/page"],
        # Too short to judge a slope by: it shows that nothing is lost.
        [python, "-m", "benchmarks.soak", *few, "--name", "quick/soak", "--no-verdict"],
        [python, "-m", "benchmarks.report", "--quick"],
    ]


def run(programs: Mapping[str, str], node: page.Node, *, full: bool, arguments: Sequence[str]) -> None:
    """Measure, printing as it goes. Raises Failure at the first command that fails."""
    path = f"{ROOT / 'src'}{os.pathsep}{ROOT}"
    environment = {**node.environment(), **programs, "PYTHONPATH": path}
    for command in commands(full=full, arguments=arguments):
        shown = " ".join(str(part) for part in command[1:])
        say(shown)
        if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
            raise Failure("a measurement failed", f"`python {shown}` did; see above", FAILED)
