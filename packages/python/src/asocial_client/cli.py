"""The commands `say` and `watch`. `asocial say ...` runs them, and so does `python -m asocial_client say ...`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import TextIO

import msgspec

from . import events as e
from .channel import Channel, connect
from .errors import AsocialError

OK, FAILED, USAGE_ERROR = 0, 1, 2
LINE_HEIGHT = 28.0
"""Between two lines of standard input, in CSS pixels."""
LINES_PER_COLUMN = 12
"""After so many lines, `say -` begins again at the top: the first ones have faded by then."""
_DIM, _BOLD, _END = "\x1b[2m", "\x1b[1m", "\x1b[0m"


def main(argv: Sequence[str] | None = None, prog: str = "python -m asocial_client") -> int:
    """Run a command. Returns 0; 1 if the server cannot be reached or refuses; 2 for a usage error."""
    arguments = parser(prog).parse_args(argv)
    command = _say(arguments) if arguments.command == "say" else _watch(arguments)
    try:
        return asyncio.run(command)
    except KeyboardInterrupt:
        return OK
    except BrokenPipeError:
        # The reader of our output has gone. Without this, the interpreter reports it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ValueError as error:
        return _report(prog, str(error), USAGE_ERROR)
    except AsocialError as error:
        return _report(prog, str(error), FAILED)
    except OSError as error:
        return _report(prog, f"cannot reach {arguments.url}: {error.strerror or error}", FAILED)


def parser(prog: str) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog=prog, description="Talk on a canvas from the command line.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    say = commands.add_parser(
        "say",
        help="post a message",
        description="Post a message, or each line of standard input.",
        epilog="Example: tail -f deploy.log | asocial say ops - --name deploy",
    )
    _add_channel(say)
    say.add_argument("text", metavar="TEXT", help="the message; - for each line of standard input")
    say.add_argument("--at", type=_point, default=(0.0, 0.0), metavar="X,Y", help="where, in CSS pixels; default 0,0")
    say.add_argument("--color", help="one of the sixteen colours, such as teal")
    watch = commands.add_parser("watch", help="print what happens", description="Print what happens until Ctrl-C.")
    _add_channel(watch)
    watch.add_argument("--json", action="store_true", help="one JSON object for each event, drafts and pointers too")
    return top


def _add_channel(command: argparse.ArgumentParser) -> None:
    command.add_argument("channel", metavar="CHANNEL", help="the channel's name")
    command.add_argument(
        "--url",
        default=os.environ.get("ASOCIAL_URL", "http://localhost:8080"),
        help="the server; default: ASOCIAL_URL, or http://localhost:8080",
    )
    command.add_argument("--name", help="your name in the channel; default: the server chooses one")
    command.add_argument("--invite", metavar="TOKEN", help="an invitation to a private channel")
    command.add_argument(
        "--token",
        default=os.environ.get("ASOCIAL_TOKEN"),
        help="who you are: a guest's or a provider's token; default: ASOCIAL_TOKEN, or a new guest",
    )


def _point(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError("must be two numbers, as in 10,-20") from None
    return x, y


def _open(arguments: argparse.Namespace) -> Channel:
    return connect(
        arguments.url,
        arguments.channel,
        token=arguments.token,
        name=arguments.name,
        color=getattr(arguments, "color", None),
        invite=arguments.invite,
    )


async def _say(arguments: argparse.Namespace) -> int:
    x, y = arguments.at
    async with _open(arguments) as channel:
        if arguments.text != "-":
            await channel.say(arguments.text, (x, y))
            return OK
        number = 0
        async for line in _lines(sys.stdin):
            if line.strip():
                await channel.say(line, (x, y + LINE_HEIGHT * (number % LINES_PER_COLUMN)), timeout_s=120.0)
                number += 1
    return OK


async def _lines(stream: TextIO) -> AsyncIterator[str]:
    """The lines of a stream that blocks, as they come."""
    while line := await asyncio.to_thread(stream.readline):
        yield line.rstrip("\n")


async def _watch(arguments: argparse.Namespace) -> int:
    colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    async with _open(arguments) as channel:
        async for event in channel:
            line = _as_json(event) if arguments.json else _as_text(channel, event, colored)
            if line is not None:
                print(line, flush=True)
    return OK


def _as_json(event: e.Event) -> str:
    return json.dumps(
        {"event": type(event).__name__} | asdict(event), ensure_ascii=False, default=msgspec.structs.asdict
    )


def _as_text(channel: Channel, event: e.Event, colored: bool) -> str | None:
    """A line for a person, or None for an event that such a line would not help: drafts, pointers, ends."""
    dim, bold, end = (_DIM, _BOLD, _END) if colored else ("", "", "")
    match event:
        case e.Message():
            at = time.strftime("%H:%M:%S", time.localtime(event.sent_at / 1000))
            text = event.text.replace("\n", "\n         ")
            return f"{dim}{at}{end} {bold}{event.name}{end}: {text}"
        case e.Connected():
            return f"{dim}connected to {channel.name}; {_count(channel.count)}{end}"
        case e.Joined(member):
            return f"{dim}{member.name} is here; {_count(channel.count)}{end}"
        case e.Left(member):
            return f"{dim}{member.name} left; {_count(channel.count)}{end}"
        case e.Cleared():
            return f"{dim}the owner cleared all messages{end}"
        case e.Disconnected(reason, retry_s):
            return f"{dim}disconnected: {reason}; connecting again in {retry_s:.0f} s{end}"
        case e.Degraded():
            return f"{dim}some people cannot be reached right now{end}"
        case e.Restored():
            return f"{dim}everybody can be reached again{end}"
        case e.Lagged(lost):
            return f"{dim}{lost} events were lost: the output is read too slowly{end}"
    return None


def _count(people: int) -> str:
    return "1 person" if people == 1 else f"{people} people"


def _report(prog: str, message: str, code: int) -> int:
    print(f"{prog}: {message}", file=sys.stderr)
    return code
