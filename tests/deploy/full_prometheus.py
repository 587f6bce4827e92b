"""A real Prometheus scrapes two processes under load. Only `make test-deploy-full` runs it.

Every query of the dashboard and every recording rule returns data; the alert for Redis fires when Redis is stopped
and clears after it is back. About four minutes: rates are over one minute, and an alert waits its half minute.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.test_monitoring import RULES, panels, rules
from tests.deploy.tools import tool
from tests.support.client import Client
from tests.support.ports import reserve_port
from tests.support.processes import Process, all_ready, processes
from tests.support.redis_server import Server, running, temporary_folder
from tests.support.waiting import eventually, until

WARM_UP_S = 75.0
FIRES_WITHIN_S = 60.0
CLEARS_WITHIN_S = 60.0
QUIET = {"asocial:disconnects_unexpected:ratio5m"}
"""Rules without data while nothing fails."""


class Prometheus:
    def __init__(self, folder: Path, targets: list[Process]) -> None:
        self.port = reserve_port(self)
        self._folder = folder
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [
                {
                    "job_name": "asocial",
                    "static_configs": [{"targets": [f"127.0.0.1:{process.port}" for process in targets]}],
                }
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    tool("prometheus"),
                    f"--config.file={self._folder}/prometheus.yml",
                    f"--storage.tsdb.path={self._folder}/data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                stdout=log,
                stderr=log,
            )
        until(lambda: self.ask("query", query="1"), "Prometheus answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def ask(self, path: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def values(self, expression: str) -> list[float]:
        """The values of an instant query, those that are no number left out."""
        result = self.ask("query", query=expression)["result"]
        found = [float(each["value"][1]) for each in result]
        return [value for value in found if value == value]

    def firing(self, name: str) -> list[dict[str, str]]:
        alerts = self.ask("alerts")["alerts"]
        return [each["labels"] for each in alerts if each["labels"]["alertname"] == name and each["state"] == "firing"]


async def talk(pair: list[Process], stop: asyncio.Event) -> None:
    """Ten people on each process do all that the dashboard shows: talk, type, point, fail, come and go."""
    people = [await Client.connect(process.url, channel="garden") for process in pair for _ in range(10)]
    count = 0
    try:
        while not stop.is_set():
            one = people[count % len(people)]
            await one.chat(f"message {count}")
            await one.typing("so far", message_id=f"d-{count}")
            await one.cursor((count % 100, 5))
            if count % 10 == 0:
                await one.send_raw("{")
                await one.ping(1)
                tab = await Client.connect(pair[count // 10 % 2].url, channel="garden", token=one.token)
                await tab.close()
            count += 1
            await asyncio.sleep(0.05)
    finally:
        await asyncio.gather(*(each.close() for each in people))


@pytest.fixture
async def stack() -> AsyncIterator[tuple[Server, list[Process], Prometheus]]:
    with temporary_folder() as folder:
        redis = Server(folder)
        with running(redis), processes(folder, 2, redis.url, "--rate-limit-per-minute", "40") as pair:
            prometheus = Prometheus(folder, pair)
            with running(prometheus):
                yield redis, pair, prometheus


async def test_every_panel_has_data_and_the_alert_for_redis_fires_and_clears(
    stack: tuple[Server, list[Process], Prometheus],
) -> None:
    redis, pair, prometheus = stack
    await all_ready(*pair)
    stop = asyncio.Event()
    talking = asyncio.create_task(talk(pair, stop))
    print(f"\ntwo processes under load, Prometheus on port {prometheus.port}; {WARM_UP_S:.0f} s until rates are whole")
    await asyncio.sleep(WARM_UP_S)

    empty = []
    for panel in panels():
        for target in panel["targets"]:
            query = target["expr"].replace("$instance", ".*")
            values = await asyncio.to_thread(prometheus.values, query)
            print(f"  {panel['title']:<24} {target['legendFormat']:<22} {len(values):>3} series  {values[:3]}")
            if not values:
                empty.append(f"{panel['title']}: {query}")
    assert empty == []
    for rule in rules():
        if "record" in rule and rule["record"] not in QUIET:
            assert await asyncio.to_thread(prometheus.values, rule["record"]), rule["record"]
    assert await asyncio.to_thread(prometheus.values, "asocial:connections:sum") == [20.0]
    assert await asyncio.to_thread(prometheus.values, "asocial:messages:rate1m") > [1.0]
    assert not await asyncio.to_thread(prometheus.ask, "alerts") or not prometheus.firing("AsocialRedisAway")

    redis.stop()
    began = time.monotonic()
    await eventually(
        lambda: asyncio.to_thread(lambda: len(prometheus.firing("AsocialRedisAway")) == 4),
        "the alert fires for both checks of both processes",
        patience_s=FIRES_WITHIN_S,
    )
    print(f"Redis stopped: it fires for both checks of both processes after {time.monotonic() - began:.0f} s")
    redis.start()
    began = time.monotonic()
    await eventually(
        lambda: asyncio.to_thread(lambda: not prometheus.firing("AsocialRedisAway")),
        "the alert clears",
        patience_s=CLEARS_WITHIN_S,
    )
    print(f"Redis is back: it is clear after {time.monotonic() - began:.0f} s")
    assert not prometheus.firing("AsocialDown")
    assert not prometheus.firing("AsocialInternalErrors")
    stop.set()
    await talking
