"""The trace of a request, and which traces have spans for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from asocial.tracing import Span, Tracing

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


class FakeSpan:
    def __init__(self, recorded: bool) -> None:
        self.recorded = recorded
        self.log: list[str] = []

    @contextmanager
    def child(self, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        self.log.append(f"{name} {attributes['asocial.message_id']}")
        yield
        self.log.append("done")

    def end(self, attributes: Mapping[str, str]) -> None:
        self.log.append("end")


def test_w50_the_id_that_the_page_was_given_is_taken() -> None:
    assert Tracing().begin("connection", {"traceparent": f"00-{'1' * 32}-{SPAN}-01"}, ID).id == ID


def test_w50_a_traceparent_is_used_without_another_trace_id() -> None:
    assert Tracing().begin("page", {"traceparent": f"00-{ID}-{SPAN}-01"}).id == ID


@pytest.mark.parametrize("shown", ["", "0" * 32, ID[:-1], ID.upper(), ID + "a", "x" * 32, f'{ID[:-1]}"'])
def test_w50_an_invalid_id_is_replaced(shown: str) -> None:
    trace = Tracing().begin("connection", {"traceparent": f"00-{shown}-{SPAN}-01"}, shown)
    assert trace.id != shown
    assert len(trace.id) == 32
    assert int(trace.id, 16)


def test_message_sampling_is_as_configured_and_the_same_on_every_process() -> None:
    def told(tracing: Tracing, trace_id: str) -> bool:
        return tracing.begin("connection", {}, trace_id).message is not None

    ids = [f"{number * 0x9E3779B97F4A7C15 % 2**128:032x}" for number in range(1, 4001)]
    here, there = ([told(Tracing(ratio), trace_id) for trace_id in ids] for ratio in (0.25, 0.25))
    assert here == there
    assert 800 < sum(here) < 1200
    assert not any(told(Tracing(0.0), trace_id) for trace_id in ids)
    assert all(told(Tracing(1.0), trace_id) for trace_id in [*ids, "f" * 32])


def test_a_message_is_a_span_below_its_connection() -> None:
    span = FakeSpan(recorded=True)
    begun: list[tuple[str, str, str]] = []

    def spans(name: str, trace_id: str, above: str) -> Span:
        begun.append((name, trace_id, above))
        return span

    trace = Tracing(spans=spans).begin("connection", {"traceparent": f"00-{ID}-{SPAN}-01"})
    assert begun == [("connection", ID, SPAN)]
    assert trace.message is not None
    with trace.message("m"):
        span.log.append("posted")
    trace.end()
    assert span.log == ["chat m", "posted", "done", "end"]


def test_a_span_that_nobody_records_costs_a_message_nothing() -> None:
    assert Tracing(spans=lambda *_: FakeSpan(recorded=False)).begin("connection", {}).message is None
