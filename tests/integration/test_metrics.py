"""`/metrics` of a real server: it counts what clients do, and every gauge returns to zero after they leave."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support import redis_server
from tests.support.server import Join, Server, StartServer
from tests.support.waiting import PATIENCE_S, eventually, eventually_is

CROWD = 2000
AT_ONCE = 100
NOT_OF_PEOPLE = {
    "asocial_build_info",
    "asocial_check",
    "asocial_broker_probe_age_seconds",
    "asocial_clock_skew_seconds",
}

Samples = dict[str, float]


async def scrape(server: Server) -> Samples:
    """Every sample, by its name and the values of its labels: `asocial_errors_total{bad_frame}`."""
    answer = await server.get("/metrics")
    assert answer.status == 200
    found: Samples = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = "{" + ",".join(sample.labels.values()) + "}" if sample.labels else ""
            found[sample.name + labels] = sample.value
    return found


async def gauges(server: Server) -> Samples:
    answer = await server.get("/metrics")
    return {
        family.name: sum(sample.value for sample in family.samples)
        for family in text_string_to_metric_families(answer.text)
        if family.type == "gauge" and family.name.startswith("asocial_") and family.name not in NOT_OF_PEOPLE
    }


async def test_metrics_count_what_clients_did(server: Server, join: Join) -> None:
    ann, ben = await join(server), await join(server)
    tab = await join(server, "kitchen", token=ann.token)
    await ann.chat("hello", message_id="m")
    await ann.receive("ack")
    await ben.receive("chat")
    await ben.typing("he", message_id="n")
    await ann.receive("typing")
    await ann.cursor((1, 2))
    await ben.receive("cursors")
    await ben.send_raw("{")
    await ben.receive("error")
    await ben.ping(1)
    await ben.receive("pong")
    await server.get("/health")
    await server.get("/api/chat?channel=a%20b")
    await tab.close()

    async def counted() -> bool:
        return (await scrape(server))["asocial_disconnects_total{1000}"] == 1

    await eventually(counted, "the tab's end is counted")
    now = await scrape(server)
    for name, value in {
        "asocial_websocket_connections_active": 2,
        "asocial_members": 2,
        "asocial_channels": 2,  # the kitchen lingers
        "asocial_messages_published_total": 1,
        "asocial_message_broadcast_latency_seconds_count": 1,
        "asocial_connections_opened_total": 3,
        "asocial_reconnects_total": 1,
        "asocial_frames_received_total{chat}": 1,
        "asocial_frames_received_total{typing}": 1,
        "asocial_frames_received_total{cursor}": 1,
        "asocial_frames_received_total{request}": 1,
        "asocial_frames_received_total{refused}": 1,
        "asocial_received_bytes_total{refused}": 1,
        "asocial_frames_sent_total{chat}": 1,
        "asocial_frames_sent_total{typing}": 1,
        "asocial_frames_sent_total{cursors}": 2,
        "asocial_errors_total{bad_frame}": 1,
        "asocial_errors_total{channel_invalid}": 1,
        "asocial_http_request_duration_seconds_count{/health,200}": 1,
        "asocial_http_request_duration_seconds_count{/api/chat,101}": 3,
        "asocial_http_request_duration_seconds_count{/api/chat,400}": 1,
        "asocial_check{server}": 1,
    }.items():
        assert now[name] == value, name
    assert now["process_resident_memory_bytes"] > 0


async def test_no_label_names_a_user_or_channel(server: Server, join: Join) -> None:
    person = await join(server, "a-very-secret-garden")
    await server.get("/c/a-very-secret-garden")
    text = (await server.get("/metrics")).text
    assert "secret" not in text
    assert person.user_id not in text
    assert "asocial_http_request_duration_seconds_count" in text


async def test_the_loop_is_watched(server: Server) -> None:
    async def looked() -> bool:
        return (await scrape(server))["asocial_event_loop_lag_seconds_count"] >= 2

    await eventually(looked, "the loop's lag is measured")


async def test_openmetrics_is_returned_on_request(server: Server) -> None:
    plain = await server.get("/metrics")
    assert plain.headers["content-type"].startswith("text/plain")
    modern = await server.get("/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


@pytest.mark.drives(4013)
async def test_a_limit_that_refuses_is_counted(start_server: StartServer, join: Join) -> None:
    server = await start_server(rate_limit_per_minute=1, connections_per_minute_per_ip=2)
    ann = await join(server)
    for _ in range(3):
        await ann.chat("again")
    await ann.receive("error")
    await ann.receive("error")
    await join(server)
    refused = await join(server, wait_for_sync=False)
    assert (await refused.closed()).code == 4013
    now = await scrape(server)
    assert now["asocial_rate_limited_total{messages}"] == now["asocial_errors_total{rate_limited}"] == 2
    assert now["asocial_rate_limited_total{connections}"] == now["asocial_disconnects_total{4013}"] == 1


@pytest.fixture
def redis() -> Iterator[redis_server.Server]:
    with redis_server.temporary_folder() as folder:
        server = redis_server.Server(folder)
        with redis_server.running(server):
            yield server


async def test_the_redis_round_trip_is_measured_and_outages_counted(
    start_server: StartServer, join: Join, redis: redis_server.Server
) -> None:
    one, two = [await start_server(redis_url=redis.url, redis_probe_seconds=0.2) for _ in range(2)]
    ann, ben = await join(one), await join(two)
    await ann.chat("hello")
    await ben.receive("chat")
    here, there = await scrape(one), await scrape(two)
    assert here["asocial_broker_publish_duration_seconds_count"] >= 1
    assert there["asocial_broker_lag_seconds_count"] >= 1
    assert there["asocial_frames_sent_total{remote}"] >= 1
    assert 0 <= here["asocial_broker_probe_age_seconds"] < 5
    assert here["asocial_check{redis}"] == here["asocial_check{pubsub}"] == 1
    redis.stop()
    await ann.receive("degraded")

    async def is_counted() -> bool:
        # On a busy machine the first one may go to the connection that breaks.
        await ann.chat("anybody?")
        await ann.receive("ack")
        return (await scrape(one))["asocial_broker_dropped_total"] >= 1

    await eventually(is_counted, "a dropped batch is counted")
    away = await scrape(one)
    assert away["asocial_check{redis}"] == 0
    assert away["asocial_broker_outages_total"] == 1


async def test_after_2000_clients_have_come_and_gone_every_gauge_is_back_to_zero(
    start_server: StartServer, join: Join
) -> None:
    asyncio.get_running_loop().set_debug(False)  # in debug mode asyncio alone takes most of a minute
    server = await start_server(rate_limit_per_minute=0)
    tasks = (await gauges(server))["asocial_tasks"]
    limit = asyncio.Semaphore(AT_ONCE)
    most = 0.0

    async def visit(number: int) -> None:
        nonlocal most
        async with limit:
            person = await join(server, f"place-{number % 20}")
            await person.chat("hello")
            await person.receive("ack")
            if number % AT_ONCE == 0:
                most = max(most, (await gauges(server))["asocial_websocket_connections_active"])
            # One in three breaks its connection.
            if number % 3:
                await person.close()
            else:
                person.socket.transport.abort()

    await asyncio.gather(*(visit(number) for number in range(CROWD)))
    assert most > AT_ONCE / 4, "the clients were connected and counted"

    async def zero() -> bool:
        now = await gauges(server)
        return now.pop("asocial_tasks") <= tasks and not any(now.values())

    await eventually(zero, "every gauge is zero, and there are no more tasks than before")
    assert set(await gauges(server)) >= {
        "asocial_websocket_connections_active",
        "asocial_channels",
        "asocial_members",
        "asocial_send_buffer_bytes",
    }
    now = await scrape(server)
    assert now["asocial_connections_opened_total"] == now["asocial_messages_published_total"] == CROWD
    ended = sum(value for name, value in now.items() if name.startswith("asocial_disconnects_total"))
    assert ended == CROWD


async def test_top_shows_the_processes_there_are_and_those_there_are_not(server: Server, join: Join) -> None:
    await join(server)

    async def top() -> tuple[list[list[str]], int | None]:
        shown = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "asocial.cli", "top", "--once", "--every", "0.3"),
            *(server.origin, "127.0.0.1:9"),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(shown.communicate(), PATIENCE_S)
        lines = [line.split() for line in out.decode().splitlines()]
        return [lines[1][:3], lines[2], lines[-1][:3]], shown.returncode

    # It gives a process little time to answer, and shows one that a busy machine keeps as down: look again.
    here = [f"127.0.0.1:{server.port}", "ready", "1"]
    await eventually_is(top, ([here, ["127.0.0.1:9", "down"], ["1", "of", "2"]], 1))
