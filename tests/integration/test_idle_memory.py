"""The default server with nobody connected: what it imports, and how much memory it has."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.idle import MIB, default_server, memory_of

ROOT = Path(__file__).parents[2]
NOT_FOR_GUESTS = {
    "cryptography": "8 MiB with PyJWT; only for ASOCIAL_AUTH=jwt",
    "jwt": "imports cryptography",
    "yaml": "only for a configuration file",
    "opentelemetry": "only where OTEL_* asks for it",
    "pydantic_settings": "5 MiB; config.py reads the sources itself",
}
IDLE_RSS_BYTES = 58 * MIB


def test_the_default_start_imports_no_module_that_only_other_settings_need(tmp_path: Path) -> None:
    log = tmp_path / "imports"
    with log.open("wb") as stderr, default_server("-X", "importtime", stderr=stderr):
        pass
    imported = set(re.findall(r"^import time: .*\| +([\w.]+)$", log.read_text(), re.MULTILINE))
    assert {"asocial.app", "aiohttp.web"} <= imported, "the log of imports is complete"
    assert {name: why for name, why in NOT_FOR_GUESTS.items() if name in imported} == {}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_idle_server_needs_less_than_the_manifests_request() -> None:
    backend = next(yaml.safe_load_all((ROOT / "deploy" / "kustomize" / "base" / "backend.yaml").read_text()))
    requested = backend["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["memory"]
    assert int(requested.removesuffix("Mi")) * MIB > IDLE_RSS_BYTES
    with default_server() as pid:
        idle = memory_of(pid)
    assert idle.rss_bytes < IDLE_RSS_BYTES, f"RSS is {idle.rss_bytes / MIB:.1f} MiB"
