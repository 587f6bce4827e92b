"""nginx and HAProxy for real, in front of the processes of a test.

nginx has the timeouts of the Ingress's annotations, read from what Kustomize makes, unless a test asks for shorter
ones. Its limit by address is left out: every client of a test is 127.0.0.1.
"""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

from tests.deploy.test_manifests import find
from tests.deploy.tools import tool
from tests.support.ports import reserve_port
from tests.support.waiting import until

_PREFIX = "nginx.ingress.kubernetes.io/"
_HIDDEN = {"ssl-redirect", "limit-rpm", "limit-burst-multiplier"}


def _ingress() -> dict[str, str]:
    annotations = find("prod", "Ingress", "asocial-api")["metadata"]["annotations"]
    given = {key.removeprefix(_PREFIX): value for key, value in annotations.items() if key.startswith(_PREFIX)}
    return {key: value for key, value in given.items() if key not in _HIDDEN}


class Proxy:
    """One proxy. `reload` is what its operator does to a running one."""

    name = ""
    reload_signal = signal.SIGHUP

    def __init__(self, folder: Path, backends: list[int], timeout_s: int | None = None) -> None:
        self.port = reserve_port(self)
        self._folder = folder
        self._config = folder / f"{self.name}.conf"
        self._config.write_text(self.configuration(backends, timeout_s))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    def configuration(self, backends: list[int], timeout_s: int | None) -> str:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self._folder / f"{self.name}.log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        until(self._answers, f"{self.name} listens; its log: {self._folder}/{self.name}.log")

    def reload(self) -> None:
        assert self._process is not None
        self._process.send_signal(self.reload_signal)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True


class Nginx(Proxy):
    """Without passive health checks, as the ingress controller: nginx forgives a server that failed when a request to
    it has ended, and a WebSocket ends in hours."""

    name = "nginx"

    def configuration(self, backends: list[int], timeout_s: int | None) -> str:
        directives = _ingress()
        if timeout_s is not None:
            directives |= {"proxy-read-timeout": str(timeout_s), "proxy-send-timeout": str(timeout_s)}
        settings = "\n".join(f"      {key.replace('-', '_')} {value};" for key, value in directives.items())
        servers = "\n".join(f"    server 127.0.0.1:{port} max_fails=0;" for port in backends)
        return f"""
pid {self._folder}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {self._folder}/body;
  proxy_temp_path {self._folder}/proxy;
  fastcgi_temp_path {self._folder}/fastcgi;
  uwsgi_temp_path {self._folder}/uwsgi;
  scgi_temp_path {self._folder}/scgi;
  upstream backend {{
    least_conn;
{servers}
  }}
  server {{
    listen 127.0.0.1:{self.port} backlog=4096;
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header Host $http_host;
{settings}
    }}
  }}
}}
"""

    def command(self) -> list[str]:
        return [tool("nginx"), "-e", "stderr", "-c", str(self._config), "-p", str(self._folder), "-g", "daemon off;"]


class HAProxy(Proxy):
    name = "haproxy"
    reload_signal = signal.SIGUSR2

    def configuration(self, backends: list[int], timeout_s: int | None) -> str:
        servers = "\n".join(f"  server s{port} 127.0.0.1:{port} check inter 1s fall 1 rise 1" for port in backends)
        return f"""
global
  maxconn 8192
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel {timeout_s or 3600}s
frontend all
  bind 127.0.0.1:{self.port}
  default_backend asocial
backend asocial
  balance leastconn
  option httpchk GET /ready
  option redispatch
  retries 3
  retry-on conn-failure empty-response 503
{servers}
"""

    def command(self) -> list[str]:
        return [tool("haproxy"), "-W", "-f", str(self._config), "-p", str(self._folder / "haproxy.pid")]
