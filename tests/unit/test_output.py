"""Log output never blocks and never fails; lost lines are counted and reported when output works again."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator

import pytest

from asocial.output import QueuedStream, dropped_lines

DRAIN_S = 30.0


class Reports:
    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, object]]] = []

    def __call__(self, event: str, **fields: object) -> None:
        self.all.append((event, fields))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(fd)


def read_all(reader: int, until: str) -> str:
    text = ""
    while until not in text:
        data = os.read(reader, 65536)
        assert data, f"the pipe ended before {until!r}"
        text += data.decode()
    return text


def test_lines_arrive_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stream = QueuedStream(writer, "stderr", Reports())
    for number in range(500):
        print(f"line {number} é", file=stream, flush=True)
    assert read_all(reader, "line 499 é\n").splitlines() == [f"line {number} é" for number in range(500)]


def test_lines_of_several_writers_to_one_pipe_are_not_torn(pipe: tuple[int, int]) -> None:
    """As several processes that share stderr: each has a queue of its own, and the pipe is full again and again."""
    reader, writer = pipe
    streams = [QueuedStream(writer, "stderr", Reports()) for _ in range(2)]
    line = "x" * 300
    for _ in range(2000):
        for number, stream in enumerate(streams):
            stream.write(f"{number}{line}\n")
    lines: list[str] = []
    rest = ""
    while len(lines) < 4000:
        *whole, rest = (rest + os.read(reader, 50_000).decode()).split("\n")
        lines += whole
    torn = sum(each[1:] != line for each in lines)
    assert not torn
    assert Counter(each[0] for each in lines) == {"0": 2000, "1": 2000}


def test_an_unread_pipe_blocks_nothing_and_lost_lines_are_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe

    def report(event: str, **fields: object) -> None:
        stream.write(f"{event} {fields}\n")

    stream = QueuedStream(writer, "stderr", report, queue_characters=100_000)
    before = dropped_lines()
    lines = 20_000
    for number in range(lines):
        stream.write(f"{number:099}\n")
    lost = dropped_lines() - before
    assert lost > lines / 2, "a pipe and the queue hold far less than was written"
    assert not stream.drain(0.05), "and draining it has an end"
    text = read_all(reader, "were dropped")
    text += read_all(reader, "}\n") if not text.endswith("}\n") else ""
    *kept, told = text.splitlines()
    assert [int(line) for line in kept] == sorted(int(line) for line in kept)
    assert len(kept) + lost == lines
    assert told.startswith(f"lines to stderr were dropped {{'lines': {lost}, 'reason': 'the queue is full")


def test_a_closed_pipe_is_reported_once(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    reports = Reports()
    stream = QueuedStream(writer, "stdout", reports)
    os.close(reader)
    before = dropped_lines()
    for _ in range(3):
        stream.write("one\n")
        assert stream.drain(DRAIN_S)
    assert dropped_lines() - before == 3
    assert reports.all == [("cannot write to stdout: its lines are dropped", {"reason": os.strerror(errno.EPIPE)})]


class FullDisk:
    """Takes `room` bytes, then fails until it is made larger."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.text = b""

    def __call__(self, _fd: int, data: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = data[: self.room]
        self.room -= len(taken)
        self.text += taken
        return len(taken)


def test_a_full_disk_loses_lines_until_there_is_room_and_tears_none_that_follow(pipe: tuple[int, int]) -> None:
    disk, reports = FullDisk(10), Reports()
    stream = QueuedStream(pipe[1], "stderr", reports, write=disk)
    stream.write("first\nsecond\nthird\n")
    assert stream.drain(DRAIN_S)
    stream.write("fourth\n")
    assert stream.drain(DRAIN_S)
    disk.room = 1000
    stream.write("fifth\n")
    assert stream.drain(DRAIN_S)
    assert disk.text == b"first\nseco\nfifth\n"
    full = os.strerror(errno.ENOSPC)
    assert reports.all == [
        ("cannot write to stderr: its lines are dropped", {"reason": full}),
        ("lines to stderr were dropped", {"lines": 3, "reason": full}),
    ]


def test_a_descriptor_that_somebody_made_non_blocking_loses_nothing(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.set_blocking(writer, False)
    stream = QueuedStream(writer, "stderr", Reports())
    before = dropped_lines()
    for number in range(3000):
        stream.write(f"{number:099}\n")
    assert len(read_all(reader, f"{2999:099}\n").splitlines()) == 3000
    assert dropped_lines() == before


def test_threads_may_write_at_once(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    stream = QueuedStream(writer, "stderr", Reports())
    threads = [
        threading.Thread(target=lambda name=name: [stream.write(f"{name}\n") for _ in range(200)]) for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.write("end\n")
    assert sorted(read_all(reader, "end\n").splitlines()) == sorted([*"abcd"] * 200 + ["end"])


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_descriptors_that_are_closed_go_to_no_socket(closed: str) -> None:
    """With fd 2 closed the next file that is opened would be stderr."""
    program = (
        "from asocial.output import open_closed_standard_descriptors as o; o(); import os; os._exit(os.dup(0) < 3)"
    )
    command = f'exec "$0" -c "$1" {closed}'
    assert subprocess.run(["/bin/sh", "-c", command, sys.executable, program], check=False).returncode == 0
