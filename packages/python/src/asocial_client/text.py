"""Text on its way to and from a terminal: control characters, long lines, text direction."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]"  # the others
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")
"""What a payload may not hold (W8)."""
_DIRECTED = frozenset(("R", "AL", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"))
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


def clean(line: str) -> str:
    """A line of a program's output as a payload: without escape sequences, and "\ufffd" for control characters."""
    return _CONTROL.sub("\ufffd", _ESCAPE_SEQUENCE.sub("", line.rstrip("\r\n"))).strip()


def printable(text: str) -> str:
    """What somebody wrote, for a terminal: no control characters, and its direction ends with it (W46)."""
    shown = _CONTROL.sub("\ufffd", text)
    if any(unicodedata.bidirectional(character) in _DIRECTED for character in shown):
        return f"{_ISOLATE}{shown}{_END_OF_ISOLATE}"
    return shown


def split(line: str, characters: int) -> list[str]:
    """Pieces of at most so many characters, at spaces where a piece would not be less than half full."""
    pieces = []
    rest = line.strip()
    while len(rest) > characters:
        at = rest.rfind(" ", characters // 2, characters + 1)
        end = at if at > 0 else characters
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def cut(line: str, characters: int) -> list[str]:
    """The line, or its beginning and an ellipsis."""
    return [line if len(line) <= characters else line[: characters - 1] + "…"]
