"""Reads logs that are still being written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_decode = json.JSONDecoder().raw_decode


def entries_of(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The JSON objects in the lines of a log.

    Half a line is left out: the end of a file that is being written, or what a process left that was killed while it
    wrote. The line of another process may follow such a half without a line break.
    """
    return [entry for line in lines for entry in _objects(line)]


def _objects(line: str) -> list[dict[str, Any]]:
    found = []
    at = line.find("{")
    while at >= 0:
        try:
            entry, end = _decode(line, at)
        except ValueError:
            end = at + 1
        else:
            found.append(entry)
        at = line.find("{", end)
    return found
