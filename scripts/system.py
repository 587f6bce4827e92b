"""The programs that tests need and no lock file can install, such as Redis and Chromium.

    python -m scripts.system check GROUP      says what is missing, and what installs it
    python -m scripts.system install GROUP    installs what is missing, with apt-get

GROUP is one of GROUPS below. Debian starts some of the packages as services; they are stopped again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    name: str
    commands: tuple[str, ...]
    debian: str
    homebrew: str | None
    service: str | None = None
    variable: str | None = None
    """The environment variable that names another copy of it."""

    def find(self) -> str | None:
        """Its path. If the variable is set, only what it names counts."""
        chosen = os.environ.get(self.variable) if self.variable else None
        return next(filter(None, map(shutil.which, [chosen] if chosen else self.commands)), None)


HEADLESS_SHELL = "chromium-headless-shell"
"""Debian's package, and its command: Chromium without what draws its windows. Tests do not need it, but a page that
opens in it takes a quarter less of the processor."""
REDIS = Program("Redis", ("redis-server", "valkey-server"), "redis-server", "redis", variable="REDIS_SERVER")
CHROMIUM = Program(
    "Chromium",
    (
        HEADLESS_SHELL,
        "chromium",
        "chromium-browser",
        "google-chrome-stable",
        "google-chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "chromium",
    "--cask google-chrome",
    variable="ASOCIAL_TEST_CHROMIUM",
)
FIREFOX = Program(
    "Firefox",
    ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"),
    "firefox-esr",
    "--cask firefox",
    variable="ASOCIAL_TEST_FIREFOX",
)
DEPLOY = (
    REDIS,
    CHROMIUM,
    Program("Prometheus", ("prometheus",), "prometheus", "prometheus", "prometheus"),
    Program("promtool", ("promtool",), "prometheus", "prometheus"),
    Program("nginx", ("nginx", "/usr/sbin/nginx"), "nginx-light", "nginx", "nginx"),
    Program("amtool", ("amtool",), "prometheus-alertmanager", "alertmanager", "prometheus-alertmanager"),
    Program("BusyBox", ("busybox",), "busybox", "busybox"),
    Program("ShellCheck", ("shellcheck",), "shellcheck", "shellcheck"),
    Program("HAProxy", ("haproxy", "/usr/sbin/haproxy"), "haproxy", "haproxy", "haproxy"),
)
DEBOOTSTRAP = Program("debootstrap", ("debootstrap", "/usr/sbin/debootstrap"), "debootstrap", None)
GROUPS = {
    "test": (REDIS, CHROMIUM),
    "test-full": (REDIS, CHROMIUM, FIREFOX),
    "deploy": DEPLOY,
    "deploy-full": (*DEPLOY, DEBOOTSTRAP),
}
TARGETS = {
    "test": "make system",
    "test-full": "make system-full",
    "deploy": "make system-deploy",
    "deploy-full": "make system-deploy",
}


def missing(group: str) -> list[Program]:
    return [program for program in GROUPS[group] if program.find() is None]


def explain(programs: Sequence[Program], group: str) -> str:
    """What is missing, and what to do about it on this system."""
    lines = [f"missing: {', '.join(program.name for program in programs)}"]
    packages = sorted({program.debian for program in programs})
    if shutil.which("apt-get"):
        lines.append(f"  install: {TARGETS[group]}, or sudo apt-get install {' '.join(packages)}")
    elif sys.platform == "darwin":
        brew = [f"brew install {program.homebrew}" for program in programs if program.homebrew]
        lines.append(f"  install: {' && '.join(brew) or 'not available on macOS'}")
    else:
        lines.append("  install: with your system's package manager")
    for program in programs:
        if program.variable and (chosen := os.environ.get(program.variable)):
            lines.append(f"  {program.variable}={chosen} names no program: correct it or unset it")
        elif program.variable:
            lines.append(f"  or, if you have {program.name}: export {program.variable}=/path/to/it")
    return "\n".join(lines)


def install(programs: Sequence[Program]) -> None:
    """Raises CalledProcessError if apt-get fails."""
    root = [] if os.geteuid() == 0 else ["sudo", "DEBIAN_FRONTEND=noninteractive"]
    packages = sorted({program.debian for program in programs})
    apt = [*root, "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    services = [program.service for program in programs if program.service]
    commands = [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages]]
    if services and os.path.isdir("/run/systemd/system"):
        commands.append([*root, "systemctl", "disable", "--now", *services])
    for command in commands:
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def install_headless_shell() -> None:
    """Install HEADLESS_SHELL, if this system has such a package. Without it, the tests use what else there is."""
    chosen = CHROMIUM.variable and os.environ.get(CHROMIUM.variable)
    if chosen or shutil.which(HEADLESS_SHELL) or not shutil.which("apt-get"):
        return
    try:
        install([Program("Chromium's headless shell", (HEADLESS_SHELL,), HEADLESS_SHELL, None)])
    except (subprocess.CalledProcessError, FileNotFoundError):
        print(f"{HEADLESS_SHELL} is not available; the tests run without it, a little slower", file=sys.stderr)


def main(action: str, group: str) -> int:
    if action == "install" and group == "test":  # once is enough where it is not available
        install_headless_shell()
    absent = missing(group)
    if absent and action == "install" and shutil.which("apt-get"):
        try:
            install(absent)
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            print(error, file=sys.stderr)
        absent = missing(group)
    if absent:
        print(explain(absent, group), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
