"""Runs an image's root as a container engine would, and checks that the server answers. In its own namespace:

    unshare --net --mount --fork python -m tests.deploy.in_image ROOT USER JSON

The root is read-only, there is no network but the loopback, and the process is the image's nobody. JSON holds
`environment`, `start` (entrypoint and command), `healthcheck` and `modules`: what the metrics say. Prints what it
found; ends with code 1 if something is wrong.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

from websockets.sync.client import connect

ORIGIN = "http://127.0.0.1:8080"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STARTS_WITHIN_S = 30.0
ENDS_WITHIN_S = 30.0


def get(path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(ORIGIN + path, timeout=5) as answer:
            return answer.status, answer.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def main() -> int:
    root, user, given = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    environment = {"PATH": PATH, **given["environment"]}
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["mount", "--make-rprivate", "/"],
        ["mount", "--bind", root, root],
        ["mount", "-t", "proc", "proc", f"{root}/proc"],
        ["mount", "-o", "remount,ro,bind", root],
    ):
        subprocess.run(command, check=True)
    inside = ["chroot", f"--userspec={user}", root]
    server = subprocess.Popen([*inside, *given["start"]], env=environment)
    try:
        deadline = time.monotonic() + STARTS_WITHIN_S
        while subprocess.run(
            [*inside, *given["healthcheck"]], env=environment, capture_output=True, check=False
        ).returncode:
            assert server.poll() is None, "it ended"
            assert time.monotonic() < deadline, "its healthcheck fails"
            time.sleep(0.2)
        print("healthcheck: ok")
        for path, says in {
            "/": "<title>",
            "/c/garden": "<title>",
            "/ready": '"ready"',
            "/metrics": "asocial_build_info",
        }.items():
            status, body = get(path)
            assert (status, says in body) == (200, True), f"{path}: {status} {body[:300]}"
            print(f"{path}: {status}")
        metrics = get("/metrics")[1]
        assert f'modules="{given["modules"]}"' in metrics, metrics
        print(f"modules: {given['modules']}")
        version = metrics.split('version="')[1].split('"')[0]
        assert version[0].isdigit(), version
        assert "source" not in version, version
        print(f"version: {version}")
        with connect("ws://127.0.0.1:8080/api/chat?channel=garden", open_timeout=5, proxy=None) as client:
            assert '"type":"user_sync"' in str(client.recv(timeout=5))
        print("/api/chat: 101, user_sync")
        writable = subprocess.run([*inside, "touch", "/opt/asocial/x"], capture_output=True, check=False)
        assert writable.returncode, "the root can be written to"
    finally:
        server.terminate()
        code = server.wait(ENDS_WITHIN_S)
    print(f"exit code: {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
