"""`join`: the canvas in a terminal. It needs Textual, which the other commands do not."""

from __future__ import annotations

import argparse
import sys

from ..refusals import unknown_token
from .arguments import add_channel, add_command, open_channel, point
from .output import OK, USAGE_ERROR, report


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    command = add_command(
        commands,
        "join",
        "open the canvas in this terminal",
        "Open the canvas in this terminal. Arrow keys move, letters start a message, Enter sends it, Escape discards "
        "it, Ctrl+Q leaves. Colours are left out if NO_COLOR is set.",
        "  asocial join garden --name Ann --url https://talk.example",
    )
    command.set_defaults(run=_run)
    add_channel(command)
    command.add_argument(
        "--at", type=point, default=(0.0, 0.0), metavar="X,Y", help="where your view begins; default 0,0"
    )


async def _run(arguments: argparse.Namespace, prog: str) -> int:
    try:
        from ..terminal.app import CanvasApp
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("textual", "rich"):
            raise
        package = "asocial" if prog == "asocial" else "asocial-client"
        return report(prog, f"`join` needs Textual: pip install '{package}[cli]'", USAGE_ERROR)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return report(prog, "`join` needs a terminal; `watch` prints what happens", USAGE_ERROR)
    async with open_channel(arguments) as channel:
        app = CanvasApp(channel, arguments.at, unknown_token(arguments.token, channel.is_new_guest))
        await app.run_async()
        if app.ended_by is not None:
            raise app.ended_by
    return OK
