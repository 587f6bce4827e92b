"""Lines of standard input, which may be a file, a pipe or a terminal, and may block without end."""

from __future__ import annotations

import asyncio
import codecs
import os
import threading
from collections.abc import AsyncIterator

LONGEST_LINE = 64 * 1024
"""In characters. More without a line end counts as several lines."""
CHUNK_BYTES = 64 * 1024


class Lines:
    """(number, line) for each line of a file descriptor. Reads on only when the lines so far were taken."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def __aiter__(self) -> AsyncIterator[tuple[int, str]]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        number, rest, chunk = 0, "", b"-"
        while chunk:
            chunk = await self._read()
            *lines, rest = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
            if len(rest) > LONGEST_LINE or not chunk:
                lines, rest = [*lines, rest], ""
            for line in lines:
                number += 1
                yield number, line

    async def _read(self) -> bytes:
        # A daemon thread with a bare read: an executor would keep the program from ending until there is input.
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()

        def settle(chunk: bytes, error: OSError | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(chunk)

        def read() -> None:
            chunk, error = b"", None
            try:
                chunk = os.read(self._descriptor, CHUNK_BYTES)
            except OSError as caught:
                error = caught
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, chunk, error)

        threading.Thread(target=read, name="standard input", daemon=True).start()
        return await answer
