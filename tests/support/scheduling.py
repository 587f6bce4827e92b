"""Which worker runs which test, where several run side by side (`make test`).

There are two workers for each core. Tests of the browser compute nearly all the time, so they run on every second
worker: one browser for each core. The tests on the other workers mostly wait (for leases, outages, timers), so they
fit beside them. A worker that has run out of tests of its kind helps with the other kind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler.loadgroup import LoadGroupScheduling  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController  # type: ignore[import-untyped]

BROWSER = "tests/browser/"


class OneBrowserPerCore(LoadGroupScheduling):  # type: ignore[misc]
    """Like `--dist loadgroup`, in the order of the collection, but with workers that prefer one kind of test."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        browser = int(node.gateway.id.removeprefix("gw")) % 2 == 0
        # A group is named after its module, and no group is of the browser.
        own = (scope for scope in self.workqueue if scope.startswith(BROWSER) == browser)
        first = next(own, None)
        if first is not None:
            self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)
