"""OpenTelemetry: sends traces and metrics as the standard OTEL_* variables say.

Imported only if one of these variables is set; the packages come with the extra `asocial[otel]`. Exporters run in
threads of their own. Counters belong to the loop, so a thread asks the loop for them and waits.

A histogram is sent as two counters, `..._count` and `..._sum`, because OpenTelemetry does not accept histograms that
were counted elsewhere. /metrics has the complete histogram.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from prometheus_client.metrics_core import Metric

from . import __version__
from .tracing import Span

ASK_LOOP_S = 5.0

Collect = Callable[[], Iterable[Metric]]


class Telemetry:
    """`environ` only decides which exporters are used; the SDK reads the other variables itself.

    Raises ValueError for an unknown exporter.
    """

    def __init__(self, environ: Mapping[str, str], collect: Collect) -> None:
        self._loop = asyncio.get_running_loop()
        self._collect = collect
        resource = Resource.create({"service.name": "asocial", "service.version": __version__})
        resource = resource.merge(OTELResourceDetector().detect())
        spans = _exporter(environ, "OTEL_TRACES_EXPORTER", OTLPSpanExporter, ConsoleSpanExporter)
        metrics = _exporter(environ, "OTEL_METRICS_EXPORTER", OTLPMetricExporter, ConsoleMetricExporter)
        self._tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        if isinstance(spans, SpanExporter):
            self._tracing.add_span_processor(BatchSpanProcessor(spans))
        self._tracer = self._tracing.get_tracer("asocial", __version__)
        self._traces = spans is not None
        readers = [PeriodicExportingMetricReader(metrics)] if isinstance(metrics, MetricExporter) else []
        self._metering = MeterProvider(readers, resource, shutdown_on_exit=False)

    def begin(self, name: str, trace_id: str, above: str) -> Span:
        """Begin a span of this trace. OTEL_TRACES_SAMPLER decides whether it is recorded."""
        if not self._traces:
            return _NoSpan()
        # The parent need not exist. With its id, the spans of one trace are found together.
        parent = trace.SpanContext(int(trace_id, 16), int(above or trace_id[:16], 16) or 1, is_remote=True,
                                   trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED))  # fmt: skip
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent))
        return _Span(self._tracer, self._tracer.start_span(name, context, trace.SpanKind.SERVER))

    async def close(self) -> None:
        """Send what waits. In a thread, because the last metrics are read on the loop."""
        await asyncio.to_thread(self._tracing.shutdown)
        await asyncio.to_thread(self._metering.shutdown)

    def start(self) -> None:
        """Register all metrics. From now on they are read and sent."""
        meter = self._metering.get_meter("asocial", __version__)
        for family in self._collect():
            match family.type:
                case "counter":
                    name = f"{family.name}_total"
                    meter.create_observable_counter(name, [self._reading(name)], description=family.documentation)
                case "histogram":
                    for part in ("_count", "_sum"):
                        name = family.name + part
                        meter.create_observable_counter(name, [self._reading(name)], description=family.documentation)
                case "gauge":
                    name = family.name
                    meter.create_observable_gauge(name, [self._reading(name)], description=family.documentation)

    def _reading(self, name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def read(_: CallbackOptions) -> Iterable[Observation]:
            for family in self._ask_loop():
                for sample in family.samples:
                    if sample.name == name:
                        yield Observation(sample.value, sample.labels)

        return read

    def _ask_loop(self) -> list[Metric]:
        answer: concurrent.futures.Future[list[Metric]] = concurrent.futures.Future()
        self._loop.call_soon_threadsafe(lambda: answer.set_result(list(self._collect())))
        return answer.result(ASK_LOOP_S)


class _NoSpan:
    recorded = False

    @contextmanager
    def child(self, _name: str, _attributes: Mapping[str, str]) -> Iterator[None]:
        yield

    def end(self, attributes: Mapping[str, str]) -> None:
        pass


class _Span:
    def __init__(self, tracer: trace.Tracer, span: trace.Span) -> None:
        self._tracer = tracer
        self._span = span
        self._below = trace.set_span_in_context(span)

    @property
    def recorded(self) -> bool:
        return self._span.is_recording()

    @contextmanager
    def child(self, name: str, attributes: Mapping[str, str]) -> Iterator[None]:
        # Not made the current span: what is in the block may begin in one context and end in another (connection.py),
        # and nothing asks for the current one.
        span = self._tracer.start_span(name, self._below, attributes=attributes)
        try:
            yield
        except Exception as error:
            span.record_exception(error)
            span.set_status(trace.StatusCode.ERROR, str(error))
            raise
        finally:
            span.end()

    def end(self, attributes: Mapping[str, str]) -> None:
        self._span.set_attributes(attributes)
        self._span.end()


def _exporter(
    environ: Mapping[str, str], variable: str, otlp: Callable[[], object], console: Callable[[], object]
) -> object | None:
    kinds = {"otlp": otlp, "console": console}
    kind = environ.get(variable, "otlp") or "otlp"
    if kind == "none":
        return None
    if kind not in kinds:
        raise ValueError(f"{variable}: {kind!r} is not known; allowed: otlp, console, none")
    return kinds[kind]()
