"""The counters under their Prometheus names (docs/operations.md lists them).

Nothing is counted here: a scrape turns the numbers of service/counters.py into samples. Base units; counters end in
`_total`; never a user or a channel as a label.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from . import __version__, build_info, output
from .domain.checks import MEMORY, OK
from .service.counters import Counters, FrameCounter, Histogram

PREFIX = "asocial_"
LOOP_SAMPLE_S = 0.25

Gauges = Callable[[], Mapping[str, float]]
"""The current values of the metrics in GAUGES. Missing ones are not exposed."""
Checks = Callable[[], Mapping[str, str]]

GAUGES = {
    "websocket_connections_active": "Open WebSocket connections on this process",
    "channels": "Channels on this process with members, or empty for a few seconds",
    "members": "Connections in a channel on this process",
    "send_buffer_bytes": "Bytes written to connections that the kernel has not taken yet",
    "unsent_memory_bytes": "Memory for data that waits for clients to read it; bytes that are shared count once",
    "tasks": "Tasks of the event loop: a few for each connection, and some others",
    "clock_skew_seconds": "How far the machine's clock is ahead of the server's, which with Redis is that of Redis",
    "broker_probe_age_seconds": "Time since a probe message last came back through Redis",
}


class Exposition:
    """Renders the metrics of one process."""

    def __init__(self, counters: Counters, gauges: Gauges, checks: Checks) -> None:
        self._registry = CollectorRegistry()
        self._counters = _CounterCollector(counters, gauges, checks)
        self._registry.register(self._counters)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def collect(self) -> Iterable[Metric]:
        """Asocial's own metrics, without those of the process. Call it on the loop."""
        return self._counters.collect()

    def families(self) -> Iterable[Metric]:
        """All metrics of this process. Call it on the loop."""
        return self._registry.collect()

    def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that `accept` asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _CounterCollector(Collector):
    def __init__(self, counters: Counters, gauges: Gauges, checks: Checks) -> None:
        self._counters = counters
        self._gauges = gauges
        self._checks = checks

    def collect(self) -> Iterable[Metric]:
        yield from self._now()
        yield from self._messages()
        yield from self._connections()
        yield from self._shared()

    def _now(self) -> Iterable[Metric]:
        yield InfoMetricFamily(
            f"{PREFIX}build",
            "Version of Asocial and of Python, and whether modules are compiled",
            value={"version": __version__, "python": platform.python_version(), "modules": build_info.MODULES},
        )
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(PREFIX + name, GAUGES[name], value=value)
        checks = GaugeMetricFamily(f"{PREFIX}check", "1 if a check of /ready is ok, else 0", labels=["check"])
        for check, state in self._checks().items():
            if state != MEMORY:  # no Redis: no series that an alert on Redis could look at
                checks.add_metric([check], float(state == OK))
        yield checks
        yield _counter("log_lines_dropped", "Log lines that could not be written", output.dropped_lines())

    def _messages(self) -> Iterable[Metric]:
        counters = self._counters
        yield _counter("messages_published", "Messages sent by clients of this process", counters.messages)
        yield from _frame_counters("received", "received from clients, by type", counters.received)
        yield from _frame_counters("sent", "written to clients, each recipient counted, by type", counters.sent)
        yield _histogram(
            "message_broadcast_latency_seconds",
            "Time from a message's arrival to its last write on this process",
            counters.broadcast,
        )
        yield _histogram("flush_duration_seconds", "Duration of a flush with its socket writes", counters.flush_seconds)
        yield _histogram("flush_size_bytes", "Bytes of a flush, for each recipient", counters.flush_bytes)
        yield _histogram(
            "flush_frames", "Frames of this process in one flush: the coalescing factor", counters.flush_frames
        )
        yield _counter(
            "unsent_relieved",
            "Connections closed because the unsent data of the process reached its limit",
            counters.unsent_relieved,
        )
        yield _counter(
            "volatile_dropped",
            "Times the server skipped drafts and cursors for a slow reader",
            counters.volatile_dropped,
        )
        yield _counter(
            "live_messages_dropped",
            "Live messages that people who join miss, because a channel or the process had too many",
            counters.live_messages_dropped,
        )
        yield _counter(
            "crowd_messages_dropped",
            "Live messages that a crowd did not keep for moving viewports, because it had too many",
            counters.crowd_messages_dropped,
        )
        yield _labelled("errors", "Errors sent to clients, by code", "code", counters.errors)
        yield _labelled("rate_limited", "Refusals by a limit, by limit", "limit", counters.rate_limited)

    def _connections(self) -> Iterable[Metric]:
        counters = self._counters
        yield _counter("connections_opened", "Connections accepted", counters.connections)
        yield _counter("reconnects", "Accepted connections of people with a known token", counters.reconnects)
        yield _labelled("disconnects", "Connections that ended, by close code", "code", counters.disconnects)
        yield _labelled("refusals", "Connections refused, by error or close code", "code", counters.refusals)
        yield _counter("presence_sweeps", "Sweeps of presence", counters.sweeps)
        yield _counter("presence_swept", "Connections that a sweep removed", counters.swept)
        http = HistogramMetricFamily(
            f"{PREFIX}http_request_duration_seconds",
            "Time from a request's arrival to the headers of its answer",
            labels=["handler", "status"],
        )
        for labels, took in sorted(counters.http.items()):
            http.add_metric(labels, _buckets(took), took.sum)
        yield http
        yield _histogram("event_loop_lag_seconds", "How late the event loop is", counters.loop_lag)

    def _shared(self) -> Iterable[Metric]:
        counters = self._counters
        yield _histogram("broker_lag_seconds", "Age of another process's batch on arrival", counters.broker_lag)
        yield _histogram(
            "broker_publish_duration_seconds",
            "Time from publishing a batch to Redis's answer",
            counters.publish_seconds,
        )
        yield _counter("broker_dropped", "Batches that could not be published", counters.broker_dropped)
        yield _counter("broker_outages", "Outages of the shared store that began", counters.outages)
        yield _counter("clock_steps", "Times the clock of this machine or of Redis was set", counters.clock_steps)
        yield _labelled(
            "store_unreadable",
            "Entries of the shared store that could not be read and count as absent",
            "kind",
            counters.unreadable,
        )


