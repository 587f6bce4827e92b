"""One trace from the page to the message: in the log, and in the OpenTelemetry data that a test collector receives."""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.integration.test_process import Process, Serve, listening, serve  # noqa: F401 (a fixture)
from tests.support.client import Client
from tests.support.server import http_get
from tests.support.waiting import eventually

ID = "4bf92f3577b34da6a3ce929d0e0e4736"


async def test_w50_one_trace_joins_the_page_its_connection_and_its_messages(serve: Serve) -> None:  # noqa: F811
    process = await listening(
        serve, "--port", "0", "--env", "production", "--drain-notice-seconds", "0", "--log-sample-ratio", "1"
    )
    page = await http_get(process.port, "/c/garden")
    name, _, trace = page.headers["server-timing"].partition(";desc=")
    assert name == "trace"
    client = await Client.connect(process.url, channel="garden", trace=trace)
    await client.chat("what-was-said", message_id="m-1")
    await client.receive("ack")
    await client.close()
    other = await Client.connect(process.url, channel="garden")
    await other.close()
    process.terminate()
    assert await process.ended() == 0
    ours = [event for event in process.events() if event.get("trace_id") == trace]
    assert [event["event"] for event in ours] == [
        "page asked for",
        "connection opened",
        "message posted",
        "connection closed",
    ]
    assert ours[2]["message_id"] == "m-1"
    assert ours[2]["connection_id"] == client.connection_id
    assert "what-was-said" not in process.text
    others = {event["trace_id"] for event in process.events() if event.get("connection_id") == other.connection_id}
    assert len(others) == 1
    assert trace not in others


async def test_message_spans_are_off_by_default(serve: Serve) -> None:  # noqa: F811
    process = await listening(serve, "--port", "0", "--env", "production", "--drain-notice-seconds", "0")
    client = await Client.connect(process.url, channel="garden")
    await client.chat("hello")
    await client.receive("ack")
    await client.close()
    process.terminate()
    assert await process.ended() == 0
    assert "message posted" not in process.text


class Collector:
    """An OpenTelemetry collector, as far as OTLP over HTTP goes: POST /v1/traces and /v1/metrics."""

    def __init__(self) -> None:
        self.spans: dict[str, list[tuple[str, str, str]]] = {}
        """(span id, the one above it, trace id) by name."""
        self.metrics: dict[str, float] = {}
        self.port = 0

    async def traces(self, request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await _body(request))
        for resource in told.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    ids = span.span_id.hex(), span.parent_span_id.hex(), span.trace_id.hex()
                    self.spans.setdefault(span.name, []).append(ids)
        return web.Response()

    async def take_metrics(self, request: web.Request) -> web.Response:
        told = ExportMetricsServiceRequest.FromString(await _body(request))
        for resource in told.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    points = metric.sum.data_points or metric.gauge.data_points
                    self.metrics[metric.name] = sum(point.as_double or point.as_int for point in points)
        return web.Response()


async def _body(request: web.Request) -> bytes:
    data = await request.read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    listens = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", listens.traces)
    app.router.add_post("/v1/metrics", listens.take_metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listens.port = runner.addresses[0][1]
    yield listens
    await runner.cleanup()


async def test_opentelemetry_gets_the_same_trace_and_the_same_numbers(
    serve: Serve,  # noqa: F811
    collector: Collector,
) -> None:
    process = await listening(
        serve,
        *("--port", "0", "--env", "production", "--drain-notice-seconds", "0"),
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{collector.port}",
        OTEL_METRIC_EXPORT_INTERVAL="500",
        OTEL_BSP_SCHEDULE_DELAY="200",
    )
    client = await Client.connect(process.url, channel="garden", trace=ID)
    for number in range(3):
        await client.chat("hello", message_id=f"m-{number}")
        await client.receive("ack")

    # One export reads each instrument at a moment of its own, so only a later one has them all.
    async def has_all() -> bool:
        names = ("messages_published_total", "websocket_connections_active", "message_broadcast_latency_seconds_count")
        return [collector.metrics.get(f"asocial_{name}") for name in names] == [3, 1, 3]

    await eventually(has_all, "the collector has three messages of one connection")
    await client.close()
    process.terminate()
    assert await process.ended() == 0
    (connection,) = collector.spans["connection"]
    assert connection[2] == ID
    assert [(above, trace) for _, above, trace in collector.spans["chat"]] == [(connection[0], ID)] * 3
    assert "Traceback" not in process.text


async def test_a_missing_collector_delays_nothing(serve: Serve) -> None:  # noqa: F811
    process = await listening(
        serve,
        *("--port", "0", "--env", "production", "--drain-notice-seconds", "0"),
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    client = await Client.connect(process.url, channel="garden")
    await client.chat("hello")
    await client.receive("ack")
    await client.close()
    process.terminate()
    assert await process.ended() == 0


async def test_an_unknown_exporter_is_reported(serve: Serve) -> None:  # noqa: F811
    process = await serve("--port", "0", OTEL_TRACES_EXPORTER="carrier-pigeon")
    assert await process.ended() == 2
    assert "carrier-pigeon" in process.text
    assert "otlp, console, none" in process.text


async def test_off_means_that_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys, asocial.server_commands, asocial.app;"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    asked = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await asked.communicate()
    assert out.strip() == b"[]"
