"""Which worker runs which test, where several run side by side (`make test`).

There are two workers for each core, and one more. Tests of the browser compute most of the time, so they run on every
second worker: one browser for each core. The tests on the other workers mostly wait (for leases, outages, timers), so
they fit beside them. The last worker begins with the unit tests, which only compute. A worker that has run out of tests
of its kind helps with another kind. One with a browser takes unit tests first: if all workers wait at the end, the
cores are idle.

A test is an item of its own for the workers, unless its module makes something for all of its tests that takes long.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from xdist.scheduler.loadgroup import LoadGroupScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

BROWSER = "tests/browser/"
SHORT = "tests/unit/"
OTHER = ""
TOGETHER = (
    "tests/integration/test_many_",  # servers
    "tests/integration/test_original_configuration.py",  # servers
    "tests/integration/test_safety_property.py",
    "tests/integration/test_client_package.py",  # a package that is built and installed
    "tests/integration/test_typescript_client.py",  # the same; it is built in the checkout
)
"""Modules whose tests stay on one worker. (xdist's own groups are marks, which it adds to a test's id as text. With
pytest 9.2 that has no effect.)"""


def scope_of(nodeid: str) -> str:
    """What a worker runs at once: the module, or the test alone."""
    return nodeid.partition("::")[0] if nodeid.startswith(TOGETHER) else nodeid


def kind_of(scope: str) -> str:
    """The kind of test: the folder, if it is one that matters here."""
    return next(kind for kind in (BROWSER, SHORT, OTHER) if scope.startswith(kind))


class OneBrowserPerCore(LoadGroupScheduling):  # type: ignore[misc]
    """Like `--dist loadgroup`, in the order of the collection, but with workers that prefer one kind of test."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting: dict[str, deque[str]] = {}
        """By kind: what no worker has yet, but for what one that crashed had."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not self._waiting:
            self._waiting = {kind: deque() for kind in (BROWSER, SHORT, OTHER)}
            for scope in self.workqueue:
                self._waiting[kind_of(scope)].append(scope)
        preferred = self._preferred(int(node.gateway.id.removeprefix("gw")))
        queue = next((self._waiting[kind] for kind in preferred if self._waiting[kind]), None)
        if queue is not None:
            self.workqueue.move_to_end(queue.popleft(), last=False)
        super()._assign_work_unit(node)

    def _preferred(self, worker: int) -> tuple[str, ...]:
        """The kinds of tests, in the order in which a worker takes them."""
        if worker % 2:
            return (OTHER, BROWSER, SHORT)
        is_last = worker == self.numnodes - 1
        return (SHORT, OTHER, BROWSER) if is_last else (BROWSER, SHORT, OTHER)
