"""Where the tasks of asyncio wait: what the stack of a thread in its event loop does not tell."""

from __future__ import annotations

import asyncio
import gc
import linecache
from types import FrameType
from typing import Any


def describe() -> str:
    """Each unfinished task of this process with its frames, the outermost first."""
    tasks = [each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done()]
    return "\n".join(f"{task.get_name()}\n{''.join(map(_line, _frames(task.get_coro())))}" for task in tasks)


def _frames(waits: Any) -> list[FrameType]:
    """Of a coroutine or a generator, and of what it awaits. (`Task.get_stack` has only the first.)"""
    found: list[FrameType] = []
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "gi_frame", None)
        if frame is None:
            break
        found.append(frame)
        waits = getattr(waits, "cr_await", None) or getattr(waits, "gi_yieldfrom", None)
    return found


def _line(frame: FrameType) -> str:
    path, number = frame.f_code.co_filename, frame.f_lineno
    code = linecache.getline(path, number).strip()
    return f"  {path}:{number}, in {frame.f_code.co_name}: {code}\n"
