"""The counters, and the names they are exposed under."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from asocial.adapters.http.refusals import CLOSE_CODES
from asocial.domain.errors import FrameError
from asocial.domain.message import Position
from asocial.metrics import Exposition
from asocial.ports import Batch
from asocial.service.counters import SECONDS, Counters, Histogram
from asocial.service.writing import VOLATILE_UNSENT_LIMIT_BYTES
from tests.support.runtime import make_runtime
from tests.unit.service.fakes import FakeConnection, make_channel


def checks() -> dict[str, str]:
    return {"server": "ok", "redis": "down", "pubsub": "memory"}


def samples(counters: Counters) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = Exposition(counters, lambda: {"channels": 2}, checks).render("")[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_distribution_counts_a_value_at_its_bound_and_what_is_above_all_bounds() -> None:
    values = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 9.0):
        values.observe(value)
    values.observe(2.0, times=3)
    assert values.counts == [2, 5, 1]
    assert values.sum == 20.0


def test_buckets_fit_a_tenth_of_a_millisecond_to_five_seconds() -> None:
    assert (SECONDS[0], SECONDS[-1]) == (0.0001, 5.0)
    assert list(SECONDS) == sorted(SECONDS)


def test_a_histogram_is_exposed_cumulative_and_ends_with_everything() -> None:
    counters = Counters()
    counters.broadcast.observe(0.0004)
    counters.broadcast.observe(60.0)
    found = samples(counters)
    name = "asocial_message_broadcast_latency_seconds"
    assert found[f"{name}_bucket", (("le", "0.00025"),)] == 0
    assert found[f"{name}_bucket", (("le", "0.0005"),)] == 1
    assert found[f"{name}_bucket", (("le", "5.0"),)] == 1
    assert found[f"{name}_bucket", (("le", "+Inf"),)] == found[f"{name}_count", ()] == 2
    assert found[f"{name}_sum", ()] == pytest.approx(60.0004)


def test_every_error_code_has_a_series_from_the_start() -> None:
    found = samples(Counters(CLOSE_CODES))
    for error in FrameError.__subclasses__():
        assert found["asocial_errors_total", (("code", error.code),)] == 0
    for code in CLOSE_CODES:
        assert found["asocial_disconnects_total", (("code", str(code)),)] == 0


def test_a_client_defined_close_code_makes_no_series() -> None:
    counters = Counters(CLOSE_CODES)
    for code in (1000, None, 4001, 3999, 4998, 12):
        counters.disconnected(code)
    seen = {code: count for code, count in counters.disconnects.items() if count}
    assert seen == {"1000": 1, "1006": 1, "4001": 1, "other": 3}


def test_a_check_is_one_where_it_is_ok() -> None:
    found = samples(Counters())
    assert found["asocial_check", (("check", "server"),)] == 1
    assert found["asocial_check", (("check", "redis"),)] == 0
    assert ("asocial_check", (("check", "pubsub"),)) not in found, "an alert on Redis needs a Redis"
    assert found["asocial_channels", ()] == 2


class Watched:
    """A channel of three whose counters are looked at."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.channel = make_channel(runtime=make_runtime(counters=self.counters))
        self.people = [FakeConnection(name) for name in "abc"]
        for person in self.people:
            self.channel.attach(person)
            self.channel.release(person, b"")

    def sent(self) -> dict[str, tuple[int, int]]:
        return {kind: (t.frames, t.bytes) for kind, t in self.counters.sent.items() if t.frames}


@pytest.fixture
async def watched() -> Watched:
    return Watched()


async def test_sent_bytes_are_those_that_connections_got(watched: Watched) -> None:
    channel, (a, b, _) = watched.channel, watched.people
    channel.post(b"said-by-a", a, b"ack", "m")
    channel.post(b"somebody-joined")
    channel.set_draft(b, "n", b"typed-by-b")
    channel.post_transient(a, b"heart")
    channel.deliver(Batch(b"from-elsewhere", b""))
    channel.flush()
    assert watched.sent() == {
        "chat": (2, 18),
        "presence": (3, 45),
        "typing": (2, 20),
        "fleeting": (2, 10),
        "remote": (3, 42),
    }
    written = sum(len(person.bytes) for person in watched.people)
    assert written == sum(size for _, size in watched.sent().values()) + len(b"ack")
    assert watched.counters.flush_frames.sum == 4


async def test_cursors_are_counted_as_one_frame_of_a_flush(watched: Watched) -> None:
    channel = watched.channel
    for person in "abc":
        channel.set_cursor(person, Position(1, 2))
    channel.flush()
    frames, size = watched.sent()["cursors"]
    assert frames == 3
    assert size == sum(len(person.bytes) for person in watched.people)


async def test_a_skipped_slow_reader_is_counted_only_when_frames_were_skipped(
    watched: Watched,
) -> None:
    channel, (a, b, c) = watched.channel, watched.people
    c.unsent_bytes = VOLATILE_UNSENT_LIMIT_BYTES + 1
    channel.post(b"said", a, b"ack", "m")
    channel.flush()
    assert watched.counters.volatile_dropped == 0
    channel.set_draft(b, "n", b"typed")
    channel.flush()
    assert watched.counters.volatile_dropped == 1


async def test_the_latency_is_of_messages_and_counts_each(watched: Watched) -> None:
    channel, (a, b, _) = watched.channel, watched.people
    channel.set_draft(b, "n", b"typed")
    channel.flush()
    await asyncio.sleep(0)
    assert sum(watched.counters.broadcast.counts) == 0
    assert sum(watched.counters.flush_seconds.counts) == 1
    channel.post(b"one", a, b"ack", "m")
    channel.post(b"two", a, b"ack", "n")
    channel.flush()
    await asyncio.sleep(0)
    assert sum(watched.counters.broadcast.counts) == 2
    assert sum(watched.counters.flush_seconds.counts) == 2


async def test_metrics_do_not_grow_with_the_number_of_users() -> None:
    """What has a place for each user or channel would be a leak, and tell who is where."""
    counters = Counters()
    places = sum(len(getattr(counters, name)) for name in ("errors", "rate_limited", "disconnects", "received", "sent"))
    for name in map(str, range(1000)):
        channel = make_channel(name=name, runtime=make_runtime(counters=counters))
        person = FakeConnection(name)
        channel.attach(person)
        channel.post(b"x", person, b"y", "m")
        channel.set_cursor(name, Position(0, 0))
        channel.close()
    assert places == sum(
        len(getattr(counters, name)) for name in ("errors", "rate_limited", "disconnects", "received", "sent")
    )
