"""One server process of several. The parent (supervisor.py) starts it with `python -m asocial.processes.worker`.

The arguments are file descriptors: a channel to the parent, then the bound sockets to listen on. The channel brings an
`Order`. When it ends, the parent has ended, and this process drains.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import sys

from .. import logs, output
from ..app import build
from ..lifecycle import run
from ..serving import report_lost_lines, run_until_stopped
from .order import LISTENING, Order, receive

_INSTANCE = "service.instance.id"

log = logs.get(__name__)


def main() -> int:
    output.open_closed_standard_descriptors()
    channel_fd, *listening_fds = map(int, sys.argv[1:])
    channel = socket.socket(fileno=channel_fd)
    try:
        order = receive(channel)
    except EOFError:
        return 1
    listening = [socket.socket(fileno=fd) for fd in listening_fds]
    number = order.group.number
    _name_for_telemetry(number)
    with output.queued_standard_streams(report_lost_lines):
        logs.configure(order.settings.log_level, json=order.settings.env == "production", process=number)
        return run_until_stopped(lambda: _serve(order, channel, listening), order.settings)


async def _serve(order: Order, channel: socket.socket, listening: list[socket.socket]) -> int:
    reader, writer = await asyncio.open_unix_connection(sock=channel)
    stop = asyncio.Event()
    orphaned = asyncio.create_task(_until_parent_ends(reader, stop))
    await run(build(order.settings, group=order.group), lambda _: writer.write(LISTENING), listening, stop)
    if orphaned.done():
        shutil.rmtree(order.group.directory, ignore_errors=True)  # the parent cannot do it
    orphaned.cancel()
    writer.close()
    return 0


async def _until_parent_ends(reader: asyncio.StreamReader, stop: asyncio.Event) -> None:
    with contextlib.suppress(OSError):
        await reader.read()
    log.warning("the parent process has ended, so this process stops")
    stop.set()


def _name_for_telemetry(number: int) -> None:
    """Without instance ids, OpenTelemetry would take all processes of this machine for one."""
    attributes = os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if _INSTANCE not in attributes:
        own = f"{_INSTANCE}={socket.gethostname()}-{number}"
        os.environ["OTEL_RESOURCE_ATTRIBUTES"] = f"{attributes},{own}" if attributes else own


if __name__ == "__main__":
    sys.exit(main())