async def watch_loop(counters: Counters) -> None:
    """Measure how late the loop is, until cancelled."""
    time = asyncio.get_running_loop().time
    while True:
        due = time() + LOOP_SAMPLE_S
        await asyncio.sleep(LOOP_SAMPLE_S)
        counters.loop_lag.observe(max(0.0, time() - due))


def _counter(name: str, help_text: str, value: int) -> Metric:
    return CounterMetricFamily(PREFIX + name, help_text, value=value)


def _labelled(name: str, help_text: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, help_text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _frame_counters(name: str, help_text: str, counters: Mapping[str, FrameCounter]) -> Iterable[Metric]:
    frames = CounterMetricFamily(f"{PREFIX}frames_{name}", f"Frames {help_text}", labels=["type"])
    size = CounterMetricFamily(f"{PREFIX}{name}_bytes", f"Bytes of frames {help_text}", labels=["type"])
    for kind, counter in counters.items():
        frames.add_metric([kind], counter.frames)
        size.add_metric([kind], counter.bytes)
    yield frames
    yield size


def _histogram(name: str, help_text: str, values: Histogram) -> Metric:
    return HistogramMetricFamily(PREFIX + name, help_text, buckets=_buckets(values), sum_value=values.sum)


def _buckets(values: Histogram) -> list[tuple[str, float]]:
    """Cumulative counts, as Prometheus expects them, with the bucket for everything at the end."""
    buckets, total = [], 0
    for bound, count in zip((*values.bounds, float("inf")), values.counts, strict=True):
        total += count
        le: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
        buckets.append((le, float(total)))
    return buckets
