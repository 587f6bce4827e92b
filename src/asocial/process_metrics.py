"""The metrics of all processes of one `asocial serve`, whichever of them is asked.

Each process offers its own on a Unix socket in the private directory, and the one that is asked collects them. Every
sample gets the label `process`. They are not added up: a process that is started again counts from zero, which
Prometheus understands for each series, but not for a sum.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import msgspec
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .groups import ProcessGroup
from .metrics import PREFIX, Exposition

ANSWER_S = 1.0
"""A process that has not answered by then is left out, and counts as down."""

_Sample: TypeAlias = tuple[str, dict[str, str], float]
_Family: TypeAlias = tuple[str, str, str, list[_Sample]]
"""Name, description, type, samples."""
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[_Family])


class ProcessMetrics:
    """`start` makes the metrics of this process available to the others; `render` returns those of all."""

    def __init__(self, exposition: Exposition, group: ProcessGroup) -> None:
        self._exposition = exposition
        self._group = group
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        path = self._path(self._group.number)
        path.unlink(missing_ok=True)  # left by a process that was killed
        self._server = await asyncio.start_unix_server(self._answer, path)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics of all processes in the format that `accept` asks for, and its content type."""
        numbers = range(1, self._group.count + 1)
        found = dict(zip(numbers, await asyncio.gather(*map(self._ask, numbers)), strict=True))
        encode, content_type = choose_encoder(accept)
        return encode(_Collected(merge(found))), content_type

    async def _answer(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(_encoder.encode(self._own()))
            await writer.drain()
        writer.close()

    async def _ask(self, number: int) -> list[_Family] | None:
        """The metrics of a process; None if it does not answer."""
        if number == self._group.number:
            return self._own()
        try:
            async with asyncio.timeout(ANSWER_S):
                reader, writer = await asyncio.open_unix_connection(self._path(number))
                try:
                    return _decoder.decode(await reader.read())
                finally:
                    writer.close()
        except (OSError, msgspec.DecodeError):
            return None

    def _own(self) -> list[_Family]:
        return [
            (each.name, each.documentation, each.type, [sample[:3] for sample in each.samples])
            for each in self._exposition.families()
        ]

    def _path(self, number: int) -> Path:
        return self._group.directory / f"metrics-{number}.sock"


def merge(found: dict[int, list[_Family] | None]) -> list[Metric]:
    """The families of all processes, by their number; None for one that does not answer."""
    up = GaugeMetricFamily(
        f"{PREFIX}process_up", "1 if a process of this server answers with its metrics, else 0", labels=["process"]
    )
    merged: dict[str, Metric] = {}
    for number, families in found.items():
        up.add_metric([str(number)], float(families is not None))
        for name, documentation, kind, samples in families or ():
            family = merged.setdefault(name, Metric(name, documentation, kind))
            for sample, labels, value in samples:
                family.add_sample(sample, labels | {"process": str(number)}, value)
    return [up, *merged.values()]


class _Collected(Collector):
    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
