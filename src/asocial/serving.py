"""Runs a server, or the parent of several, on an event loop, and makes exit codes of errors."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from . import logs, output
from .adapters.http.listening import CannotListen
from .config import ConfigError
from .output import USAGE_ERROR, print_error
from .settings import Settings


def run_until_stopped(main: Callable[[], Coroutine[Any, Any, int]], settings: Settings) -> int:
    """Run `main`. The exit code: what it returns, or 1 or 2 for an error, which is printed or logged."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(main())
    except ConfigError as error:
        print_error(settings.with_source(str(error)))
        return USAGE_ERROR
    except CannotListen as error:
        print_error(
            f"cannot listen on {settings.host} port {settings.port}: {error}. "
            "Choose another with --host and --port, or ASOCIAL_HOST and ASOCIAL_PORT."
        )
        return 1
    except OSError as error:
        print_error(f"cannot start: {error.strerror or error}")
        return 1
    except Exception:
        # Not left to the interpreter, which would wait if nothing reads stderr.
        logs.get(__name__).exception("the server ended with an unexpected error")
        return 1


def report_lost_lines(event: str, **fields: object) -> None:
    # Looked up each time: the streams are replaced before logging is configured, which then writes to them.
    logs.get(output.__name__).warning(event, **fields)


def _loop_factory() -> Any:
    """uvloop where it exists, since the figures of the fan-out are measured with it. Windows has asyncio's own loop."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
