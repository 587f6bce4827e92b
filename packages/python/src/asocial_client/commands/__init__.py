"""The commands `say`, `watch`, `join` and `bot`, of `asocial` and of `python -m asocial_client`."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence

from ..errors import AsocialError
from ..refusals import why
from . import bot, join, say, watch
from .arguments import with_negative_points
from .output import FAILED, INTERRUPTED, USAGE_ERROR, Parser, report, written_output

_ADD: dict[str, Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None]] = {
    "say": say.add,
    "watch": watch.add,
    "join": join.add,
    "bot": bot.add,
}


def main(argv: Sequence[str] | None = None, prog: str = "python -m asocial_client") -> int:
    """Run a command. Returns its exit code, see `arguments.EXIT_CODES`. May raise SystemExit with it."""
    top: argparse.ArgumentParser = Parser(prog=prog, description="Talk on a canvas from the command line.")
    with written_output(prog):
        add_commands(top.add_subparsers(dest="command", required=True, metavar="COMMAND"))
        return _run(top.parse_args(with_negative_points(sys.argv[1:] if argv is None else argv)), prog)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], *names: str) -> None:
    """Add the parsers of the commands with these names, or of all."""
    for name in names or _ADD:
        _ADD[name](commands)


def _run(arguments: argparse.Namespace, prog: str) -> int:
    _read_arguments_as_utf8(arguments)
    try:
        code: int = asyncio.run(arguments.run(arguments, prog))
    except KeyboardInterrupt:
        return INTERRUPTED
    except ValueError as error:
        return report(prog, str(error), USAGE_ERROR)
    except AsocialError as error:
        return report(prog, str(error), FAILED)
    except OSError as error:
        return report(prog, f"cannot reach {arguments.url}: {why(error)}", FAILED)
    return code


def _read_arguments_as_utf8(arguments: argparse.Namespace) -> None:
    """Bytes that do not fit the locale's encoding are surrogates in arguments, which cannot be sent."""
    for name, value in vars(arguments).items():
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            setattr(arguments, name, os.fsencode(value).decode("utf-8", errors="replace"))
