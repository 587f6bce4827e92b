"""When a process is started again, and when that is given up."""

from __future__ import annotations

from asocial.processes.restarts import FIRST_S, LONGEST_S, SHORT_LIVES, STEADY_S, Restarts


def test_the_pause_grows_with_each_short_life_and_then_it_gives_up() -> None:
    restarts = Restarts()
    pauses = [restarts.pause_after(0.0) for _ in range(SHORT_LIVES)]
    assert pauses == [FIRST_S * 2**n for n in range(SHORT_LIVES)]
    assert restarts.pause_after(0.0) is None


def test_a_process_that_served_for_a_while_begins_anew() -> None:
    restarts = Restarts()
    for _ in range(3):
        for _ in range(SHORT_LIVES):
            assert restarts.pause_after(STEADY_S - 1) is not None
        assert restarts.pause_after(STEADY_S) == FIRST_S


def test_without_a_limit_it_never_gives_up() -> None:
    restarts = Restarts(limit=None)
    pauses = [restarts.pause_after(0.0) for _ in range(2000)]
    assert pauses[-1] == LONGEST_S
