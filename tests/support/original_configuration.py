"""The ConfigMap and the Secret of the system before this one, and a server that gets them as its pods did (envFrom).

The name `redis` cannot be resolved where the tests run. So a test replaces the host and the port in REDIS_ADDR by
those of its own Redis, and nothing else. tests/deploy/in_sentinels.py runs with every value as it was written, in
namespaces of its own where `redis` leads to three servers.
"""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any

import yaml

from tests.support.processes import Process

CONFIG_MAP = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: backend-config
data:
  APP_ENV: production
  LOG_LEVEL: info
  REDIS_ADDR: redis:6379
  REDIS_DB: "0"
  MAX_MESSAGE_SIZE: "4096"
  RATE_LIMIT_PER_MINUTE: "100"
"""
PASSWORD = secrets.token_urlsafe(24)
SERVICE_ACCOUNT = json.dumps(
    {
        "type": "service_account",
        "project_id": "asocial-prod",
        "private_key_id": secrets.token_hex(20),
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{secrets.token_urlsafe(1200)}\n-----END PRIVATE KEY-----\n",
        "client_email": "backend@asocial-prod.iam.gserviceaccount.com",
    }
)


def secret(service_account: str = SERVICE_ACCOUNT) -> str:
    """The manifest of `backend-secrets`: Kubernetes wants every value in base64."""
    values = {"FIREBASE_SERVICE_ACCOUNT": service_account, "REDIS_PASSWORD": PASSWORD}
    data = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    metadata = {"name": "backend-secrets"}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


def environ_of(*manifests: str) -> dict[str, str]:
    """The variables that a container gets by envFrom from these ConfigMaps and Secrets."""
    environ: dict[str, str] = {}
    for manifest in manifests:
        loaded: dict[str, Any] = yaml.safe_load(manifest)
        for name, value in loaded["data"].items():
            environ[name] = base64.b64decode(value).decode() if loaded["kind"] == "Secret" else value
    return environ


class OriginalProcess(Process):
    """A server with these variables and no setting of ours but its address."""

    own_interpreter = True

    def __init__(self, folder: Path, number: int, environ: dict[str, str]) -> None:
        super().__init__(folder, number, "", ())
        self._variables = environ

    def _arguments(self) -> list[str]:
        return ["--host", "127.0.0.1", "--port", str(self.port)]

    def _environ(self) -> dict[str, str]:
        return self._variables
