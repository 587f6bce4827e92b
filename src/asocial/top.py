"""`asocial top`: a live table of the state of any number of processes, from their /metrics and /ready.

A server of several processes (`--processes`) answers with the metrics of all, which become a row for each.

Rates and latencies cover the time between two scrapes, never an average since the start. A name with several addresses
(a headless service of Kubernetes) is one row for each.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO
from urllib.parse import urlsplit

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from .domain.checks import is_healthy

TIMEOUT_S = 3.0
_CLEAR = "\x1b[H\x1b[J"
_RED, _YELLOW, _GREEN, _DIM, _END = "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[2m", "\x1b[0m"
_COLUMNS = (
    ("process", 22), ("state", 12), ("conns", 7), ("chans", 6), ("msg/s", 7), ("sent/s", 9), ("MB/s", 7),
    ("p50 ms", 7), ("p99 ms", 7), ("loop ms", 8), ("redis ms", 8),
    ("errors/s", 8), ("dropped", 8), ("MB", 6), ("cpu%", 5),
)  # fmt: skip
SLOW_MS = 100.0
"""Above this a latency is shown as a warning: people begin to notice."""


@dataclass
class Scrape:
    """One scrape of a process. `values`: each sample, summed over its labels; buckets are separate."""

    at: float
    values: dict[str, float] = field(default_factory=dict)
    buckets: dict[str, dict[float, float]] = field(default_factory=dict)
    """By histogram: upper bound -> cumulative count."""
    state: str = "down"


@dataclass(frozen=True)
class Row:
    process: str
    state: str
    cells: tuple[str, ...]
    slow: bool = False
    """Whether a latency is above SLOW_MS. A warning: the process is healthy all the same."""

    @property
    def healthy(self) -> bool:
        return self.state == "ready"


def parse(text: str, at: float) -> dict[str, Scrape]:
    """The scrape of each process, by its label `process`: empty for a server of one process."""
    scrapes: dict[str, Scrape] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            process = sample.labels.get("process", "")
            scrape = scrapes.setdefault(process, Scrape(at))
            if process:
                _read_state(scrape, sample.name, sample.labels.get("check", ""), sample.value)
            if sample.name.endswith("_bucket"):
                of = scrape.buckets.setdefault(family.name, {})
                bound = float(sample.labels["le"])
                of[bound] = of.get(bound, 0.0) + sample.value
            else:
                scrape.values[sample.name] = scrape.values.get(sample.name, 0.0) + sample.value
    return scrapes


def _read_state(scrape: Scrape, name: str, check: str, value: float) -> None:
    """Of one of several processes. `asocial_process_up` comes before the checks."""
    if name == "asocial_process_up" and value:
        scrape.state = "ready"
    elif name == "asocial_check" and not value and scrape.state == "ready":
        scrape.state = "draining" if check == "server" else f"no {check}"


def quantile(share: float, before: Scrape, now: Scrape, histogram: str) -> float | None:
    """As Prometheus's histogram_quantile between two scrapes: linear within a bucket. None if nothing was observed."""
    old = before.buckets.get(histogram, {})
    counts = [(bound, count - old.get(bound, 0.0)) for bound, count in sorted(now.buckets.get(histogram, {}).items())]
    total = counts[-1][1] if counts else 0.0
    if total <= 0:
        return None
    wanted, low, below = share * total, 0.0, 0.0
    for bound, count in counts:
        if count >= wanted:
            # A value above the last bound is at least that bound; more is not known.
            return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low


def row(process: str, before: Scrape, now: Scrape) -> Row:
    """The row of one process. If the process restarted between the scrapes, its counters count from zero."""
    seconds = max(now.at - before.at, 0.001)
    if now.values.get("process_start_time_seconds") != before.values.get("process_start_time_seconds"):
        before = Scrape(before.at)

    def rate(*names: str) -> float:
        return sum(now.values.get(name, 0.0) - before.values.get(name, 0.0) for name in names) / seconds

    def ms(share: float, histogram: str) -> float | None:
        found = quantile(share, before, now, f"asocial_{histogram}_seconds")
        return None if found is None else found * 1000

    if now.state == "down":
        return Row(process, "down", ("",) * (len(_COLUMNS) - 2))
    latencies = [
        ms(0.5, "message_broadcast_latency"), ms(0.99, "message_broadcast_latency"), ms(0.99, "event_loop_lag"),
        ms(0.99, "broker_lag"),
    ]  # fmt: skip
    cells = (
        f"{now.values.get('asocial_websocket_connections_active', 0):.0f}",
        f"{now.values.get('asocial_channels', 0):.0f}",
        f"{rate('asocial_messages_published_total'):.0f}",
        f"{rate('asocial_frames_sent_total'):.0f}",
        f"{rate('asocial_sent_bytes_total') / 1e6:.1f}",
        *("-" if value is None else f"{value:.1f}" for value in latencies),
        f"{rate('asocial_errors_total'):.1f}",
        f"{rate('asocial_volatile_dropped_total', 'asocial_broker_dropped_total'):.0f}",
        f"{now.values.get('process_resident_memory_bytes', 0) / 1e6:.0f}",
        f"{100 * rate('process_cpu_seconds_total'):.0f}",
    )
    slow = any(value is not None and value > SLOW_MS for value in latencies)
    return Row(process, now.state, cells, slow)


