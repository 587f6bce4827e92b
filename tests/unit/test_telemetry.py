"""Spans of messages that wait: they begin in the transport's context and end in a task's."""

from __future__ import annotations

import contextvars
import logging
from types import SimpleNamespace
from typing import cast

import pytest
from opentelemetry import trace

from asocial.telemetry import Telemetry, _Span


async def span() -> _Span:
    telemetry = Telemetry({"OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none"}, lambda: ())
    began = telemetry.begin("connection", "0" * 31 + "1", "")
    await telemetry.close()
    assert isinstance(began, _Span)
    return began


async def test_a_span_may_begin_in_one_context_and_end_in_another(caplog: pytest.LogCaptureFixture) -> None:
    block = (await span()).child("chat", {"message_id": "m"})
    began, ended = contextvars.copy_context(), contextvars.copy_context()
    began.run(block.__enter__)
    assert not began.run(trace.get_current_span).get_span_context().is_valid, "it is nobody's current span"
    ended.run(block.__exit__, None, None, None)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_span_has_the_error_that_ended_it() -> None:
    seen: list[tuple[str, object]] = []
    fake = SimpleNamespace(
        record_exception=lambda error: seen.append(("error", error)),
        set_status=lambda code, _text: seen.append(("status", code)),
        end=lambda: seen.append(("end", None)),
    )
    tracer = SimpleNamespace(start_span=lambda *_args, **_kwargs: fake)
    error = RuntimeError("out of paint")
    with pytest.raises(RuntimeError), _Span(cast(trace.Tracer, tracer), trace.INVALID_SPAN).child("chat", {}):
        raise error
    assert seen == [("error", error), ("status", trace.StatusCode.ERROR), ("end", None)]
