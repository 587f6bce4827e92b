"""Every refusal is counted and logged, here and nowhere else: one metric, one kind of log line.

The counter is exact. Lines are limited for each code, so that a flood of refusals is no flood of lines; the next line
says how many were left out.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from ... import logs
from ...domain.limits import TokenBucket
from ...service.meters import Meters

LINES_PER_SECOND = 0.5
LINES_AT_ONCE = 5
VALUE_CHARACTERS = 400
"""Of what a client sent, this much is logged."""
_OPERATORS = frozenset({"origin_forbidden", "host_not_allowed", "identity_unavailable"})
"""Codes that most often mean a wrong setting or a service that is away: logged as warnings."""

log = logs.get(__name__)


class RefusalLog:
    """`now_s`: any monotonic clock."""

    def __init__(self, meters: Meters, now_s: Callable[[], float] = time.monotonic) -> None:
        self._meters = meters
        self._now_s = now_s
        self._buckets: dict[str, TokenBucket] = {}
        self._left_out: Counter[str] = Counter()

    def note(self, code: str | int, reason: str, **fields: object) -> None:
        """A request or a connection was refused with this code of ours (W1, W28). `fields`: who, and what it sent."""
        name, now_s = str(code), self._now_s()
        self._meters.refusals[name] += 1
        bucket = self._buckets.setdefault(name, TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE, now_s))
        if bucket.take(now_s):
            self._left_out[name] += 1
            return
        if left_out := self._left_out.pop(name, 0):
            fields["left_out"] = left_out
        write = log.warning if name in _OPERATORS else log.info
        fields = {key: _printable(value) for key, value in fields.items()}
        write("connection refused", code=code, reason=_printable(reason), **fields)


def _printable(value: object) -> object:
    if not isinstance(value, str):
        return value
    return "".join(sign if sign.isprintable() else "?" for sign in value[:VALUE_CHARACTERS])
