"""Which worker runs which test, where several run side by side (`make test`).

There are four workers for each core. Tests of the browser compute nearly all the time, so they run on every fourth
worker: one browser for each core. The tests on the other workers mostly wait (for leases, outages, timers), so they
fit beside them; with fewer workers, both cores are idle after the last browser test. A worker that has run out of
tests of its kind helps with the other kind, but there are at most two browsers for each core: more would only make each
other late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler.loadgroup import LoadGroupScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

BROWSER = "tests/browser/"
WORKERS_PER_CORE = 4


class OneBrowserPerCore(LoadGroupScheduling):  # type: ignore[misc]
    """Like `--dist loadgroup`, in the order of the collection, but with workers that prefer one kind of test."""

    def _reschedule(self, node: WorkerController) -> None:
        if not node.shutting_down and self._next_for(node) is None:
            node.shutdown()  # after what it still has
        else:
            super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = self._next_for(node)
        if scope is not None:
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    def _next_for(self, node: WorkerController) -> str | None:
        """The next tests for a worker. None: it has nothing more to do."""
        number = int(node.gateway.id.removeprefix("gw"))
        prefers_browser, may_browse = number % WORKERS_PER_CORE == 0, number % (WORKERS_PER_CORE // 2) == 0
        # A group is named after its module, and no group is of the browser.
        own = next((scope for scope in self.workqueue if scope.startswith(BROWSER) == prefers_browser), None)
        return next(iter(self.workqueue), None) if own is None and may_browse else own