def screen(rows: Sequence[Row], *, colour: bool) -> str:
    """The table: a line for each process, and a summary."""

    def paint(text: str, code: str) -> str:
        return f"{code}{text}{_END}" if colour else text

    lines = [paint(" ".join(_fit(title, width) for title, width in _COLUMNS), _DIM)]
    for one in rows:
        texts = (one.process, one.state, *one.cells)
        text = " ".join(_fit(cell, width) for cell, (_, width) in zip(texts, _COLUMNS, strict=True))
        lines.append(text if one.healthy and not one.slow else paint(text, _RED if one.state == "down" else _YELLOW))
    healthy, slow = sum(one.healthy for one in rows), sum(one.slow for one in rows)
    lines += ["", paint(f"{healthy} of {len(rows)} healthy", _GREEN if healthy == len(rows) else _RED)]
    if slow:
        lines[-1] += paint(f", {slow} slow", _YELLOW)
    return "\n".join(lines)


def _fit(text: str, width: int) -> str:
    # Long names are cut at the left, because addresses differ at the right.
    return (text if len(text) <= width else "…" + text[1 - width :]).ljust(width)


class UnknownHost(Exception):
    """A host name has no address; the text says which one."""


def addresses(urls: Iterable[str]) -> list[str]:
    """Each process's own address, without credentials. Raises UnknownHost, and ValueError for what is no URL."""
    found: list[str] = []
    for url in urls:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 8080)
        if ":" in host:
            found.append(f"{parts.scheme}://[{host}]:{port}")
            continue
        try:
            infos = socket.getaddrinfo(host, port, family=socket.AF_INET, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise UnknownHost(f"cannot find the host {host}: {error.strerror}") from None
        several = sorted({str(info[4][0]) for info in infos})
        if parts.scheme == "https" or len(several) == 1:
            several = [host]
        found += [f"{parts.scheme}://{each}:{port}" for each in several]
    return found


async def scrape(session: aiohttp.ClientSession, address: str) -> dict[str, Scrape]:
    """Scrape a server: its processes, by the names of their rows. One that does not answer is `down`."""
    name = urlsplit(address).netloc
    try:
        async with session.get(f"{address}/metrics") as answer:
            found = parse(await answer.text(), time.monotonic())
        if "" not in found:
            return {f"{name} {process}": each for process, each in found.items()}
        async with session.get(f"{address}/ready") as answer:
            checks = json.loads(await answer.text())["checks"]
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError):
        return {name: Scrape(time.monotonic())}
    wrong = [state if check == "server" else f"no {check}" for check, state in checks.items() if not is_healthy(state)]
    found[""].state = wrong[0] if wrong else "ready"
    return {name: found[""]}


async def watch(urls: Sequence[str], every_s: float, *, once: bool, out: TextIO = sys.stdout) -> int:
    """Show the table until Ctrl+C, or once. Returns 0 if every process was ready at the last scrape, else 1."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    colour = out.isatty()
    async with aiohttp.ClientSession(timeout=timeout) as session:
        known: dict[str, Scrape] = {}
        while True:
            # Resolved each time, because processes come and go.
            places = await asyncio.to_thread(addresses, urls)
            now: dict[str, Scrape] = {}
            for found in await asyncio.gather(*(scrape(session, each) for each in places)):
                now |= found
            rows = [row(name, known[name], each) for name, each in now.items() if name in known]
            if rows:
                text = screen(rows, colour=colour)
                print(text if once else f"{_CLEAR}{text}\n\nevery {every_s:g} s; Ctrl+C ends", file=out, flush=True)
                if once:
                    return int(not all(one.healthy for one in rows))
            known = now
            await asyncio.sleep(every_s)
