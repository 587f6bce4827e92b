"""Compiles the modules that a message passes to C, with mypyc (decision 0043).

    python -m scripts.compile FOLDER     writes a copy of the package there, compiled modules beside their sources
    python -m scripts.compile --check    says what this machine lacks for it

Python imports a compiled module in place of its source, so a server with FOLDER first on PYTHONPATH runs them. Needs
a C compiler, Python's headers, and mypy with mypyc (the group `compile` in pyproject.toml).

MODULES are those on the path of a message where compiling gains most. Two kinds stay interpreted: modules whose
coroutines run at every connect, because a compiled coroutine costs more; and modules that the event loop or aiohttp
calls, because a compiled function refuses arguments that are not exactly of the annotated type. What cannot be compiled
without a change of behaviour is refused by scripts/compile_checks.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from scripts.compile_checks import problems

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PACKAGE = "asocial"

MODULES = (
    "domain/flush",
    "domain/limits",
    "domain/live_message_index",
    "domain/outbox",
    "domain/pacing",
    "protocol/frame_reader",
    "protocol/framing",
    "service/backlog",
    "service/channel",
    "service/chat",
    "service/clock",
    "service/counters",
    "service/dispatch",
    "service/read_gate",
    "service/sections",
    "service/writing",
)

# `separate`: one file of C for each module. Together they take more memory to compile than a small builder has.
_SETUP = """
from pathlib import Path
from mypyc.build import mypycify
from setuptools import setup

modules = Path("modules").read_text().split()
setup(ext_modules=mypycify(["--config-file", "mypy.ini", *modules], opt_level="2", debug_level="0", separate=True),
      packages=[])
"""
_MYPY = """
[mypy]
mypy_path = .
explicit_package_bases = True
ignore_missing_imports = True
"""


class CompileError(Exception):
    """The modules cannot be compiled. The text says why."""


def missing() -> list[str]:
    """What this machine lacks, each with what provides it."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    header = Path(sysconfig.get_paths()["include"], "Python.h")
    return [
        *([] if shutil.which(compiler) else [f"no C compiler {compiler}: install gcc, or name another one in CC"]),
        *([] if header.is_file() else [f"no {header}: install python3-dev, or what has the headers of your Python"]),
    ]


def compile_into(folder: Path) -> list[Path]:
    """Write the package into `folder`, compiled. Returns the compiled files. Raises CompileError."""
    if lacking := missing():
        raise CompileError("\n".join([*lacking, "nothing was compiled"]))
    found = problems(SOURCE / PACKAGE, MODULES)
    if found:
        raise CompileError("\n".join([*found, "nothing was compiled: see scripts/compile_checks.py"]))
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SOURCE / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    build = {"setup.py": _SETUP, "mypy.ini": _MYPY, "modules": "\n".join(f"{PACKAGE}/{name}.py" for name in MODULES)}
    for name, text in build.items():
        (folder / name).write_text(text)
    jobs = str(os.cpu_count() or 1)
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace", "--parallel", jobs]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise CompileError(f"{done.stdout}\nthe modules were not compiled, see above")
    for name in (*build, "build", ".mypy_cache"):
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return _compiled(folder)


def _compiled(folder: Path) -> list[Path]:
    """The compiled files. Raises CompileError if a module has none: the server would run its source, and not say so."""
    for name in MODULES:
        path = folder / PACKAGE / name
        if not list(path.parent.glob(f"{path.name}.*.so")):
            raise CompileError(f"{name}.py was not compiled")
    return sorted(folder.rglob("*.so"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", type=Path, nargs="?", help="is emptied first")
    what.add_argument("--check", action="store_true", help="compile nothing; ends with 1 if something is missing")
    given = parser.parse_args()
    if given.check:
        for line in (lacking := missing()):
            print(f"cannot compile: {line}", file=sys.stderr)
        return 1 if lacking else 0
    try:
        compiled = compile_into(given.folder.resolve())
    except CompileError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(MODULES)} modules compiled, {sum(path.stat().st_size for path in compiled) / 1e6:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
