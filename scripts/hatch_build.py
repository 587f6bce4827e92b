"""Hatch's build hook: a wheel and an sdist have the page inside, built if it is missing or older than web/.

An editable install builds nothing: it is what `make` does first, when there may be no Node yet.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Hatch loads this file by its path, with the project's directory not on sys.path.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts import page
from scripts.command import Failure


class PageBuildHook(BuildHookInterface[BuilderConfig]):
    def dependencies(self) -> list[str]:
        return [] if page.is_fresh() or page.find_node() else [page.node_requirement()]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatch's signature
        if version == "editable" or page.is_fresh():
            return
        node = page.find_node()
        try:
            if node is None:
                raise Failure(
                    "the page cannot be built",
                    f"there is no {page.NODE_NEEDED}, and without build isolation none is fetched",
                    f"pip install {page.node_requirement()}",
                )
            page.build(node)
        except Failure as failure:
            sys.exit(str(failure))
