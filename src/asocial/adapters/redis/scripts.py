"""The Lua scripts: one for each atomic operation, each in a file of lua/ that explains it.

They are called by their digest. The pool loads all of them into every server that it connects to. A server that lost
them (SCRIPT FLUSH, a failover) gets the text with the next call.

A script that begins with `-- Uses shared/NAME.lua.` has the functions of that file.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_FOLDER = Path(__file__).with_name("lua")
_USES = re.compile(rb"-- Uses (shared/\w+\.lua)\.\n")


class Script:
    __slots__ = ("digest", "name", "text")

    def __init__(self, name: str) -> None:
        self.name = name
        text = (_FOLDER / f"{name}.lua").read_bytes()
        used = _USES.match(text)
        self.text = (_FOLDER / used[1].decode()).read_bytes() + text if used else text
        self.digest = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()


SCRIPTS = {path.stem: Script(path.stem) for path in sorted(_FOLDER.glob("*.lua"))}
