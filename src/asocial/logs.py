"""Logs: one JSON object per line in production, readable lines on a terminal. Never a token or a query string."""

from __future__ import annotations

import functools
import logging
import sys
from typing import TextIO

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_FILTERED: list[structlog.typing.Processor] = [structlog.stdlib.filter_by_level]
_chain: list[structlog.typing.Processor] = []
"""The processors that `configure` gave to structlog. A test that looks at lines takes them out of this list."""


def configure(level: str, *, json: bool, stream: TextIO | None = None, process: int = 0) -> None:
    """Route structlog and the standard library's loggers to `stream` (default: stderr) in one format.

    `process`: the number of this process, which each line then contains; 0 if there is only one.
    """

    def add_process(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {**event, "process": process}

    out = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        *([add_process] if process else []),
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if json else "%H:%M:%S", utc=json),
        structlog.processors.format_exc_info if json else structlog.processors.StackInfoRenderer(),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json
        # Plain tracebacks: the pretty ones show local variables, which may contain a token.
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    )
    _chain[:] = [*_FILTERED, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter]
    structlog.configure(
        processors=_chain,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])


_logger = functools.cache(logging.getLogger)  # without its lock: they are never removed


def drops(name: str, level: int) -> bool:
    """Whether `configure` drops lines of this level of the logger `name`.

    False where somebody else, such as a test, has configured structlog. Ask before the lines that each connection
    writes: structlog takes 12 us to drop one.
    """
    if _logger(name).isEnabledFor(level):
        return False
    chain = structlog.get_config()["processors"]
    return chain is _chain and chain[:1] == _FILTERED


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
