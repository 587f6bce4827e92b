"""Text: what a payload may hold, and its way to and from a terminal: control characters, long lines, text direction."""

from __future__ import annotations

import re
import unicodedata

_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, moves
    r"|\x1b[\]PX^_].*?(?:\x07|\x1b\\|$)"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]"  # the others
)
NOT_IN_TEXTS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e]")
"""What a payload may not hold (W8)."""
_DEFAULT_IGNORABLE = (
    (0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
_IGNORABLE = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _DEFAULT_IGNORABLE)}]")
_BLANK = (0x2800, 0x1D159, 0x16FE4)
_NEVER_VISIBLE = frozenset(("Cc", "Cf", "Cs", "Co", "Mn", "Me", "Zs", "Zl", "Zp"))
_DIRECTED = frozenset(("R", "AL", "RLE", "LRE", "RLI", "LRI", "FSI", "PDF", "PDI"))
_ISOLATE, _END_OF_ISOLATE = "\u2068", "\u2069"


def is_visible(text: str) -> bool:
    """Whether at least one character of `text` shows by itself, as the server decides (W8)."""
    return any(map(_shows, text))


def _shows(character: str) -> bool:
    code = ord(character)
    if unicodedata.category(character) in _NEVER_VISIBLE or code in _BLANK:
        return False
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:  # noncharacters
        return False
    return not _IGNORABLE.match(character)


def clean(line: str) -> str:
    """A line of a program's output as a payload: without escape sequences, and "\ufffd" for control characters."""
    return NOT_IN_TEXTS.sub("\ufffd", _ESCAPE_SEQUENCE.sub("", line.rstrip("\r\n"))).strip()


def printable(text: str) -> str:
    """What somebody wrote, for a terminal: no control characters, and its direction ends with it (W46)."""
    shown = NOT_IN_TEXTS.sub("\ufffd", text)
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
