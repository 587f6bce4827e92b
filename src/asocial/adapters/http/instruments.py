"""What this folder reports to: counters, traces, and the log of refusals."""

from __future__ import annotations

from dataclasses import dataclass

from ...service.counters import Counters
from ...tracing import Tracing
from .refusal_log import RefusalLog


@dataclass(frozen=True)
class Instruments:
    counters: Counters
    tracing: Tracing
    refusals: RefusalLog
