"""One id that joins the request for a page, the connection that page opens, and the messages said on it.

It is a W3C trace id (32 hexadecimal digits). The page's answer carries it in `Server-Timing`; the page reads it there
and hands it back as `?trace=` when it connects; a `traceparent` from a proxy in front is taken over. Every line of the
log about these has it as `trace_id`, and so has every span where OpenTelemetry is on (telemetry.py).

Opening and closing are always logged. Messages are too many: only those of some traces are, the share of
`log_sample_ratio`, chosen by the id itself, so that a trace is logged whole or not at all and every process agrees.
What was said is never logged, only that something was.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from . import logs

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?")

log = logs.get(__name__)


class Span(Protocol):
    """One thing that takes time, in whatever keeps traces."""

    @property
    def recorded(self) -> bool:
        """Whether anybody will see it; if not, nothing need be done for its children."""
        ...

    def child(self, name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]: ...

    def end(self, attributes: Mapping[str, str]) -> None: ...


Spans = Callable[[str, str, str], Span]
"""Begins a span: its name, its trace id, and the id of the span above it or ""."""


class Trace:
    """`id` is for the logs. `message` is None where nobody wants to know of single messages."""

    __slots__ = ("_logged", "_span", "id", "ids", "message")

    def __init__(self, trace_id: str, span: Span | None, logged: bool) -> None:
        self.id = trace_id
        self.ids: dict[str, str] = {"trace_id": trace_id}
        """What every line of the log about this has."""
        self._span = span if span is not None and span.recorded else None
        self._logged = logged
        self.message = self._message if logged or self._span is not None else None

    def end(self, **attributes: str) -> None:
        if self._span is not None:
            self._span.end(attributes)

    @contextmanager
    def _message(self, message_id: str) -> Iterator[None]:
        if self._span is None:
            yield
        else:
            with self._span.child("chat", {"asocial.message_id": message_id}):
                yield
        if self._logged:
            log.info("message posted", **self.ids, message_id=message_id)


class Tracing:
    """Begins traces. `sample_ratio`: the share of traces whose messages are logged."""

    def __init__(self, sample_ratio: float = 0.0, spans: Spans | None = None) -> None:
        self._logged_below = round(sample_ratio * 2**32)
        self._spans = spans

    def begin(self, name: str, headers: Mapping[str, str], given: str = "") -> Trace:
        """The trace of a request: the one it shows by `given` or `traceparent`, else a new one."""
        parent = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        if _TRACE_ID.fullmatch(given):
            trace_id, above = given, ""
        elif parent is not None:
            trace_id, above = parent[1], parent[2]
        else:
            trace_id, above = secrets.token_hex(16), ""
        span = self._spans(name, trace_id, above) if self._spans is not None else None
        return Trace(trace_id, span, int(trace_id[-8:], 16) < self._logged_below)
