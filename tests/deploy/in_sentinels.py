"""The start scripts of the Redis component, as three pods would run them. In namespaces of its own:

    unshare --net --mount --fork python -m tests.deploy.in_sentinels FOLDER

Three addresses stand for three pods and /etc/hosts for the headless service. The namespace and the cluster's domain are
not the usual ones. They find each other, the master is killed, another takes over, and the old one comes back as a
replica. A server with the configuration of the system before this one (REDIS_ADDR=redis:6379, where `redis` leads to a
replica first) follows. Prints what happened; ends with code 1 where it did not.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.deploy.tools import DEPLOY
from tests.support.original_configuration import CONFIG_MAP, PASSWORD, OriginalProcess, environ_of, secret
from tests.support.redis_server import ask
from tests.support.waiting import until

SCRIPTS = DEPLOY / "kustomize" / "components" / "redis"
NAMESPACE, CLUSTER_DOMAIN = "garden", "cluster.test"
DOMAIN = f"redis.{NAMESPACE}.svc.{CLUSTER_DOMAIN}"
PODS = range(3)


class Pod:
    """Redis and its Sentinel, with an address and a folder of their own."""

    def __init__(self, folder: Path, number: int) -> None:
        self.name = f"redis-{number}"
        self.address = f"10.9.0.{number + 1}"
        self._folder = folder / self.name
        self._secrets = folder / "secrets"
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        for kind in ("redis", "sentinel"):
            place = self._folder / kind
            for name in ("data", "tmp", "run"):
                (place / name).mkdir(parents=True, exist_ok=True)
            text = (SCRIPTS / f"start-{kind}.sh").read_text()
            for old, new in {
                "/run/secrets/redis": str(self._secrets),
                "/run/redis": str(place / "run"),
                '"dir /data"': f'"dir {place}/data"',
                '"dir /tmp"': f'"dir {place}/tmp"',
                '  echo "port': f'  echo "bind {self.address}"\n  echo "port',
            }.items():
                text = text.replace(old, new)
            script = place / "start.sh"
            script.write_text(text)
            shutil.copy(SCRIPTS / "find-master.sh", place)
            environment = {**os.environ, "POD_NAME": self.name, "POD_NAMESPACE": NAMESPACE}
            with (place / "log").open("ab") as log:
                self._running.append(subprocess.Popen(["sh", script], env=environment, stdout=log, stderr=log))

    def kill(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        self._running.clear()

    def role(self) -> str:
        info = str(self._ask(6379, "INFO", "replication", password=PASSWORD))
        if "role:master" in info:
            return "master"
        return "replica" if "master_link_status:up" in info else "starting"

    def master(self) -> str:
        """The master's name, as this pod's Sentinel has it."""
        answer = self._ask(26379, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "asocial")
        return str(answer[0]).partition(".")[0] if isinstance(answer, list) else ""

    def knows(self) -> tuple[str, str]:
        """How many replicas and how many other Sentinels it has found."""
        answer = self._ask(26379, "SENTINEL", "MASTER", "asocial")
        facts = dict(zip(answer[::2], answer[1::2], strict=True)) if isinstance(answer, list) else {}
        return facts.get("num-slaves", ""), facts.get("num-other-sentinels", "")

    def _ask(self, port: int, *command: str, password: str = "") -> object:
        return ask(port, *command, password=password, host=self.address)


def place(folder: Path) -> Iterator[Pod]:
    hosts = folder / "hosts"
    names = "".join(f"10.9.0.{number + 1} redis-{number}.{DOMAIN}\n" for number in PODS)
    # As the name of a headless Service: every pod, here the replicas first.
    service = "".join(f"10.9.0.{number + 1} redis\n" for number in reversed(PODS))
    hosts.write_text(f"127.0.0.1 localhost\n{names}{service}")
    resolver = folder / "resolv.conf"
    resolver.write_text(f"nameserver 127.0.0.1\nsearch {NAMESPACE}.svc.{CLUSTER_DOMAIN} svc.{CLUSTER_DOMAIN} lan\n")
    for command in (
        ["ip", "link", "set", "lo", "up"],
        *(["ip", "address", "add", f"10.9.0.{number + 1}/32", "dev", "lo"] for number in PODS),
        ["mount", "--make-rprivate", "/"],
        ["mount", "--bind", str(hosts), "/etc/hosts"],
        ["mount", "--bind", str(resolver), "/etc/resolv.conf"],
    ):
        subprocess.run(command, check=True)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "redis-password").write_text(PASSWORD)
    yield from (Pod(folder, number) for number in PODS)


def is_ready(server: OriginalProcess) -> bool:
    with suppress(OSError):
        status, checks = asyncio.run(server.ready())
        return status == 200 and checks["redis"] == "ok"
    return False


def main() -> int:
    folder = Path(sys.argv[1])
    pods = list(place(folder))
    first, second, third = pods
    server = OriginalProcess(folder, 1, environ_of(CONFIG_MAP, secret()))
    try:
        for pod in pods:
            pod.start()
            until(lambda pod=pod: pod.role() in ("master", "replica"), f"{pod.name} is there")  # type: ignore[misc]
        until(lambda: all(pod.knows() == ("2", "2") for pod in pods), "all know all")
        print("roles:", *(f"{pod.name} {pod.role()}" for pod in pods))
        assert [pod.role() for pod in pods] == ["master", "replica", "replica"]
        server.spawn()
        server.wait()
        until(lambda: is_ready(server), "the server finds the master behind redis:6379")
        first.kill()
        until(lambda: not is_ready(server), "the server notices")
        until(lambda: {second.master(), third.master()} < {second.name, third.name}, "they agree")
        until(lambda: "master" in (second.role(), third.role()), "another takes over")
        print(f"{first.name} is killed; the master is {second.master()}")
        until(lambda: is_ready(server), "the server follows")
        print("the server with REDIS_ADDR=redis:6379 follows")
        first.start()
        until(lambda: first.role() == "replica", "the old master follows")
        print(f"{first.name} is back as a replica")
        assert is_ready(server)
    finally:
        server.stop()
        for pod in pods:
            with suppress(ProcessLookupError):
                pod.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
