"""Whether a line of the log would be dropped: asked before lines that each connection writes."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from asocial import logs


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    before, root = structlog.get_config(), logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    structlog.configure(**before)
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_line_is_dropped_exactly_if_the_level_says_so(level: str) -> None:
    out = io.StringIO()
    logs.configure(level, json=True, stream=out)
    for name, number in (("debug", 10), ("info", 20), ("warning", 30), ("error", 40)):
        before = out.tell()
        getattr(logs.get("asocial.test_logs"), name)("a line")
        assert (out.tell() == before) == logs.drops("asocial.test_logs", number)


def test_the_level_of_one_logger_counts() -> None:
    logs.configure("warning", json=True, stream=io.StringIO())
    one = logging.getLogger("asocial.test_logs_one")
    assert logs.drops(one.name, logging.INFO)
    one.setLevel(logging.INFO)
    assert not logs.drops(one.name, logging.INFO)
    assert logs.drops("asocial.test_logs_other", logging.INFO)
    one.setLevel(logging.NOTSET)


def test_nothing_is_dropped_that_somebody_else_may_want() -> None:
    logs.configure("error", json=True, stream=io.StringIO())
    with structlog.testing.capture_logs() as lines:
        assert not logs.drops("asocial.test_logs", logging.INFO)
        logs.get("asocial.test_logs").info("a line")
    assert len(lines) == 1
    assert logs.drops("asocial.test_logs", logging.INFO)
    structlog.reset_defaults()
    assert not logs.drops("asocial.test_logs", logging.INFO)
    structlog.configure(processors=[structlog.stdlib.filter_by_level])
    assert not logs.drops("asocial.test_logs", logging.INFO)
