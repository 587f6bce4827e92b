"""Builds the images without a container engine: the Dockerfile's commands run in clean roots made by debootstrap.

Not collected by itself; `make test-deploy-full` runs it, as root. Then the backend's root is run as an engine would run
it (in_image.py). The front end's last stage begins with nginx's image, which debootstrap cannot make: its page comes
from the stage that is built here, its configuration is run in test_front_end.py.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.dockerfile import Stage, parse
from tests.deploy.test_files import DOCKERFILE
from tests.deploy.tools import ROOT, tool
from tests.support.redis_server import temporary_folder

SUITES = {"debian:12": "bookworm", "debian:13": "trixie"}
CERTIFICATES = Path(os.environ.get("SSL_CERT_FILE") or "/etc/ssl/certs/ca-certificates.crt")
CERTIFICATE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "npm_config_cafile")
STEP_LIMIT_S = 900.0


@pytest.fixture
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.fail("making a root needs root: sudo make test-deploy-full")
    with temporary_folder() as folder:
        yield folder


class Builder:
    """Each stage's root below `place`."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._base = place / "base"
        self._context = place / "context"
        self._workdirs: dict[str, Path] = {}

    def prepare(self, suite: str) -> None:
        """A clean system, and the build's context: what is committed or would be, as .dockerignore leaves it."""
        subprocess.run([tool("debootstrap"), "--variant=minbase", suite, self._base], check=True, capture_output=True)
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self._context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self._context / name)

    def root(self, stage: str) -> Path:
        return self._place / stage

    def build(self, stage: Stage) -> None:
        root = self.root(stage.name)
        if stage.base == "scratch":
            root.mkdir()
        elif self.root(stage.base).is_dir():
            subprocess.run(["cp", "-a", self.root(stage.base), root], check=True)
        else:
            subprocess.run(["cp", "-a", self._base, root], check=True)
            shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
        workdir = self._workdirs.get(stage.base, Path("/"))
        for instruction, text in stage.steps:
            began = time.monotonic()
            match instruction:
                case "WORKDIR":
                    workdir = Path(text)
                    (root / text.lstrip("/")).mkdir(parents=True, exist_ok=True)
                case "COPY":
                    self._copy(root, workdir, text)
                case "RUN":
                    self._run(root, workdir, text)
            print(f"  {time.monotonic() - began:6.1f} s  {instruction} {text[:110]}", flush=True)
        self._workdirs[stage.name] = workdir

    def _copy(self, root: Path, workdir: Path, text: str) -> None:
        *sources, target = text.split()
        origin = self._context
        if sources[0].startswith("--from="):
            origin = self.root(sources.pop(0).removeprefix("--from="))
        to = root / str(workdir / target).lstrip("/")
        for source in sources:
            path = origin / source.lstrip("/")
            if path.is_dir():
                shutil.copytree(path, to, dirs_exist_ok=True, symlinks=True)
            else:
                place = to / path.name if target.endswith("/") else to
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)

    def _run(self, root: Path, workdir: Path, text: str) -> None:
        # How this machine reaches the world comes along: an engine would be told the same.
        environment = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        environment |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        if CERTIFICATES.is_file():
            inside = Path("/var/tmp/certificates.crt")
            shutil.copy(CERTIFICATES, root / str(inside).lstrip("/"))
            environment |= dict.fromkeys(CERTIFICATE_VARIABLES, str(inside))
        done = subprocess.run(
            ["chroot", root, "/bin/sh", "-c", f"cd {workdir} && {text}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=STEP_LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"RUN {text}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"


def test_the_dockerfile_makes_a_root_in_which_the_server_answers(place: Path) -> None:
    stages = parse(DOCKERFILE)
    suite = SUITES[stages["backend"].base.partition(".")[0]]
    builder = Builder(place)
    print(f"\nno engine is asked: clean {suite} roots, made by debootstrap")
    builder.prepare(suite)
    for name in ("none", "previous", "locked", "page", "interpreted", "compiled", "packages", "backend"):
        print(name)
        builder.build(stages[name])
    backend, root = stages["backend"], builder.root("backend")
    told = {
        "environment": backend.environment,
        "start": [*backend.entrypoint, *backend.command],
        "healthcheck": backend.healthcheck,
        "modules": "compiled" if stages["packages"].base == "compiled" else "python",
    }
    done = subprocess.run(
        [
            "unshare",
            "--net",
            "--mount",
            "--fork",
            sys.executable,
            "-m",
            "tests.deploy.in_image",
            root,
            backend.user,
            json.dumps(told),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    size = sum(each.lstat().st_size for each in (root / "opt" / "asocial").rglob("*") if each.is_file())
    print(f"Asocial and its packages: {size / 1e6:.0f} MB")
    assert size < 120e6
