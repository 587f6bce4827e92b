"""What the tests use and no lock file can install: from the system's packages.

Redis and a browser for `make test`; besides, what judges deploy/ for `make test-deploy`. Debian starts some of those as
services when it installs them: they are stopped again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from scripts.command import ROOT, Failure, say, step


@dataclass(frozen=True)
class Program:
    name: str
    variable: str  # names another copy of it; the tests read it too
    commands: tuple[str, ...]
    debian: str
    homebrew: str

    def find(self) -> str | None:
        if chosen := os.environ.get(self.variable):
            found = shutil.which(chosen)
            if found is None:
                raise Failure(
                    f"no {self.name} at {chosen}",
                    f"{self.variable} names it and there is no such program",
                    f"unset {self.variable} (to have one found), or export {self.variable}=/path/to/it",
                )
            return found
        return next(filter(None, map(shutil.which, self.commands)), None)


REDIS = Program("Redis", "REDIS_SERVER", ("redis-server", "valkey-server"), "redis-server", "redis")
CHROMIUM = Program(
    "Chromium",
    "ASOCIAL_TEST_CHROMIUM",
    (
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "chromium",
    "--cask google-chrome",
)
PROGRAMS = (REDIS, CHROMIUM)
PROMETHEUS = Program("Prometheus", "PROMETHEUS", ("prometheus",), "prometheus", "prometheus")
PROMTOOL = Program("promtool", "PROMTOOL", ("promtool",), "prometheus", "prometheus")
NGINX = Program("nginx", "NGINX", ("nginx", "/usr/sbin/nginx"), "nginx-light", "nginx")
HAPROXY = Program("HAProxy", "HAPROXY", ("haproxy", "/usr/sbin/haproxy"), "haproxy", "haproxy")
DEBOOTSTRAP = Program(
    "debootstrap", "DEBOOTSTRAP", ("debootstrap", "/usr/sbin/debootstrap"), "debootstrap", "debootstrap"
)
DEPLOY_PROGRAMS = (REDIS, PROMETHEUS, PROMTOOL, NGINX, HAPROXY)
SERVICES = {"prometheus": "prometheus", "nginx-light": "nginx", "haproxy": "haproxy"}

TOOLS = ROOT / ".tools"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"


def ensure_actionlint() -> None:
    """actionlint, which neither Debian nor a wheel has: built into .tools by Go."""
    if shutil.which("actionlint") or (TOOLS / "actionlint").exists():
        return
    go = shutil.which("go")
    fix = f"GOBIN={TOOLS} go install {ACTIONLINT}; or put actionlint on the PATH"
    if go is None:
        raise Failure("actionlint not found", "it checks the workflows, and there is no Go to build it with", fix)
    environment = {**os.environ, "GOBIN": str(TOOLS)}
    step("building actionlint with Go", [go, "install", ACTIONLINT], env=environment, network=True, fix=fix)


def ensure(programs: tuple[Program, ...] = PROGRAMS) -> dict[str, str]:
    """Install what is missing, and return where each program is, as the variables that the tests read."""
    missing = [program for program in programs if program.find() is None]
    if missing:
        _install(missing)
    found: dict[str, str] = {}
    for program in programs:
        path = program.find()
        if path is None:
            raise _missing([program], "it was installed and is not on the PATH")
        found[program.variable] = path
    return found


def _install(missing: list[Program]) -> None:
    apt_get = shutil.which("apt-get")
    if apt_get is None:
        raise _missing(missing, "the tests need that, and only Debian's packages are installed from here")
    prefix = _root_prefix()
    if prefix is None:
        raise _missing(missing, "the tests need that, and installing packages takes root, or sudo without a password")
    packages = sorted({program.debian for program in missing})
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", apt_get, "-qq", "-o", "DPkg::Lock::Timeout=120"]
    fix = f"sudo apt-get update && sudo apt-get install {' '.join(packages)}"
    step("updating the list of system packages", [*apt, "update"], network=True, fix=fix)
    doing = f"installing {' and '.join(packages)} with apt-get"
    step(doing, [*apt, "install", "-y", "--no-install-recommends", *packages], network=True, fix=fix)
    started = [SERVICES[package] for package in packages if package in SERVICES]
    if started and os.path.isdir("/run/systemd/system"):
        stop = [*prefix, "systemctl", "disable", "--now", *started]
        step("stopping the services that came with them", stop, fix=" ".join(stop))


def _root_prefix() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        say("using sudo, which asks for no password here")
        return [sudo, "-n"]
    return None


def _missing(programs: list[Program], why: str) -> Failure:
    names = " and ".join(program.name for program in programs)
    overrides = " ".join(f"{program.variable}=/path/to/it" for program in programs)
    if sys.platform == "darwin":
        fix = " && ".join(f"brew install {program.homebrew}" for program in programs)
    elif shutil.which("apt-get"):
        fix = f"sudo apt-get install {' '.join(program.debian for program in programs)}"
    else:
        fix = f"your system's command to install {names}"
    return Failure(f"{names} not found", why, f"{fix}; or, if it is there: export {overrides}")
