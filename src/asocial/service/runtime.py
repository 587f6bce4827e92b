"""What every part of a process uses: its event loop, its clocks and its counters."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from .clock import Clock
from .counters import Counters


class Runtime(NamedTuple):
    loop: asyncio.AbstractEventLoop
    clock: Clock
    counters: Counters
