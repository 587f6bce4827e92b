"""The commands `say`, `watch`, `join` and `bot`, of `asocial` and of `python -m asocial_client`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from ..errors import AsocialError
from . import bot, join, say, watch
from .arguments import FAILED, INTERRUPTED, OK, USAGE_ERROR, report

_ADD: dict[str, Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None]] = {
    "say": say.add,
    "watch": watch.add,
    "join": join.add,
    "bot": bot.add,
}


def main(argv: Sequence[str] | None = None, prog: str = "python -m asocial_client") -> int:
    """Run a command. Returns its exit code, see `arguments.EXIT_CODES`."""
    top = argparse.ArgumentParser(prog=prog, description="Talk on a canvas from the command line.")
    add_commands(top.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    return run(top.parse_args(argv), prog)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], *names: str) -> None:
    """Add the parsers of the commands with these names, or of all."""
    for name in names or _ADD:
        _ADD[name](commands)


def run(arguments: argparse.Namespace, prog: str) -> int:
    try:
        code: int = asyncio.run(arguments.run(arguments, prog))
    except KeyboardInterrupt:
        return INTERRUPTED if arguments.command == "say" else OK
    except BrokenPipeError:
        # The reader of our output has gone. Without this, the interpreter reports it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ValueError as error:
        return report(prog, str(error), USAGE_ERROR)
    except AsocialError as error:
        return report(prog, str(error), FAILED)
    except OSError as error:
        return report(prog, f"cannot reach {arguments.url}: {error.strerror or error}", FAILED)
    return code
