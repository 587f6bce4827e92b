"""Runs the load generators in Rust (`crowd/`). Each command to it is one line of JSON, and so is each answer.

It has its own core, sends on schedule whatever comes back (open loop), and checks every delivery. Its processor time is
part of every answer: above GENERATOR_LIMIT the generator, and not the server, limits the result, and the row says so.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT, cores

CRATE = ROOT / "benchmarks" / "crowd"
BUILT = CRATE / "target" / "release"
GENERATOR_LIMIT = 0.8
PATIENCE_S = 4.0


class GeneratorFailed(Exception):
    """The generator ended early."""


@dataclass(frozen=True)
class Dialect:
    """How a server is spoken to. Templates hold {channel}, {id}, {payload}, {x} and {y}; see crowd/src/spec.rs."""

    path: str
    ready: str
    chat: str
    cursor: str = ""
    typing: str = ""
    cursor_mark: str = ""
    cursor_frame: str = ""
    opening: Sequence[dict[str, str]] = ()
    several: bool = False
    pings: Sequence[tuple[str, str]] = ()


_POSITION = '"position":{"x":1,"y":2}'
WIRE = Dialect(
    path="/api/chat?channel={channel}",
    ready='"type":"user_sync"',
    chat='{"type":"chat","message_id":"{id}","payload":"{payload}",' + _POSITION + "}",
    typing='{"type":"typing","message_id":"draft","payload":"{payload}",' + _POSITION + "}",
    cursor='{"type":"cursor","position":{"x":{x},"y":{y}}}',
    cursor_frame='"type":"cursor',
    cursor_mark='"x":',
)
"""Our wire, as the peers speak it: a cursor is a frame of its own."""


@dataclass
class Shape:
    """`channels` with `people` in each, of whom `speakers` speak in turn, in messages of `payload` characters."""

    people: int
    channels: int = 1
    speakers: int = 50
    payload: int = 40

    @property
    def everyone(self) -> int:
        return self.people * self.channels

    @property
    def reach(self) -> int:
        """Deliveries that one message makes."""
        return self.people - 1


class Generator:
    """A running generator. Answers are its own, see crowd/src."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **command: Any) -> dict[str, Any]:
        self.order(**command)
        return self.answer()

    def order(self, **command: Any) -> None:
        """Give a command, and do not wait for its answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as gone:
            raise GeneratorFailed(f"the generator ended with {self._process.wait()}") from gone

    def answer(self) -> dict[str, Any]:
        """The answer to the oldest command that has none yet."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise GeneratorFailed(f"the generator ended with {self._process.wait()}")
        return dict(json.loads(line))


class Crowd(Generator):
    """People in channels, who speak (crowd/src/main.rs)."""

    def __init__(self, process: subprocess.Popen[str], shape: Shape) -> None:
        super().__init__(process)
        self.shape = shape

    def connect(self, people: int | None = None, at_once: int = 64, patience_s: float = 60.0) -> dict[str, Any]:
        """Until everyone (or `people` of them) is in."""
        people = self.shape.everyone if people is None else people
        answer = self.ask(do="connect", people=people, at_once=at_once, patience=patience_s)
        if answer["closed"] or answer["entered"] < answer["wanted"]:
            raise GeneratorFailed(f"not everyone got in: {answer}")
        return answer

    def talk(
        self, rate: float, seconds: float, *, cursors: float = 0, drafts: float = 0, patience_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Messages (cursors, drafts) a second, all people together."""
        return self.ask(do="talk", rate=rate, cursors=cursors, drafts=drafts, seconds=seconds, patience=patience_s)

    def drop(self, people: int | None = None) -> None:
        """Cut the connections of the last `people`, or of all."""
        self.ask(do="drop", people=self.shape.everyone if people is None else people)


@contextlib.contextmanager
def crowd(servers: Sequence[str], dialect: Dialect, shape: Shape) -> Iterator[Crowd]:
    """A generator for `servers` (host:port), on its own core, with nobody connected yet."""
    spec = {
        "servers": list(servers),
        "channels": shape.channels,
        "speakers": min(shape.speakers, shape.people),
        "payload": shape.payload,
        "dialect": asdict(dialect),
    }
    with started("crowd", spec) as process:
        yield Crowd(process, shape)


@contextlib.contextmanager
def started(binary: str, spec: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """A generator of the crate, on its own core."""
    path = BUILT / binary
    if not path.exists():
        raise GeneratorFailed(f"there is no {path.relative_to(ROOT)}: `make bench-tools` builds it")
    with tempfile.TemporaryDirectory(prefix="asocial-crowd-") as folder:
        file = Path(folder) / "spec.json"
        file.write_text(json.dumps(spec))
        process = subprocess.Popen([path, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            os.sched_setaffinity(process.pid, cores()[1])
            yield process
        finally:
            process.kill()
            process.wait()
            assert process.stdin is not None
            assert process.stdout is not None
            # What a killed generator did not read cannot be flushed to it any more.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.stdout.close()
