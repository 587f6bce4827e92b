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
from .arguments import FAILED, INTERRUPTED, OK, USAGE_ERROR, OutputFailed, report, with_negative_points

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
    return run(top.parse_args(with_negative_points(sys.argv[1:] if argv is None else argv)), prog)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], *names: str) -> None:
    """Add the parsers of the commands with these names, or of all."""
    for name in names or _ADD:
        _ADD[name](commands)


def run(arguments: argparse.Namespace, prog: str) -> int:
    _replace_closed_streams()
    _read_arguments_as_utf8(arguments)
    try:
        code: int = asyncio.run(arguments.run(arguments, prog))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _write_nothing_more()  # The reader of our output has gone.
        return OK
    except OutputFailed as error:
        _write_nothing_more()
        return report(prog, str(error), FAILED)
    except ValueError as error:
        return report(prog, str(error), USAGE_ERROR)
    except AsocialError as error:
        return report(prog, str(error), FAILED)
    except OSError as error:
        return report(prog, f"cannot reach {arguments.url}: {why(error)}", FAILED)
    return code


def _replace_closed_streams() -> None:
    """A stream that is closed at the start (`<&-`) is None: read and write nothing instead."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _read_arguments_as_utf8(arguments: argparse.Namespace) -> None:
    """Bytes that do not fit the locale's encoding are surrogates in arguments, which cannot be sent."""
    for name, value in vars(arguments).items():
        if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
            setattr(arguments, name, os.fsencode(value).decode("utf-8", errors="replace"))


def _write_nothing_more() -> None:
    """Without this, the interpreter tries to write the rest at exit, and reports the error once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
