"""`say`: posts a message, or each line of standard input."""

from __future__ import annotations

import argparse
import asyncio
import sys

from .. import events as e
from .. import text as texts
from ..channel import Channel
from ..errors import AsocialError, ChannelClosed, NotSent, Refused
from ..text import printable
from .arguments import add_channel, add_command, open_channel, point, report_unknown_token
from .lines import Lines
from .output import FAILED, OK, report

DEFAULT_CHARACTERS = 500
LINE_HEIGHT = 28.0
"""Between two messages of one command, in CSS pixels."""
MESSAGES_PER_COLUMN = 12
"""After so many messages, `say` begins again at the top: the first ones have faded by then."""


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = add_command(
        commands,
        "say",
        "post a message",
        "Post a message, or each line of standard input. A line waits for the limits of the server and for the "
        "connection, so no line is lost, and the program that writes the lines waits too. Empty lines are skipped, "
        "colours and other escape sequences are removed. A line that the server refuses is reported, and the exit "
        "code is 1.",
        '  asocial say garden "the build is green" --at 10,-20\n  tail -f deploy.log | asocial say ops - --name deploy',
    )
    command.set_defaults(run=_run)
    add_channel(command)
    command.add_argument("text", metavar="TEXT", help="the message; - for each line of standard input")
    command.add_argument(
        "--at", type=point, default=(0.0, 0.0), metavar="X,Y", help="where it appears, in CSS pixels; default 0,0"
    )
    command.add_argument(
        "--long",
        choices=("split", "cut"),
        help="what becomes of a text that is too long: several messages, or its beginning; of a line of standard input "
        "by default several messages, of TEXT an error",
    )


async def _run(arguments: argparse.Namespace, prog: str) -> int:
    async with open_channel(arguments) as channel:
        report_unknown_token(channel, arguments, prog)
        if arguments.text == "-":
            return await _say_lines(channel, arguments, prog)
        pieces = [arguments.text] if arguments.long is None else _shorten(arguments.text, channel, arguments)
        for number, piece in enumerate(pieces):
            await channel.say(piece, _below(arguments.at, number))
        return OK


def _shorten(text: str, channel: Channel, arguments: argparse.Namespace) -> list[str]:
    characters = channel.limits.payload_characters if channel.limits is not None else DEFAULT_CHARACTERS
    return (texts.cut if arguments.long == "cut" else texts.split)(text, characters)


def _below(at: tuple[float, float], number: int) -> tuple[float, float]:
    """Where the message with this number appears. Number 0 is the first."""
    return at[0], at[1] + LINE_HEIGHT * (number % MESSAGES_PER_COLUMN)


async def _say_lines(channel: Channel, arguments: argparse.Namespace, prog: str) -> int:
    posted, code = 0, OK
    watching = asyncio.create_task(_report_connection(channel, prog))
    lines = aiter(Lines(sys.stdin.fileno()))
    while True:
        coming = asyncio.ensure_future(anext(lines, None))
        await asyncio.wait({coming, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            return report(prog, f"no more lines are posted: {watching.result()}", FAILED)
        if (read := coming.result()) is None:
            return code
        number, line = read
        for piece in _shorten(texts.clean(line), channel, arguments):
            if not piece:
                continue
            try:
                await channel.say(piece, _below(arguments.at, posted), timeout_s=None)
                posted += 1
            except NotSent as error:
                code = report(prog, f"line {number} was not posted: {error}", FAILED)
            except (ChannelClosed, Refused) as error:
                return report(prog, f"line {number} and those after it were not posted: {error}", FAILED)


async def _report_connection(channel: Channel, prog: str) -> AsocialError | None:
    """Say on stderr when the connection breaks and when it is back: lines wait meanwhile.

    Returns why the channel is closed for good.
    """
    is_away = False
    try:
        async for event in channel:
            match event:
                case e.Disconnected(reason) if not is_away:
                    is_away = True
                    report(prog, f"disconnected: {printable(reason)}; lines wait until the server is back", OK)
                case e.Connected() if is_away:
                    is_away = False
                    report(prog, "connected again", OK)
    except (ChannelClosed, Refused) as error:
        return error
    return None
