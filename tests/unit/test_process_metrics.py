"""The metrics of several processes, joined into one answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from asocial.groups import ProcessGroup
from asocial.metrics import Exposition
from asocial.process_metrics import ProcessMetrics
from asocial.service.counters import Counters
from asocial.top import parse
from tests.support.redis_server import temporary_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


def metrics_of(folder: Path, number: int, count: int, *, messages: int = 0, redis: str = "ok") -> ProcessMetrics:
    counters = Counters()
    counters.messages = messages
    gauges = {"members": float(number), "broker_probe_age_seconds": float("inf")}
    exposition = Exposition(counters, lambda: gauges, lambda: {"server": "ok", "redis": redis})
    return ProcessMetrics(exposition, ProcessGroup(number, count, folder))


async def test_every_sample_has_the_process_and_none_is_added_up(folder: Path) -> None:
    both = [metrics_of(folder, number, 2, messages=10 * number) for number in (1, 2)]
    for each in both:
        await each.start()
    for asked in both:
        text = (await asked.render(""))[0].decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        assert {sample.labels["process"] for family in families.values() for sample in family.samples} == {"1", "2"}
        published = families["asocial_messages_published"].samples
        assert [(sample.labels, sample.value) for sample in published] == [
            ({"process": "1"}, 10),
            ({"process": "2"}, 20),
        ]
        assert [sample.value for sample in families["asocial_broker_probe_age_seconds"].samples] == [float("inf")] * 2
        assert len(text.split("# TYPE asocial_members gauge")) == 2, "one family, as Prometheus demands"
    for each in both:
        await each.close()


async def test_a_process_that_does_not_answer_is_down_and_the_others_are_shown(folder: Path) -> None:
    asked = metrics_of(folder, 2, 3)
    killed = metrics_of(folder, 1, 3)
    for each in (asked, killed):
        await each.start()
    await killed.close()
    text = (await asked.render(""))[0].decode()
    assert 'asocial_process_up{process="1"} 0.0' in text
    assert 'asocial_process_up{process="2"} 1.0' in text
    assert 'asocial_process_up{process="3"} 0.0' in text
    assert 'asocial_members{process="2"} 2.0' in text
    await asked.close()


async def test_a_process_takes_the_place_of_one_that_was_killed(folder: Path) -> None:
    killed, again, asked = (metrics_of(folder, number, 2, messages=number) for number in (1, 1, 2))
    for each in (killed, again, asked):  # the first leaves its socket behind
        await each.start()
    assert 'asocial_process_up{process="1"} 1.0' in (await asked.render(""))[0].decode()
    for each in (killed, again, asked):
        await each.close()


async def test_top_reads_the_state_of_each_process(folder: Path) -> None:
    first, second = metrics_of(folder, 1, 3), metrics_of(folder, 2, 3, redis="down")
    for each in (first, second):
        await each.start()
    found = parse((await first.render(""))[0].decode(), 1.0)
    assert {process: scrape.state for process, scrape in found.items()} == {"1": "ready", "2": "no redis", "3": "down"}
    assert found["2"].values["asocial_members"] == 2
    for each in (first, second):
        await each.close()
