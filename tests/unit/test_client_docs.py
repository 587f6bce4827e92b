"""docs/clients.md has every public name of both clients."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import asocial_client
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
TYPESCRIPT = ROOT / "packages/client/src"
TYPES = {"Channel", "DraftWriter", "Event", "Landmark", "Limits", "Member", "Rules"}
"""Types of values, whose fields are in the code."""


def names_in(page: str) -> set[str]:
    """The words in code spans."""
    return {word for span in re.findall(r"`([^`]+)`", page) for word in re.findall(r"\w+", span)}


def members_of(file: str, interface: str) -> set[str]:
    """The fields and methods of an interface, or of what a function returns."""
    text = (TYPESCRIPT / file).read_text(encoding="utf-8")
    body = text[text.index(interface) :].partition("\n}\n")[0]
    return set(re.findall(r"^ {2,4}(?:readonly )?(\w+)[?(:<]", body, re.MULTILINE))


def test_every_name_of_the_python_client_is_there() -> None:
    public = {*asocial_client.__all__} - TYPES
    public |= {name for name in vars(asocial_client.Channel) if not name.startswith("_")}
    public |= {*inspect.signature(asocial_client.connect).parameters} - {"url", "channel"}
    assert public - names_in(PAGE) - {"AsocialError"} == set()
    assert "AsocialError" in PAGE


@pytest.mark.parametrize(
    ("file", "interface", "some"),
    [
        ("channel.ts", "export interface Channel ", {"say", "people"}),
        ("events.ts", "export interface Events ", {"message", "notice"}),
        ("moderation.ts", "  return {", {"slowDown", "clear"}),
        ("session.ts", "export interface ConnectOptions ", {"token"}),
        ("posts.ts", "export interface SayOptions ", {"messageId"}),
    ],
)
def test_every_name_of_the_typescript_client_is_there(file: str, interface: str, some: set[str]) -> None:
    members = members_of(file, interface)
    assert some <= members, "found where they are"
    assert members - names_in(PAGE) - {"on"} == set()
