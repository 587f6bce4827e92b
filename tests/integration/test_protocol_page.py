"""docs/protocol.md, the tests and the source agree on which codes and rules there are.

The page's tables are read here, and so are the tests of this folder: a `drives(code)` marker says that a test makes
the server answer with that code (and conftest.py fails such a test when it did not), a name `test_w7_...` that it
shows rule W7. A row or a rule that is written down without a test fails here, as does one the source has for itself.
"""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from asocial.adapters.http.refusals import ANSWERS
from asocial.domain import errors

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "protocol.md").read_text(encoding="utf-8")

RULES_OF_THE_CLIENT = {
    46: "how a client shows what it got is its own doing; tests/browser/test_safety_page.py sees to the page",
    117: "mentions are text, which each client reads; web/tests and tests/browser/test_mentions.py see to the page",
    184: "what the embed script shows; tests/browser/test_embed_surroundings.py sees to it",
}
"""Rules that say nothing of the server, so nothing can be seen of them from outside."""


def table_rows(heading: str) -> list[list[str]]:
    """Cells of the table whose head row is `heading`."""
    _, _, after = PAGE.partition(f"\n{heading}\n")
    assert after, f"docs/protocol.md has no table {heading!r}"
    rows = []
    for line in after.splitlines()[1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


ERROR_CODES = {row[0] for row in table_rows("| code | when |")}
CLOSE_ROWS = {int(row[0]): row[2] for row in table_rows("| code | reason | reconnect |")}
RULES = {int(number) for number in re.findall(r"^- \*\*W(\d+)\*\*", PAGE, re.MULTILINE)}


def refusal_codes() -> set[str]:
    """Codes of the answers before the upgrade, out of the text of W1."""
    [rule] = re.findall(r"^- \*\*W1\*\*(.*?)(?=^- \*\*W2\*\*)", PAGE, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", rule))


def close_codes_of_rfc_6455() -> set[int]:
    """Codes that W28 takes from RFC 6455 itself."""
    [rule] = re.findall(r"^- \*\*W28\*\*(.*?)^\| code", PAGE, re.MULTILINE | re.DOTALL)
    return {int(code) for code in re.findall(r"\b1\d{3}\b", rule)} - {1200}  # 1200 ms, in the example


@functools.cache  # each rule is a test of its own, and asks
def driven_codes() -> set[int | str]:
    """All arguments of all `drives` markers in this folder."""
    found: set[int | str] = set()
    for path in HERE.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "drives":
                found |= {ast.literal_eval(argument) for argument in node.args}
    return found


@functools.cache  # each rule is a test of its own, and asks
def rules_with_tests() -> set[int]:
    """Numbers in the names of all tests in this folder."""
    found: set[int] = set()
    for path in HERE.glob("test_*.py"):
        for name in re.findall(r"^async def test((?:_w\d+)+)_", path.read_text(encoding="utf-8"), re.MULTILINE):
            found |= {int(number) for number in re.findall(r"\d+", name)}
    return found


def codes_below(base: type[Exception]) -> dict[str, str]:
    """`code` of all classes below `base`, with their names."""
    found: dict[str, str] = {}
    for subclass in base.__subclasses__():
        found |= codes_below(subclass)
        if (code := subclass.__dict__.get("code")) is not None:
            found[code] = subclass.__name__
    return found


def test_the_parser_reads_the_page() -> None:
    """Guards this file: a table that is read as empty would let everything pass."""
    assert {"bad_frame", "rate_limited"} <= ERROR_CODES
    assert {4001, 4504} <= set(CLOSE_ROWS)
    assert refusal_codes() == {
        "channel_invalid", "uid_invalid", "handshake_invalid", "origin_forbidden", "upgrade_required",
        "too_many_connections", "draining", "uid_taken", "rate_limited",
        "members_only", "channel_private", "sealed_channel", "identity_unavailable", "host_not_allowed", "unavailable",
    }  # fmt: skip
    assert close_codes_of_rfc_6455() == {1002, 1007, 1009}
    assert set(range(1, 32)) | set(range(40, 47)) | set(range(60, 67)) | {80, 81, 82} <= RULES
    assert rules_with_tests() <= RULES, "a test cites a rule that is not on the page"


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_every_row_of_the_error_table_has_a_test(code: str) -> None:
    assert code in driven_codes()


@pytest.mark.parametrize("code", sorted(CLOSE_ROWS))
def test_every_row_of_the_close_code_table_has_a_test(code: int) -> None:
    assert code in driven_codes()


@pytest.mark.parametrize("code", sorted({*close_codes_of_rfc_6455()}))
def test_every_close_code_of_rfc_6455_on_the_page_has_a_test(code: int) -> None:
    assert code in driven_codes()


@pytest.mark.parametrize("code", sorted(refusal_codes() - {"upgrade_required", "handshake_invalid"}))
def test_every_refusal_before_the_upgrade_has_a_test(code: str) -> None:
    """All but those no client of the wire gets (a plain GET, a broken handshake): tests of W1 ask for them by HTTP."""
    assert code in driven_codes()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_a_test(rule: int) -> None:
    assert (rule in rules_with_tests()) != (rule in RULES_OF_THE_CLIENT)


def test_the_page_lists_the_error_codes_of_the_source_and_no_others() -> None:
    assert set(codes_below(errors.FrameError)) == ERROR_CODES


def test_the_page_lists_the_close_codes_of_the_source_and_no_others() -> None:
    assert {ANSWERS[code].close_code for code in codes_below(errors.Disconnect)} == set(CLOSE_ROWS)


@pytest.mark.parametrize(("code", "reconnect"), sorted(CLOSE_ROWS.items()))
def test_w28_the_number_of_a_close_code_says_whether_to_reconnect(code: int, reconnect: str) -> None:
    assert 4000 <= code <= 4999
    assert reconnect.startswith("yes" if code < 4500 else "no")
