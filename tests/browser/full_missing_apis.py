"""Each API that a browser may lack, taken away alone: `make test-full`. test_missing_apis.py takes them away in groups.

One that a page survives only because another one is missing too is found here.
"""

from __future__ import annotations

import pytest

from .conftest import Join, Server
from .test_missing_apis import LACKING, RunWithout, run_without, start_and_talk

__all__ = ["run_without"]


@pytest.mark.parametrize("lacks", LACKING)
async def test_the_page_starts_and_talks_without(
    server: Server, join: Join, run_without: RunWithout, lacks: str
) -> None:
    await start_and_talk(server, join, run_without, [lacks])
