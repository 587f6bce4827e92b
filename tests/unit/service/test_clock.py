"""The clocks of a process while the clocks that they follow are set."""

from __future__ import annotations

import pytest

from asocial.service.clock import Clock
from asocial.service.counters import Counters

START_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


class Machine:
    """A machine's two clocks."""

    def __init__(self) -> None:
        self.wall_ms = float(START_MS)
        self.monotonic_ms = 5_000.0
        self.counters = Counters()
        self.shifts: list[int] = []
        """What the clock said it was set by."""
        self.clock = Clock(
            self.counters,
            wall_ns=lambda: round(self.wall_ms * 1e6),
            monotonic_ns=lambda: round(self.monotonic_ms * 1e6),
        )

    def run(self, seconds: float, *, idle: bool = False) -> None:
        for _ in range(round(seconds)):
            self.wall_ms += 1000
            self.monotonic_ms += 1000
            self._note(self.clock.check(idle=idle))

    def measure(self, reference_ms: float, error_ms: float) -> int:
        shift_ms = self.clock.follow(reference_ms, self.monotonic_ms, error_ms)
        self._note(shift_ms)
        return shift_ms

    def _note(self, shift_ms: int) -> None:
        if shift_ms:
            self.shifts.append(shift_ms)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_a_step_of_the_machine_clock_has_no_effect_while_clients_are_connected(machine: Machine, step_ms: int) -> None:
    machine.run(10)
    before = machine.clock.now_ms()
    machine.wall_ms += step_ms
    machine.run(60)
    assert abs(machine.clock.now_ms() - before - 60_000) <= 60_000 * 0.005 + 1
    assert machine.clock.monotonic_ms() == 75_000
    assert machine.clock.wall_ms() == START_MS + 70_000 + step_ms
    assert machine.shifts == []
    assert machine.counters.clock_steps == 1
    assert machine.clock.skew_s == pytest.approx(step_ms / 1000, abs=1)


def test_a_step_of_the_machine_clock_is_followed_without_clients(machine: Machine) -> None:
    machine.wall_ms += HOUR_MS
    machine.run(1)
    assert machine.clock.now_ms() < START_MS + HOUR_MS / 2
    machine.run(1, idle=True)
    assert abs(machine.clock.now_ms() - machine.wall_ms) <= 1
    assert len(machine.shifts) == 1


def test_a_small_clock_difference_is_slewed_and_never_goes_back(machine: Machine) -> None:
    machine.wall_ms -= 400
    last = machine.clock.now_ms()
    for _ in range(200):
        machine.run(1)
        now = machine.clock.now_ms()
        assert 990 <= now - last <= 1000
        last = now
    assert abs(last - machine.wall_ms) <= 1
    assert machine.counters.clock_steps == 0


def test_a_shared_clock_takes_the_place_of_the_machines(machine: Machine) -> None:
    """Of two processes whose machines differ by 20 s both tell the same time."""
    shared = START_MS - 20_000
    assert machine.measure(shared, 2) == -20_000
    assert machine.clock.now_ms() == shared
    machine.run(5)
    assert abs(machine.clock.now_ms() - shared - 5000) <= 1
    # Known, not a step: nobody set a clock.
    assert machine.counters.clock_steps == 0


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS, 3_000])
def test_a_step_of_the_shared_clock_is_followed_at_once_and_reported(machine: Machine, step_ms: int) -> None:
    machine.measure(START_MS, 2)
    machine.clock.now_ms()
    assert machine.measure(START_MS + step_ms, 2) == step_ms
    assert machine.shifts == [step_ms]
    assert machine.clock.now_ms() == START_MS + step_ms
    assert machine.counters.clock_steps == 1


def test_a_slow_answer_moves_the_clock_only_by_what_it_proves(machine: Machine) -> None:
    machine.measure(START_MS, 2)
    machine.run(1)
    assert machine.measure(START_MS + 1_400, 450) == 0
    assert abs(machine.clock.now_ms() - START_MS - 1000) <= 1


def test_the_log_says_once_that_the_clocks_differ(machine: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.measure(START_MS - 20_000, 2)
    machine.run(30)
    assert capsys.readouterr().out.count("differs from Redis's") == 1
    machine.wall_ms -= 20_000
    machine.run(30)
    assert capsys.readouterr().out.count("agrees with Redis's again") == 1
