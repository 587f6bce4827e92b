"""Builds the page: web/ and packages/client into src/asocial/page, unless it is there already.

Needs npm and web/node_modules. `make page`, the wheel's build hook and the Dockerfile all come here.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
CLIENT = ROOT / "packages" / "client"
"""The page imports its source."""
PAGE = ROOT / "src" / "asocial" / "page"
BUILT_FROM = PAGE / ".built-from"
"""A fingerprint of the sources. It is written last, so an interrupted build leaves none."""
OWN_FILES = ".own-files"
"""The names of this build's hashed files, one a line: what the next build takes over of it."""
PREVIOUS = "ASOCIAL_PREVIOUS_PAGE"
"""The environment variable with the folder of the page that is running now."""

NOT_SOURCES = {"node_modules", "coverage", "test-results", "dist"}


class PageError(Exception):
    """The page cannot be built. The text says why and what to do."""


def sources() -> Iterator[Path]:
    """Every source file of the page, in a fixed order."""
    for folder in (WEB, CLIENT):
        for directory, below, files in os.walk(folder):
            below[:] = sorted(set(below) - NOT_SOURCES)
            for name in sorted(files):
                if not name.endswith(".tsbuildinfo"):
                    yield Path(directory, name)


def _fingerprint(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        for part in (path.relative_to(ROOT).as_posix().encode(), path.read_bytes()):
            # Lengths keep ("ab", "c") and ("a", "bc") apart.
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def previous_files(given: str | None) -> list[Path]:
    """The hashed files of the build in that folder, without those that it took over itself."""
    if not given:
        return []
    folder = Path(given)
    assets = folder / "assets"
    if not assets.is_dir():
        raise PageError(f"{PREVIOUS}={given} has no assets/ in it: set it to the folder of a built page, or unset it")
    own = folder / OWN_FILES
    names = set(own.read_text().split()) if own.exists() else None
    return sorted(path for path in assets.iterdir() if names is None or path.name in names)


def take_over(previous: list[Path], page: Path = PAGE) -> None:
    """Ship the previous build's hashed files too: pages loaded from it stay open during a rolling update."""
    assets = page / "assets"
    (page / OWN_FILES).write_text("\n".join(sorted(path.name for path in assets.iterdir())))
    for path in previous:
        if not (assets / path.name).exists():
            shutil.copy2(path, assets / path.name)


def is_fresh() -> bool:
    if not BUILT_FROM.exists() or BUILT_FROM.read_text() != _fingerprint(sources()):
        return False
    return all((PAGE / "assets" / path.name).exists() for path in previous_files(os.environ.get(PREVIOUS)))


def build() -> None:
    """Build if something changed. Raises PageError."""
    if is_fresh():
        return
    built_from = _fingerprint(sources())
    previous = previous_files(os.environ.get(PREVIOUS))
    if any(path.is_relative_to(PAGE) for path in previous):
        raise PageError(f"{PREVIOUS} is the folder that this build is written to: copy it elsewhere and name the copy")
    # The old page goes first: none of its files may end up in a wheel.
    shutil.rmtree(PAGE, ignore_errors=True)
    npm("run", "build")
    if not (PAGE / "index.html").exists():
        raise PageError(f"`npm run build` left no {PAGE}/index.html: see build.outDir in web/vite.config.ts")
    take_over(previous)
    BUILT_FROM.write_text(built_from)


def npm(*arguments: str) -> None:
    """Run npm in web/. Raises PageError."""
    program = shutil.which("npm")
    if program is None:
        raise PageError("npm is not on the PATH: install Node 20.19, 22.13, 24 or later, or run `make page`")
    if subprocess.run([program, *arguments], cwd=WEB, check=False).returncode:
        raise PageError(f"`npm {' '.join(arguments)}` failed in web/; its output is above")


def main() -> int:
    try:
        build()
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
