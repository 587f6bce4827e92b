"""The limit on what a process holds for clients that do not read."""

from __future__ import annotations

from asocial.domain.errors import Disconnect, TooSlow
from asocial.domain.flush import Shared
from asocial.service.backlog import Backlog
from asocial.service.counters import Counters


class Reader:
    """A reader with waiting bytes, which it frees when it is closed."""

    def __init__(self, backlog: Backlog, own: int = 0, *shared: Shared) -> None:
        self._backlog, self._own, self._shared = backlog, own, list(shared)
        self.closed_with: Disconnect | None = None
        self.unsent_bytes = own + sum(len(each.data) for each in shared)
        backlog.mark_behind(self)
        backlog.grow(own)
        for each in shared:
            backlog.retain(each)
        backlog.check()

    def close(self, disconnect: Disconnect) -> None:
        self.closed_with = disconnect
        self._backlog.shrink(self._own)
        for each in self._shared:
            self._backlog.release(each)
        self._backlog.mark_caught_up(self)


def test_w70_shared_bytes_count_once_until_the_last_member_has_sent_them() -> None:
    backlog = Backlog(1000, Counters())
    shared = Shared(b"x" * 600)
    readers = [Reader(backlog, 1, shared) for _ in range(100)]
    assert backlog.bytes == 700
    for reader in readers[:-1]:
        reader.close(TooSlow())
    assert backlog.bytes == 601
    readers[-1].close(TooSlow())
    assert (backlog.bytes, len(backlog._slow_readers)) == (0, 0)


def test_w70_the_slowest_members_are_closed_until_an_eighth_is_free() -> None:
    counters = Counters()
    backlog = Backlog(1000, counters)
    readers = [Reader(backlog, size) for size in (100, 500, 300, 50)]
    assert [reader.closed_with for reader in readers] == [None] * 4
    Reader(backlog, 60)
    assert [isinstance(reader.closed_with, TooSlow) for reader in readers] == [False, True, False, False]
    assert backlog.bytes == 510
    assert counters.unsent_relieved == 1


def test_w70_the_member_that_passes_the_limit_may_be_closed() -> None:
    backlog = Backlog(1000, Counters())
    small, large = Reader(backlog, 400), Reader(backlog, 700)
    assert (small.closed_with, isinstance(large.closed_with, TooSlow)) == (None, True)


def test_w70_when_all_hold_the_same_bytes_all_are_closed() -> None:
    backlog = Backlog(1000, Counters())
    shared = Shared(b"x" * 1001)
    assert isinstance(Reader(backlog, 0, shared).closed_with, TooSlow)
    assert backlog.bytes == 0


def test_w70_zero_means_no_limit() -> None:
    backlog = Backlog(0, Counters())
    assert Reader(backlog, 10**9).closed_with is None
