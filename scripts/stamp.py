"""Stamps: how a second `make run` knows that nothing has to be done.

A stamp lies inside the directory it vouches for and holds a fingerprint of all that the directory was made
from. It is removed before the work starts and written in one move when it is done, so an
interrupted step leaves none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def fingerprint(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def read(stamp: Path) -> str | None:
    try:
        return stamp.read_text()
    except OSError:
        return None


def write(stamp: Path, text: str) -> None:
    unfinished = stamp.with_name(f"{stamp.name}.new")
    unfinished.write_text(text)
    os.replace(unfinished, stamp)
