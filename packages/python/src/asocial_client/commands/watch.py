"""`watch`: prints what happens, as lines for people or as JSON."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import os
import stat
import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import msgspec

from .. import events as e
from ..channel import Channel
from ..text import printable
from .arguments import add_channel, add_command, open_channel, report_unknown_token
from .output import OK, write

_DIM, _BOLD, _END = "\x1b[2m", "\x1b[1m", "\x1b[0m"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = add_command(
        commands,
        "watch",
        "print what happens in a channel",
        "Print what happens in a channel until Ctrl+C, each line at once. Colours are used in a terminal only, and not "
        "if NO_COLOR is set.",
        "  asocial watch garden\n  asocial watch garden --json | jq -r 'select(.event == \"Message\") | .text'",
    )
    command.set_defaults(run=_run)
    add_channel(command)
    command.add_argument("--json", action="store_true", help="one JSON object for each event, drafts and cursors too")


async def _run(arguments: argparse.Namespace, prog: str) -> int:
    printing = asyncio.ensure_future(_print(arguments, prog))
    _call_when_unread(printing.cancel)
    try:
        await printing
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise  # Ctrl+C
    return OK


def _call_when_unread(end: Callable[[], object]) -> None:
    """If standard output is a pipe, call `end` when its reader has gone, as in `watch garden | head -1`."""
    descriptor = sys.stdout.fileno()
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        # Nothing ever comes to read from this end of a pipe, except that it is broken. Windows cannot wait for that.
        with contextlib.suppress(NotImplementedError, OSError):
            asyncio.get_running_loop().add_reader(descriptor, end)


async def _print(arguments: argparse.Namespace, prog: str) -> None:
    colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    async with open_channel(arguments) as channel:
        report_unknown_token(channel, arguments, prog)
        async for event in channel:
            line = as_json(event) if arguments.json else as_text(channel, event, colored)
            if line is not None:
                write(f"{line}\n")


def as_json(event: e.Event) -> str:
    return json.dumps(
        {"event": type(event).__name__} | asdict(event), ensure_ascii=False, default=msgspec.structs.asdict
    )


def as_text(channel: Channel, event: e.Event, colored: bool) -> str | None:
    """A line for a person, or None for an event that such a line would not help: drafts, cursors, ends."""
    dim, bold, end = (_DIM, _BOLD, _END) if colored else ("", "", "")
    match event:
        case e.Message():
            at = time.strftime("%H:%M:%S", time.localtime(event.sent_at / 1000))
            text = "\n         ".join(printable(line) for line in event.text.split("\n"))
            return f"{dim}{at}{end} {bold}{printable(event.name)}{end}: {text}"
        case e.Connected():
            return f"{dim}connected to {channel.name}; {_count(channel.count)}{end}"
        case e.Joined(member):
            return f"{dim}{printable(member.name)} is here; {_count(channel.count)}{end}"
        case e.Left(member):
            return f"{dim}{printable(member.name)} left; {_count(channel.count)}{end}"
        case e.Cleared():
            return f"{dim}the owner cleared all messages{end}"
        case e.Notice(text):
            return f"{bold}notice: {printable(text)}{end}"
        case e.Disconnected(reason, retry_s):
            return f"{dim}disconnected: {printable(reason)}; connecting again in {math.ceil(retry_s)} s{end}"
        case e.Degraded():
            return f"{dim}some people cannot be reached right now{end}"
        case e.Restored():
            return f"{dim}everybody can be reached again{end}"
        case e.Lagged(lost):
            return f"{dim}{lost} events were lost: the output is read too slowly{end}"
    return None


def _count(people: int) -> str:
    return "1 person" if people == 1 else f"{people} people"
