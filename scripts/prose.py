"""Finds turns of phrase that readers stumble over, and says what to write instead.

It reads Markdown, comments and docstrings of the server, and the texts of dashboards and alerts. Only turns that are
wrong everywhere belong in the list. Code, in fences and between backquotes, is not prose.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
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
    r"for ever": "without end, until cancelled",
    r"may well": "can, may",
    r"(let|lets|letting) go of": "release, drop, remove",
    r"(is|are|was|were) let in": "is admitted",
    r"(is|are) at it": "name who does what",
    r"who (is|are) to [a-z]+": "name who, and what they get",
    r"(ctrl|control)-[a-z]": "Ctrl+C: a plus joins keys that are pressed together",
}
# A turn may continue in the next line, after the sign of a quotation or a comment, or the indent of a list.
WRONG = {
    re.compile(rf"\b(?:{turn})(?!\w)".replace(" ", r"[\s>#]+"), re.IGNORECASE): instead
    for turn, instead in TURNS.items()
}
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
READ = ("*.md", "*.md.in", "src/*.py", "deploy/grafana/dashboards/*.json", "deploy/prometheus/*.rules.yml")
LABEL = re.compile(r'^\s*"?(?:title|description|summary)"?:\s*(.*)$', re.MULTILINE)
"""A text that people read on a dashboard or in an alert."""


def find(text: str) -> Iterator[tuple[int, str, str]]:
    """(line number, the turn, what to write instead) for each in `text`."""
    # Code is blanked out, not cut out: the line numbers stay right.
    prose = CODE.sub(lambda code: re.sub(r"[^\n]", "`", code[0]), text)
    for turn, instead in WRONG.items():
        for match in turn.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, " ".join(match[0].split()), instead


def prose_of(name: str, text: str) -> str:
    """`text` with everything blanked that is not prose: code of a program, settings of a dashboard."""
    if name.endswith(".py"):
        spans = list(_comments_and_docstrings(text))
    elif name.endswith((".json", ".yml")):
        spans = [label.span(1) for label in LABEL.finditer(text)]
    else:
        return text
    kept = [" "] * len(text)
    for begin, end in spans:
        kept[begin:end] = text[begin:end]
    return "".join(new if old != "\n" else old for old, new in zip(text, kept, strict=True))


def _comments_and_docstrings(text: str) -> Iterator[tuple[int, int]]:
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        # A docstring, also that of a constant, is a string that begins a statement.
        begins = before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and begins):
            yield starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "-z", *READ], cwd=ROOT, capture_output=True, check=True)
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {turn!r}: write {instead}"
        for path in files
        for line, turn, instead in find(prose_of(path.name, path.read_text()))
    ]
    print("\n".join(found) or f"prose: {len(files)} files, none of {len(TURNS)} turns")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
