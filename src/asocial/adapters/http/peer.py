"""Whether the other end of a connection is still there."""

from __future__ import annotations

import asyncio
import select

_ENDED: int | None = getattr(select, "POLLRDHUP", None)
"""What `poll` reports of a socket whose client sends no more, or reset it. None where the system cannot tell."""


def has_ended(transport: asyncio.BaseTransport) -> bool:
    """Whether the client has ended the connection, even if it is not being read at the moment.

    A socket that is not read does not report its end to the loop.
    """
    if transport.is_closing():
        return True
    sock = transport.get_extra_info("socket")
    if _ENDED is None or sock is None or (fd := sock.fileno()) < 0:
        return False
    poll = select.poll()
    poll.register(fd, _ENDED)
    return bool(poll.poll(0))
