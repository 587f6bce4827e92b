"""The table of refusals: every error has a row, and W28 holds between close codes and reconnecting."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import asocial
from asocial.adapters.http.refusals import ANSWERS, CLOSE_CODES, Answer
from asocial.domain.errors import Disconnect

SOURCE = Path(asocial.__file__).parent


PASSED_ON = {"bad_frame", "payload_empty", "payload_too_large", "position_invalid"}
"""Codes of frames that the HTTP API carries out for a program."""


def codes_in(folder: Path) -> set[str]:
    """The codes of all `Refusal("code", ...)` below `folder`."""
    calls = (
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal"
    )
    return {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}


def test_the_table_has_a_row_for_every_error_and_no_others() -> None:
    raised = codes_in(SOURCE)
    assert {"origin_forbidden", "channel_taken"} <= raised, "the source was understood"
    assert set(ANSWERS) == raised | {end.code for end in Disconnect.__subclasses__()} | PASSED_ON


@pytest.mark.parametrize("end", Disconnect.__subclasses__())
def test_w28_the_close_code_says_whether_to_reconnect(end: type[Disconnect]) -> None:
    assert 4000 < ANSWERS[end.code].close_code < 5000
    assert end.reconnects == (ANSWERS[end.code].close_code < 4500)


def test_close_codes_differ() -> None:
    assert len(set(CLOSE_CODES)) == len(CLOSE_CODES) == len(Disconnect.__subclasses__())


def test_no_service_and_no_domain_error_knows_a_status() -> None:
    statuses = {str(answer.status) for answer in ANSWERS.values()} - {str(Answer().status)}
    for folder in ("domain", "service"):
        for path in (SOURCE / folder).rglob("*.py"):
            numbers = {
                str(node.value)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant)
            }
            assert not numbers & statuses, path
