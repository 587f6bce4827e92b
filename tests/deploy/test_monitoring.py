"""Alert rules and dashboard: valid, tested, and based on metrics that a running server exports."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from asocial.app import build
from asocial.config import load
from tests.deploy.tools import DEPLOY, ROOT, run
from tests.support import redis_server
from tests.support.client import Client
from tests.support.server import http_get

RULES = DEPLOY / "prometheus" / "asocial.rules.yml"
RULE_TESTS = DEPLOY / "prometheus" / "asocial.test.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "asocial.json"
OF_OTHERS = {"up", "container_cpu_cfs_throttled_periods_total"}
OF_SEVERAL_PROCESSES = {"asocial_process_up"}
"""Metrics that one process alone does not have (tests/unit/test_process_metrics.py)."""
_WORDS = re.compile(r"[a-zA-Z_:][\w:]*")
_STRINGS = re.compile(r'"[^"]*"')


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_promtool_accepts_the_configuration_and_the_rules() -> None:
    run("promtool", "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    run("promtool", "check", "rules", RULES)


def test_the_four_metrics_of_the_system_before_this_one_are_recorded_and_tested() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    theirs = {"websocket_connections_active", "messages_published_total", "message_broadcast_latency_seconds",
              "http_request_duration_seconds"}  # fmt: skip
    assert theirs <= recorded
    tested = yaml.safe_load(RULE_TESTS.read_text())["tests"]
    expressions = " ".join(each["expr"] for test in tested for each in test.get("promql_expr_test", ()))
    assert {
        name for name in recorded if not name.startswith(("asocial:", "instance:")) and name not in expressions
    } <= {
        "http_request_duration_seconds_sum",
        "http_request_duration_seconds_count",  # used by http_request_duration_seconds
    }


def test_every_alert_fires_when_it_should() -> None:
    run("promtool", "test", "rules", RULE_TESTS)
    tested = yaml.safe_load(RULE_TESTS.read_text())["tests"]
    fired = {each["alertname"] for test in tested for each in test["alert_rule_test"] if each.get("exp_alerts")}
    assert fired == {rule["alert"] for rule in alerts()}


def test_every_alert_says_what_it_means_what_to_do_and_is_in_the_run_book() -> None:
    book = (ROOT / "docs" / "operations.md").read_text()
    for rule in alerts():
        assert rule["annotations"].keys() == {"summary", "meaning", "action"}, rule["alert"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert f"`{rule['alert']}`" in book, f"{rule['alert']} is not in docs/operations.md"


def test_the_example_of_alertmanager_is_valid_and_pages_somebody_for_critical_alerts_alone() -> None:
    example = DEPLOY / "prometheus" / "alertmanager.example.yml"
    run("amtool", "check-config", example)
    for rule in alerts():
        labels = [f"alertname={rule['alert']}", f"severity={rule['labels']['severity']}"]
        receiver = run("amtool", "config", "routes", "test", "--config.file", example, *labels).strip()
        assert receiver == ("on-call" if rule["labels"]["severity"] == "critical" else "team"), rule["alert"]


def test_the_operators_rules_are_the_same() -> None:
    copy = DEPLOY / "kustomize" / "components" / "monitoring" / "prometheusrule.yaml"
    assert yaml.safe_load(copy.read_text())["spec"] == yaml.safe_load(RULES.read_text())


def test_the_dashboard_is_whole() -> None:
    board = json.loads(DASHBOARD.read_text())
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len(set(places)) == len(places)
    assert all(place[1] + place[2] <= 24 for place in places), "w + x"
    assert all(panel["targets"] for panel in panels())
    assert all(query["datasource"]["uid"] == "prometheus" for panel in panels() for query in panel["targets"])


@pytest.fixture
async def exposed() -> dict[str, set[str]]:
    """The labels of each sample of a server with Redis that has been talked to, by the sample's name."""
    with redis_server.temporary_folder() as folder:
        redis = redis_server.Server(folder)
        with redis_server.running(redis):
            app = build(load({"port": 0, "host": "127.0.0.1", "redis_url": redis.url}, {}))
            await app.start()
            client = await Client.connect(f"ws://127.0.0.1:{app.port}", channel="garden")
            await client.close()
            text = (await http_get(app.port, "/metrics")).text
            text = (await http_get(app.port, "/metrics")).text
            await app.drain()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def named(expression: str) -> set[str]:
    """The metrics that an expression names: words of ours, outside of strings."""
    words = _WORDS.findall(_STRINGS.sub('""', expression))
    return {word for word in words if word.startswith(("asocial", "process_", "instance:")) or word in OF_OTHERS}


async def test_every_metric_that_is_asked_for_is_exported_with_the_labels_that_are_asked_for(
    exposed: dict[str, set[str]],
) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    expressions = [*queries(), *(rule["expr"] for rule in rules())]
    asked = set().union(*map(named, expressions))
    assert len(asked) > 25
    assert asked - exposed.keys() - recorded - OF_OTHERS - OF_SEVERAL_PROCESSES == set()
    for expression in expressions:
        for metric, selector in re.findall(r"(asocial_\w+)\{([^}]*)\}", expression):
            labels = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) - {"instance", "job", "pod"}
            assert labels <= exposed[metric], expression


async def test_every_metric_of_ours_is_in_the_run_book(exposed: dict[str, set[str]]) -> None:
    book = (ROOT / "docs" / "operations.md").read_text()
    for name in exposed:
        if name.startswith("asocial_"):
            family = re.sub(r"_(bucket|count|sum)$", "", name)
            assert f"`{family}`" in book, f"{family} is not in docs/operations.md"
