"""The meters under the names that Prometheus reads (docs/operations.md lists them).

Nothing is counted here: a scrape turns the plain numbers of service/meters.py into samples, so that between two scrapes
metrics cost what an addition costs. Base units; counters end in `_total`; never a user or a channel as a label.
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

from . import __version__, output
from .service.meters import Distribution, Meters, Tally

PREFIX = "asocial_"
LOOP_LOOK_S = 0.25

Gauges = Callable[[], Mapping[str, float]]
"""What is so just now, by the names in GAUGES. A name that is left out is not exposed."""
Checks = Callable[[], Mapping[str, str]]

GAUGES = {
    "websocket_connections_active": "WebSocket connections open on this process",
    "channels": "Channels with members on this process, and those empty for a few seconds",
    "members": "Connections that are in a channel on this process",
    "send_buffer_bytes": "Bytes written to connections that have not reached the kernel",
    "unsent_memory_bytes": "Memory that waits for clients to read; what many are sent counts once",
    "tasks": "Tasks of the event loop: a few for each connection, and some more",
    "clock_skew_seconds": "How far the machine's clock is ahead of the server's, which with Redis is Redis's",
    "broker_probe_age_seconds": "Time since a message was last seen to come back through Redis",
}


class Exposition:
    """Renders the metrics of one process."""

    def __init__(self, meters: Meters, gauges: Gauges, checks: Checks) -> None:
        self._registry = CollectorRegistry()
        self._meters = _Meters(meters, gauges, checks)
        self._registry.register(self._meters)
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def collect(self) -> Iterable[Metric]:
        """Our own metrics, without those of the process. On the loop only."""
        return self._meters.collect()

    def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that `accept` asks for, and its content type."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class _Meters(Collector):
    def __init__(self, meters: Meters, gauges: Gauges, checks: Checks) -> None:
        self._meters = meters
        self._gauges = gauges
        self._checks = checks

    def collect(self) -> Iterable[Metric]:
        yield from self._now()
        yield from self._talk()
        yield from self._connections()
        yield from self._shared()

    def _now(self) -> Iterable[Metric]:
        yield InfoMetricFamily(
            f"{PREFIX}build",
            "The version that runs",
            value={"version": __version__, "python": platform.python_version()},
        )
        for name, value in self._gauges().items():
            yield GaugeMetricFamily(PREFIX + name, GAUGES[name], value=value)
        checks = GaugeMetricFamily(f"{PREFIX}check", "1 where a check of /ready is ok, else 0", labels=["check"])
        for check, state in self._checks().items():
            checks.add_metric([check], float(state == "ok"))
        yield checks
        yield _counter("log_lines_dropped", "Lines of the log that could not be written", output.dropped_lines())

    def _talk(self) -> Iterable[Metric]:
        meters = self._meters
        yield _counter("messages_published", "Messages said on this process", meters.messages)
        yield from _tallies("received", "sent by clients, by type", meters.received)
        yield from _tallies("sent", "written to clients, each recipient counted, by type", meters.sent)
        yield _histogram(
            "message_broadcast_latency_seconds",
            "From a message's arrival to its last write on this process",
            meters.broadcast,
        )
        yield _histogram(
            "flush_duration_seconds", "Time a flush took, its socket writes included", meters.flush_seconds
        )
        yield _histogram("flush_size_bytes", "Bytes of a flush, for each recipient", meters.flush_bytes)
        yield _histogram("flush_frames", "Frames of this process in one flush: coalescing", meters.flush_frames)
        yield _counter(
            "unsent_relieved", "Connections closed because too much was unsent in all", meters.unsent_relieved
        )
        yield _counter("volatile_dropped", "Times a slow reader was spared drafts and cursors", meters.volatile_dropped)
        yield _labelled("errors", "Errors answered to clients", "code", meters.errors)
        yield _labelled("rate_limited", "What was refused for want of a place in a limit", "limit", meters.rate_limited)

    def _connections(self) -> Iterable[Metric]:
        meters = self._meters
        yield _counter("connections_opened", "Connections let in", meters.connections)
        yield _counter("reconnects", "Of those, by somebody who came back", meters.reconnects)
        yield _labelled("disconnects", "Connections that ended, by close code", "code", meters.disconnects)
        yield _labelled("refusals", "Connections refused, by error or close code", "code", meters.refusals)
        yield _counter("presence_sweeps", "Times presence was swept", meters.sweeps)
        yield _counter("presence_swept", "Connections that a sweep removed", meters.swept)
        http = HistogramMetricFamily(
            f"{PREFIX}http_request_duration_seconds",
            "From a request's arrival to its answer's headers",
            labels=["handler", "status"],
        )
        for labels, took in sorted(meters.http.items()):
            http.add_metric(labels, _buckets(took), took.sum)
        yield http
        yield _histogram("event_loop_lag_seconds", "How late the event loop runs what is due", meters.loop_lag)

    def _shared(self) -> Iterable[Metric]:
        meters = self._meters
        yield _histogram("broker_lag_seconds", "Age of other processes' batches on arrival", meters.broker_lag)
        yield _histogram(
            "broker_publish_duration_seconds", "From handing a batch over to Redis's answer", meters.publish_seconds
        )
        yield _counter("broker_dropped", "Batches that could not be handed over", meters.broker_dropped)
        yield _counter("broker_outages", "Times the store that processes share went away", meters.outages)
        yield _counter("clock_steps", "Times the clock of this machine or of Redis was set", meters.clock_steps)
        yield _labelled("store_unreadable", "Entries of the store treated as absent", "kind", meters.unreadable)


async def watch_loop(meters: Meters) -> None:
    """Measure how late the loop is. Runs until cancelled."""
    time = asyncio.get_running_loop().time
    while True:
        due = time() + LOOP_LOOK_S
        await asyncio.sleep(LOOP_LOOK_S)
        meters.loop_lag.observe(max(0.0, time() - due))


def _counter(name: str, says: str, value: int) -> Metric:
    return CounterMetricFamily(PREFIX + name, says, value=value)


def _labelled(name: str, says: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, says, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def _tallies(name: str, says: str, tallies: Mapping[str, Tally]) -> Iterable[Metric]:
    frames = CounterMetricFamily(f"{PREFIX}frames_{name}", f"Frames {says}", labels=["type"])
    size = CounterMetricFamily(f"{PREFIX}{name}_bytes", f"Bytes of frames {says}", labels=["type"])
    for kind, tally in tallies.items():
        frames.add_metric([kind], tally.frames)
        size.add_metric([kind], tally.bytes)
    yield frames
    yield size


def _histogram(name: str, says: str, values: Distribution) -> Metric:
    return HistogramMetricFamily(PREFIX + name, says, buckets=_buckets(values), sum_value=values.sum)


def _buckets(values: Distribution) -> list[tuple[str, float]]:
    """Cumulative, as Prometheus wants them, with the one for everything at the end."""
    buckets, total = [], 0
    for bound, count in zip((*values.bounds, float("inf")), values.counts, strict=True):
        total += count
        le: str = floatToGoString(bound)  # type: ignore[no-untyped-call]
        buckets.append((le, float(total)))
    return buckets
