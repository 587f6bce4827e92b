"""`bot run`: runs the bot of a file. `python FILE` comes here too, by `Bot.run`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import runpy
import sys
import traceback
from pathlib import Path

from ..bot import Bot, loading, run_until_signal
from ..errors import AsocialError
from .arguments import EXIT_CODES, add_channel, add_command, default_url
from .output import FAILED, OK, USAGE_ERROR, Parser, report, written_output

DESCRIPTION = (
    "Run a bot until Ctrl+C or SIGTERM. An error in a handler is logged on stderr, and the bot goes on. If the server "
    "is away, the bot waits for it."
)


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    bot = commands.add_parser("bot", help="run a bot", description="Run bots. See `bot run --help`.")
    run = add_command(
        bot.add_subparsers(dest="action", required=True, metavar="ACTION"),
        "run",
        "run the bot of a file",
        DESCRIPTION,
        "  asocial bot run dice.py garden --url https://talk.example",
    )
    run.set_defaults(run=_run)
    run.add_argument("file", type=Path, metavar="FILE", help="a Python file with one asocial_client.Bot")
    _add_options(run)


def run_bot(bot: Bot) -> int:
    """Run it with the arguments of the command line. Returns the exit code."""
    parser = Parser(description=DESCRIPTION, epilog=EXIT_CODES, formatter_class=argparse.RawDescriptionHelpFormatter)
    _add_options(parser)
    with written_output(bot.name):
        return asyncio.run(_run_bot(bot, parser.parse_args(), bot.name))


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_channel(parser, optional=True)
    # What the bot's file says comes after the command line, and before the environment.
    parser.set_defaults(url=None)


async def _run(arguments: argparse.Namespace, prog: str) -> int:
    if not arguments.file.is_file():
        return report(prog, f"there is no file {arguments.file}", USAGE_ERROR)
    try:
        bots = _load(arguments.file)
    except Exception as error:
        _print_error(error, arguments.file)
        return report(prog, f"{arguments.file} could not be loaded, see above", FAILED)
    if len(bots) != 1:
        return report(prog, f"{arguments.file} must have one Bot, it has {len(bots)}", USAGE_ERROR)
    return await _run_bot(bots[0], arguments, prog)


async def _run_bot(bot: Bot, arguments: argparse.Namespace, prog: str) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    options = {"token": arguments.token, "invite": arguments.invite}
    options |= {name: value for name, value in (("name", arguments.name), ("color", arguments.color)) if value}
    url = arguments.url or bot.default_url or default_url()
    try:
        await run_until_signal(bot, url, arguments.channel or bot.default_channel, **options)
    except ValueError as error:
        return report(prog, str(error), USAGE_ERROR)
    except AsocialError as error:
        return report(prog, str(error), FAILED)
    return OK


def _print_error(error: Exception, file: Path) -> None:
    """The traceback from the bot's file on: what loaded the file is no help."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != str(file):
        trace = trace.tb_next
    traceback.print_exception(error.with_traceback(trace))


def _load(file: Path) -> list[Bot]:
    """The bots of a file. Raises what the file raises."""
    # As `python FILE` does: the file imports what is beside it.
    sys.path.insert(0, str(file.parent.resolve()))
    token = loading.set(True)
    try:
        content = runpy.run_path(str(file), run_name="__asocial_bot__")
    finally:
        loading.reset(token)
    found = {id(value): value for value in content.values() if isinstance(value, Bot)}
    return list(found.values())
