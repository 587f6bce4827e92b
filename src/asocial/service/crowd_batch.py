"""The cells of a batch: one line in its control lane, so that processes of earlier versions skip it (decision 0030).

    {"type":"cells","reliable":[RUN,...],"volatile":[RUN,...]}

The runs of a lane are, in order, the sizes of its parts and who gets them: [size] everyone; [size, x, y, ...] the
regions that hold one of these cells; [size, "USER"] the followers of a user. The frames themselves stay undecoded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from ..domain.crowd_outbox import Cells, Run, Taken
from ..ports import Batch, Connection

Recipients: TypeAlias = Cells | str
"""Cells, of which () is everyone; or the id of a user whose followers get it."""
Part: TypeAlias = tuple[bytes, Recipients]

_BEGIN = b'{"type":"cells",'


class _CellsLine(msgspec.Struct, tag="cells", frozen=True):
    reliable: list[list[int | str]]
    volatile: list[list[int | str]]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_CellsLine).decode


def cells_line(reliable: Sequence[Part], volatile: Sequence[Part]) -> bytes:
    """The line for these parts, with its line break."""
    return _encode(_CellsLine(_runs(reliable), _runs(volatile))) + b"\n"


def batch_of(taken: Taken[Connection], number: int) -> Batch:
    """What the other processes get of a flush. `number`: of its first reliable frame."""
    own = taken.runs[: taken.local]
    reliable, volatile = [run for run in own if not run.volatile], [run for run in own if run.volatile]
    return Batch(
        b"".join([run.data for run in reliable]),
        b"".join([run.data for run in volatile]),
        cells_line(_parts_of(reliable), _parts_of(volatile)),
        number=number,
        frames=len(reliable),
    )


def split_control(control: bytes) -> tuple[bytes, bytes]:
    """(the line with cells or nothing, the rest of a control lane)."""
    if not control.startswith(_BEGIN):
        return b"", control
    line, _, rest = control.partition(b"\n")
    return line, rest


def parts(line: bytes, reliable: bytes, volatile: bytes) -> tuple[list[Part], list[Part]] | None:
    """The parts of both lanes. None if the line does not fit them: then everyone gets everything."""
    try:
        read = _decode(line)
        return _split(reliable, read.reliable), _split(volatile, read.volatile)
    except (msgspec.DecodeError, ValueError, TypeError, IndexError):
        return None


def _parts_of(runs: Sequence[Run[Connection]]) -> list[Part]:
    return [(run.data, run.cells) for run in runs]


def _runs(lane: Sequence[Part]) -> list[list[int | str]]:
    runs: list[list[int | str]] = []
    for data, to in lane:
        runs.append(
            [len(data), to] if isinstance(to, str) else [len(data), *(number for cell in to for number in cell)]
        )
    return runs


def _split(data: bytes, runs: list[list[int | str]]) -> list[Part]:
    found: list[Part] = []
    at = 0
    for size, *to in runs:
        if not isinstance(size, int) or size < 0:
            raise ValueError("a size is no number")
        recipients: Recipients
        if to and isinstance(to[0], str):
            recipients = to[0]
        else:
            numbers = [int(number) for number in to]
            recipients = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        found.append((data[at : at + size], recipients))
        at += size
    if at != len(data):
        raise ValueError("the sizes do not fit")
    return found
