"""`asocial top`: rates and states from two scrapes of a process."""

from __future__ import annotations

import pytest

from asocial.metrics import Exposition
from asocial.service.counters import Counters
from asocial.top import Scrape, UnknownHost, addresses, parse, quantile, row, screen

LATENCY = "asocial_message_broadcast_latency_seconds"


def look(counters: Counters, at: float, state: str = "ready") -> Scrape:
    exposition = Exposition(counters, lambda: {"websocket_connections_active": 7}, lambda: {"server": "ok"})
    scrape = parse(exposition.render("")[0].decode(), at)[""]
    scrape.state = state
    return scrape


def cells(counters: Counters, before: Scrape, at: float, state: str = "ready") -> dict[str, str]:
    names = ["conns", "chans", "msg", "sent", "MB", "p50", "p99", "loop", "redis", "errors", "dropped", "rss", "cpu"]
    return dict(zip(names, row("here:8080", before, look(counters, at, state)).cells, strict=True))


def test_a_rate_is_of_the_time_between_the_looks() -> None:
    counters = Counters()
    counters.messages = 1000
    before = look(counters, 10.0)
    counters.messages += 50
    counters.sent["chat"].add(400, 3_000_000)
    counters.sent["typing"].add(100, 1_000_000)
    found = cells(counters, before, 12.0)
    assert (found["conns"], found["msg"], found["sent"], found["MB"]) == ("7", "25", "250", "2.0")


def test_a_quantile_is_of_the_time_between_the_looks_and_within_its_bucket() -> None:
    counters = Counters()
    counters.broadcast.observe(4.0, 1000)
    before = look(counters, 0.0)
    assert quantile(0.5, before, before, LATENCY) is None
    counters.broadcast.observe(0.003, 90)
    counters.broadcast.observe(0.03, 10)
    now = look(counters, 1.0)
    assert quantile(0.45, before, now, LATENCY) == pytest.approx(0.0025 + 0.0025 / 2)
    assert quantile(0.95, before, now, LATENCY) == pytest.approx(0.025 + 0.025 / 2)


def test_a_value_above_every_bucket_is_at_least_the_last_bound() -> None:
    counters = Counters()
    before = look(counters, 0.0)
    counters.broadcast.observe(60.0)
    assert quantile(0.99, before, look(counters, 1.0), LATENCY) == 5.0


def test_a_restart_counts_from_zero() -> None:
    before = Scrape(0.0, {"asocial_messages_published_total": 1000.0, "process_start_time_seconds": 1.0}, state="ready")
    counters = Counters()
    counters.messages = 10
    assert cells(counters, before, 1.0)["msg"] == "10"


def test_slow_unready_and_missing_processes_are_highlighted() -> None:
    counters = Counters()
    before = look(counters, 0.0)
    plain = screen([row("a", before, look(counters, 1.0))], colour=True).splitlines()
    assert "\x1b" not in plain[1]
    counters.loop_lag.observe(0.4)
    cases = {
        "draining": row("a", before, look(counters, 1.0, "draining")),
        "down": row("a", before, Scrape(1.0)),
        "slow": row("a", before, look(counters, 1.0)),
    }
    for state, shown in cases.items():
        assert "\x1b" in screen([shown], colour=True).splitlines()[1], state
    assert [each.healthy for each in cases.values()] == [False, False, True]


def test_a_slow_process_is_counted_as_healthy_and_as_slow() -> None:
    counters = Counters()
    before = look(counters, 0.0)
    counters.loop_lag.observe(0.4)
    rows = [row("one:8080", before, look(counters, 1.0)), row("two:8080", before, Scrape(1.0))]
    assert screen(rows, colour=False).splitlines()[-1] == "1 of 2 healthy, 1 slow"


def test_the_screen_has_a_line_for_each_process_and_counts_healthy_ones() -> None:
    counters = Counters()
    before = look(counters, 0.0)
    rows = [row("one:8080", before, look(counters, 1.0)), row("two:8080", before, Scrape(1.0))]
    lines = screen(rows, colour=False).splitlines()
    assert lines[1].startswith("one:8080")
    assert "ready" in lines[1]
    assert lines[2].startswith("two:8080")
    assert "down" in lines[2]
    assert lines[-1] == "1 of 2 healthy"
    assert len({len(line) for line in lines[:3]}) == 1, "columns stand below each other"
    assert "\x1b" not in "".join(lines)


def test_an_address_may_leave_out_what_is_usual() -> None:
    assert addresses(["127.0.0.1", "http://127.0.0.1:9000"]) == ["http://127.0.0.1:8080", "http://127.0.0.1:9000"]


def test_an_unknown_host_is_named() -> None:
    with pytest.raises(UnknownHost, match=r"cannot find the host nowhere\.invalid: "):
        addresses(["127.0.0.1", "http://user:secret@nowhere.invalid:8080"])
