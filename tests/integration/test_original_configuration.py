"""The ConfigMap and the Secret of the system before this one, as they were written, start servers that work."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asocial.config import load
from tests.support.client import Client
from tests.support.original_configuration import (
    CONFIG_MAP,
    PASSWORD,
    SERVICE_ACCOUNT,
    OriginalProcess,
    environ_of,
    secret,
)
from tests.support.processes import Process, all_ready
from tests.support.redis_server import Server, running
from tests.support.server import Enter

IN_BASE64 = base64.b64encode(SERVICE_ACCOUNT.encode()).decode()
"""As people put it into a Secret that encodes it once more."""


def test_every_value_means_what_it_meant() -> None:
    settings = load({}, environ_of(CONFIG_MAP, secret()))
    assert (settings.env, settings.log_level) == ("production", "info")
    assert settings.redis_url.get_secret_value() == "redis://redis:6379/0"
    assert settings.redis_password.get_secret_value() == PASSWORD
    assert (settings.max_message_size, settings.rate_limit_per_minute) == (4096, 100)
    assert settings.jwt_preset == "firebase:asocial-prod"


@pytest.fixture(scope="module")
def two(folder: Path) -> Iterator[list[Process]]:
    """Two processes over one Redis with the password; one has the service account in base64 once more."""
    redis = Server(folder, "--requirepass", PASSWORD)
    with running(redis):
        started = []
        for number, account in enumerate((SERVICE_ACCOUNT, IN_BASE64), 1):
            environ = environ_of(CONFIG_MAP, secret(account)) | {"REDIS_ADDR": f"127.0.0.1:{redis.port}"}
            started.append(OriginalProcess(folder, number, environ))
        try:
            for process in started:
                process.spawn()
            for process in started:
                process.wait()
            yield list(started)
        finally:
            for process in started:
                process.stop()
    assert [process.faults() for process in started] == [[], []]


async def test_two_processes_hear_each_other(two: list[Process], enter: Enter) -> None:
    await all_ready(*two)
    here, there = [await enter(process) for process in two]
    for speaker, listener in ((here, there), (there, here)):
        await speaker.chat("hello")
        frame = await listener.receive("chat")
        assert (frame["user_id"], frame["payload"]) == (speaker.user_id, "hello")


async def test_ready_names_redis_and_pubsub(two: list[Process]) -> None:
    await all_ready(*two)
    for process in two:
        assert await process.ready() == (200, {"server": "ok", "redis": "ok", "pubsub": "ok"})


async def test_a_guest_is_the_same_on_each_process(two: list[Process], enter: Enter) -> None:
    guest = await enter(two[0])
    again = await Client.connect(two[1].url, token=guest.token)
    assert again.user_id == guest.user_id
    await again.close()


def test_the_log_has_one_line_for_each_variable_and_no_secret(two: list[Process]) -> None:
    lines = two[0].lines()
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    variables = [event["event"].partition(" ")[0] for event in events if " sets ASOCIAL_" in event["event"]]
    assert sorted(variables) == sorted(
        ["APP_ENV", "LOG_LEVEL", "REDIS_ADDR", "REDIS_PASSWORD", "MAX_MESSAGE_SIZE", "RATE_LIMIT_PER_MINUTE",
         "FIREBASE_SERVICE_ACCOUNT", "FIREBASE_SERVICE_ACCOUNT"]
    )  # fmt: skip
    assert sum("REDIS_DB sets the database" in event["event"] for event in events) == 1
    assert not any("no secret is configured" in event["event"] for event in events)
    text = "\n".join(lines)
    assert PASSWORD not in text
    assert "PRIVATE KEY" not in text
