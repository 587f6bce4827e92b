"""docs/api.md is what the types say."""

from __future__ import annotations

from scripts.api_docs import PAGE, render


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "docs/api.md is stale: run `python -m scripts.api_docs`"
