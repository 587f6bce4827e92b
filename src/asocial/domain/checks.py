"""The states of a check of /ready; any other word says what is wrong."""

from __future__ import annotations

OK = "ok"
MEMORY = "memory"
"""Nothing is configured to check: this process keeps everything in its memory."""


def is_healthy(state: str) -> bool:
    return state in (OK, MEMORY)
