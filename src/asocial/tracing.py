"""One trace id for a request for the page, the connection that the page opens, and the messages posted on it.

It is a W3C trace id (32 hexadecimal digits). The page reads it from `Server-Timing` and sends it back as `?trace=` when
it connects. A `traceparent` from a proxy is used instead if there is one. Log lines have it as `trace_id`, and so have
spans if OpenTelemetry is on (telemetry.py).

Opening and closing a connection are always logged. Messages are logged only for some traces, the share of
`log_sample_ratio`. The id decides, so that all processes agree and a trace is logged whole or not at all. The log says
that a message was posted, never what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from . import logs
from .domain.random_ids import random_hex

_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-[0-9a-f]{2}(-.*)?")

log = logs.get(__name__)


class Span(Protocol):
    """A span of time, in any tracing backend."""

    @property
    def recorded(self) -> bool:
        """Whether the span will be stored. If not, its children can be skipped."""
        ...

    def child(self, name: str, attributes: Mapping[str, str]) -> AbstractContextManager[None]: ...

    def end(self, attributes: Mapping[str, str]) -> None: ...


Spans = Callable[[str, str, str], Span]
"""Begins a span: its name, its trace id, and the id of the parent span or ""."""


class Trace:
    """`id` is for the logs. `message` is None if single messages are not traced."""

    __slots__ = ("_logged", "_span", "id", "ids", "message")

    def __init__(self, trace_id: str, span: Span | None, logged: bool) -> None:
        self.id = trace_id
        self.ids: dict[str, str] = {"trace_id": trace_id}
        """The fields of every log line of this trace."""
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
        """The trace of a request: from `given` or `traceparent`, else a new one."""
        sent = headers.get("traceparent")
        parent = None if sent is None else _TRACEPARENT.fullmatch(sent)
        if given and _TRACE_ID.fullmatch(given):
            trace_id, above = given, ""
        elif parent is not None:
            trace_id, above = parent[1], parent[2]
        else:
            trace_id, above = random_hex(), ""
        span = self._spans(name, trace_id, above) if self._spans is not None else None
        return Trace(trace_id, span, self._logged_below > 0 and int(trace_id[-8:], 16) < self._logged_below)
