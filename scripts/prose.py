"""Finds turns of phrase that readers stumble over, in the project's Markdown, and says what to write instead.

Only turns that are wrong wherever they stand belong in the list. Code, in fences and between backquotes, is not prose.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

TURNS = {
    r"(is it|it is) well(?=[.,;:!?])|it is as well": "say what is checked, or what is good about it: Health checks",
    r"(may|can|is to|are to) be had": "is available, name who provides it",
    r"whoever|whomever|whosoever": "anyone who, people who, or the actor's name",
    r"whence|thence|whither|thither|hitherto|thereof|therein|whilst|lest|albeit": "a common word",
    r"(wants|needs) mending": "must be fixed",
    r"what was bought": "what it gained, with the figure",
    r"taken for dead": "considered gone, expired",
    r"nobody (had )?thought of": "unexpected",
    r"sends? (us|them|you) in circles": "redirects without end",
    r"it has been noted": "it is logged",
    r"nobody is remembered": "the server stores no ...",
    r"(stood|stands|stand) twice": "is duplicated",
    r"(is|are) left off others'": "is hidden from other people's",
    r"ends? before us": "name what ends, and where",
}
# A turn may go on in the next line, behind the sign of a quotation or a list's indent.
WRONG = {
    re.compile(rf"\b(?:{turn})(?!\w)".replace(" ", r"[\s>]+"), re.IGNORECASE): instead
    for turn, instead in TURNS.items()
}
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def find(text: str) -> Iterator[tuple[int, str, str]]:
    """(line number, the turn, what to write instead) for each in `text`."""
    # Code is blanked out, not cut out: the line numbers stay right.
    prose = CODE.sub(lambda code: re.sub(r"[^\n]", "`", code[0]), text)
    for turn, instead in WRONG.items():
        for match in turn.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), instead


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z", "*.md", "*.md.in"], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {turn!r}: write {instead}"
        for path in files
        for line, turn, instead in find(path.read_text())
    ]
    print("\n".join(found) or f"prose: {len(files)} files, none of {len(TURNS)} turns")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
