"""What the commands share: the arguments that name a channel, the text about exit codes."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Sequence

from ..channel import Channel, connect
from ..frames import COLORS
from ..refusals import unknown_token
from .output import OK, report

DEFAULT_URL = "http://localhost:8080"
EXIT_CODES = """exit codes:
  0    done; for watch also when nobody reads its output any more; for bot also after Ctrl+C or SIGTERM
  1    the server cannot be reached, refuses the connection, or did not accept a message
  2    wrong arguments, or a part of asocial[cli] is not installed
  130  Ctrl+C (say, watch)"""


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    brief: str,
    description: str,
    examples: str,
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name,
        help=brief,
        description=description,
        epilog=f"examples:\n{examples}\n\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_channel(command: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """CHANNEL, and the options of a connection. `optional`: a bot's file may name the channel and the server."""
    server = f"ASOCIAL_URL, or {DEFAULT_URL}"
    if optional:
        command.add_argument(
            "channel", metavar="CHANNEL", nargs="?", help="the channel; default: the bot's, or that of the link"
        )
        where, name = f"the server, or a link to a channel; default: the bot's, {server}", "the bot's"
    else:
        command.add_argument("channel", metavar="CHANNEL", help="the channel's name")
        where, name = f"the server; default: {server}", "the server chooses one"
    command.add_argument("--url", default=default_url(), help=where)
    command.add_argument("--name", help=f"the name in the channel; default: {name}")
    command.add_argument("--color", type=_color, help="one of the sixteen colours, such as teal")
    command.add_argument("--invite", metavar="TOKEN", help="an invitation to a private channel")
    command.add_argument(
        "--token",
        default=os.environ.get("ASOCIAL_TOKEN"),
        help="who you are: a guest's or a provider's token; default: ASOCIAL_TOKEN, or a new guest",
    )


def _color(text: str) -> str:
    # The server would choose another one without an error (W122).
    if text not in COLORS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(COLORS)}")
    return text


def default_url() -> str:
    return os.environ.get("ASOCIAL_URL", DEFAULT_URL)


def open_channel(arguments: argparse.Namespace) -> Channel:
    """Raises ValueError for a wrong address or name."""
    return connect(
        arguments.url,
        arguments.channel,
        token=arguments.token,
        name=arguments.name,
        color=arguments.color,
        invite=arguments.invite,
    )


def report_unknown_token(channel: Channel, arguments: argparse.Namespace, prog: str) -> None:
    if message := unknown_token(arguments.token, channel.is_new_guest):
        report(prog, message, OK)


def point(text: str) -> tuple[float, float]:
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise argparse.ArgumentTypeError("must be two numbers, as in 10,-20")
    return x, y


def with_negative_points(argv: Sequence[str]) -> list[str]:
    """`--at -10,20` as `--at=-10,20`: argparse takes the point for an option."""
    joined: list[str] = []
    for argument in argv:
        if joined and joined[-1] == "--at" and re.match(r"-[.\d]", argument):
            joined[-1] = f"--at={argument}"
        else:
            joined.append(argument)
    return joined
