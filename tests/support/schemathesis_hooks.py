"""Hooks that Schemathesis loads (schemathesis_run.py)."""

from __future__ import annotations

from typing import Any

import schemathesis
from requests.structures import CaseInsensitiveDict
from schemathesis.generation.meta import TestPhase


@schemathesis.hook
def before_call(_context: schemathesis.HookContext, case: schemathesis.Case[Any], _kwargs: dict[str, Any]) -> None:
    """In a sequence of requests, have each judged as it is sent.

    Schemathesis generates a request, perhaps with an invalid body and without `Authorization`. Then it replaces the
    body by what an earlier answer contained, and adds the configured headers. What it sends is valid, and yet it
    reported that the server accepted invalid data. Assigned anew, both are compared with the schema again.
    """
    if case.meta is None or case.meta.phase.name is not TestPhase.STATEFUL:
        return
    if isinstance(case.body, dict):
        case.body = case.body
    if headers := case.operation.schema.config.headers_for(operation=case.operation):
        case.headers = CaseInsensitiveDict({**case.headers, **headers})
