"""Which tests stay on one worker (tests/support/scheduling.py)."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.support.scheduling import TOGETHER, OneBrowserPerCore

ROOT = Path(__file__).parents[2]


WORKERS = 5


class Config:
    """Of that many workers."""

    option = SimpleNamespace(loadscopereorder=False)

    def getvalue(self, name: str) -> object:
        return {"tx": [f"{WORKERS}*popen"]}.get(name, False)


class Worker:
    """Runs what it is sent."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.shutting_down = False
        self.sent: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.sent += indices

    def shutdown(self) -> None:
        self.shutting_down = True


KINDS = ("browser", "integration", "unit")


def kind_of(test: str) -> str:
    return test.split("/")[1]


def spread(tests: list[str]) -> list[list[str]]:
    """The tests that each worker runs, in their order."""
    scheduling, workers = started(tests)
    finish(scheduling, workers)
    return [[tests[index] for index in worker.sent] for worker in workers]


def started(tests: list[str]) -> tuple[OneBrowserPerCore, list[Worker]]:
    """Workers that have their first tests."""
    scheduling = OneBrowserPerCore(cast(pytest.Config, Config()))
    workers = [Worker(number) for number in range(WORKERS)]
    for worker in workers:
        scheduling.add_node(cast(Any, worker))
        scheduling.add_node_collection(cast(Any, worker), tests)
    scheduling.schedule()
    return scheduling, workers


def finish(scheduling: OneBrowserPerCore, workers: list[Worker]) -> None:
    """Run what is there, in turn."""
    done: dict[Worker, int] = dict.fromkeys(workers, 0)
    while any(len(worker.sent) > done[worker] for worker in workers):
        for worker in workers:
            if len(worker.sent) > done[worker]:
                scheduling.mark_test_complete(cast(Any, worker), worker.sent[done[worker]])
                done[worker] += 1


@pytest.mark.parametrize("module", ["tests/integration/test_typescript_client.py", "tests/integration/test_many_x.py"])
def test_what_a_module_makes_for_all_of_its_tests_is_made_once(module: str) -> None:
    others = [f"tests/unit/test_{number}.py::test" for number in range(40)]
    own = [f"{module}::test_{number}" for number in range(20)]
    runs = spread([*others, *own])
    assert set().union(*runs) == {*others, *own}
    assert sorted(len(set(each) & set(own)) for each in runs) == [0] * (WORKERS - 1) + [20]


def test_tests_of_other_modules_are_spread() -> None:
    runs = spread([f"tests/browser/test_plane.py::test_{number}" for number in range(40)])
    assert min(map(len, runs)) > 0


def test_each_worker_begins_with_its_kind() -> None:
    runs = spread([f"tests/{kind}/test_x.py::test_{number}" for kind in KINDS for number in range(30)])
    assert [kind_of(run[0]) for run in runs] == ["browser", "integration", "browser", "integration", "unit"]


@pytest.mark.parametrize(
    ("counts", "worker", "kinds"),
    [
        ({"browser": 4, "integration": 40, "unit": 20}, 0, ["browser", "unit", "integration"]),
        ({"browser": 40, "integration": 4, "unit": 40}, 1, ["integration", "browser"]),
        ({"browser": 40, "integration": 40, "unit": 4}, 4, ["unit", "integration"]),
    ],
    ids=["browser", "other", "unit"],
)
def test_a_worker_without_tests_of_its_kind_helps(counts: dict[str, int], worker: int, kinds: list[str]) -> None:
    tests = [f"tests/{kind}/test_x.py::test_{number}" for kind in KINDS for number in range(counts[kind])]
    runs = spread(tests)
    assert sorted(itertools.chain(*runs)) == sorted(tests)
    in_order = [kind for kind, _ in itertools.groupby(map(kind_of, runs[worker]))]
    assert in_order[: len(kinds)] == kinds


def test_what_a_worker_had_that_crashed_is_run_by_another() -> None:
    tests = [f"tests/unit/test_x.py::test_{number}" for number in range(30)]
    scheduling, workers = started(tests)
    crashed = workers.pop()
    scheduling.remove_node(cast(Any, crashed))
    finish(scheduling, workers)
    ran = {tests[index] for worker in workers for index in worker.sent}
    assert ran == {*tests}


def test_the_modules_that_stay_together_are_there() -> None:
    modules = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/*/test_*.py")]
    assert [prefix for prefix in TOGETHER if not any(module.startswith(prefix) for module in modules)] == []
