"""The order of all tests, and how long one may take.

What takes longest goes first, so that no worker is left with it at the end. Which worker runs which test:
support/scheduling.py.
"""

from __future__ import annotations

import itertools
import signal
import traceback
from collections.abc import Generator, Iterable
from types import FrameType

import pytest

from tests.support.leftovers import end_with_this_process, interrupt_workers

LONGEST_FIRST = (
    "faults",
    "integration/test_safety_property",
    "integration/test_many",
    "integration/test_large_channel",
    "integration/test_typescript_client",
    "integration/test_clocks",
    "browser/test_start_page",
    "browser/test_install",
    "browser",
    "integration",
    "contract",
)
# The other time limit is `timeout` in pyproject.toml. One that needs more says so: @pytest.mark.timeout(seconds).
FULL_LIMIT_S = 1_800

# What a script starts in the background ignores SIGINT, and so does all that it starts: Ctrl+C would end no command.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# All tests run in asyncio's debug mode, which remembers where each handle, task and future was made. Reading the whole
# stack with its source lines takes a sixth of a test's CPU time. Three frames, whose lines are read when they are
# printed, still show the place. (`_asyncio` ignores DEBUG_STACK_DEPTH.)
STACK_DEPTH = 3


def _shallow(
    summary: type[traceback.StackSummary], frames: Iterable[tuple[FrameType, int]], /, **_options: object
) -> traceback.StackSummary:
    # A list of tuples: `traceback.format_list` makes frame summaries of them, for the few that are printed.
    return summary(
        [
            (frame.f_code.co_filename, line, frame.f_code.co_name, None)  # type: ignore[misc]
            for frame, line in itertools.islice(frames, STACK_DEPTH)
        ]
    )


traceback.StackSummary.extract = classmethod(_shallow)  # type: ignore[assignment]


def pytest_configure(config: pytest.Config) -> None:
    # SIGTERM ends the tests as Ctrl+C does: through the fixtures that end the servers they started.
    if hasattr(config, "workerinput"):
        end_with_this_process()
    else:
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_keyboard_interrupt() -> None:
    interrupt_workers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """`--dist loadgroup` of this suite; other ways to distribute tests stay as they are."""
    if config.getvalue("dist") != "loadgroup":
        return None
    from tests.support.scheduling import OneBrowserPerCore

    return OneBrowserPerCore(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = __file__.rpartition("/")[0]

    def place(item: pytest.Item) -> str:
        return str(item.path).removeprefix(f"{root}/")

    for item in items:
        if item.path.name.startswith("full_") and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(FULL_LIMIT_S))
    # Sorting is stable: within a folder the order stays.
    items.sort(key=lambda item: next((n for n, of in enumerate(LONGEST_FIRST) if place(item).startswith(of)), 99))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that took too long says where its tasks wait. The signal finds only the event loop, waiting for them."""
    report = yield
    if call.excinfo is not None and str(call.excinfo.value).startswith("Timeout (>"):
        from tests.support import waiting_tasks

        report.sections.append(("Tasks that wait", waiting_tasks.describe()))
    return report
