"""Standard output and standard error of a command: what happens if nobody reads them, or a disk is full."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn, TextIO

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

OK, FAILED, USAGE_ERROR, INTERRUPTED = 0, 1, 2, 130


class OutputFailed(Exception):
    """Standard output does not take what is written. `unread`: its reader has gone; otherwise a disk is full, say."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write to standard output: {error.strerror or error}")
        self.unread = isinstance(error, BrokenPipeError)


def write(text: str) -> None:
    """Write to standard output at once. Raises OutputFailed."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        raise OutputFailed(error) from None


def write_error(text: str) -> None:
    """Write to standard error. If that fails, the exit code alone reports the error."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def report(prog: str, message: str, code: int) -> int:
    """Write a message of the command `prog` to standard error. Returns `code`."""
    write_error(f"{prog}: {message}\n")
    return code


@contextlib.contextmanager
def written_output(prog: str) -> Iterator[None]:
    """Write standard output in it to the end. Leaves with code 0 if nobody reads it, with 1 if it cannot be written."""
    _replace_closed_streams()
    try:
        try:
            yield
        finally:
            write("")
    except OutputFailed as failed:
        _discard(sys.stdout)
        raise SystemExit(OK if failed.unread else report(prog, str(failed), FAILED)) from None


class Parser(argparse.ArgumentParser):
    """Its own output is as that of the command. (argparse drops an OSError, depending on the version of Python.)"""

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        if file is None:
            write(self.format_help())
        else:
            super().print_help(file)

    def error(self, message: str) -> NoReturn:
        write_error(f"{self.format_usage()}{self.prog}: error: {message}\n")
        raise SystemExit(USAGE_ERROR)


def _replace_closed_streams() -> None:
    """A stream that is closed at the start (`<&-`) is None: read and write nothing instead."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115


def _discard(stream: TextIO) -> None:
    """Drop what could not be written. Otherwise the interpreter tries again at its exit, and exits with code 120."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
