"""Lists of host names, in whatever spelling (W80)."""

from __future__ import annotations

import pytest

from asocial.domain.hosts import HostList
from asocial.domain.origins import read_origin


@pytest.mark.parametrize(
    ("entries", "asked", "listed"),
    [
        ("example.org", "https://example.org", True),
        ("example.org", "https://example.org:8443", True),
        ("example.org", "http://EXAMPLE.org.", True),
        ("Example.ORG.", "http://example.org", True),
        ("example.org", "https://www.example.org", False),
        ("example.org", "https://example.org.evil.example", False),
        ("example.org", "https://notexample.org", False),
        ("example.org:8443", "https://example.org:8443", True),
        ("example.org:8443", "https://example.org", False),
        ("example.org:443", "https://example.org", True),
        ("example.org:443", "http://example.org", False),
        ("example.org:80", "http://example.org:80", True),
        ("*.example.org", "https://a.example.org", True),
        ("*.example.org", "https://a.example.org.:1", True),
        ("*.example.org", "https://a.b.example.org", False),
        ("*.example.org", "https://example.org", False),
        ("*.example.org", "https://aexample.org", False),
        ("*.example.org:8443", "https://a.example.org", False),
        ("*", "https://anything", True),
        ("localhost", "http://localhost:8080", True),
        ("my_service", "http://my_service:8080", True),
        ("[::1]", "http://[0::1]:8080", True),
        ("[0:0::1]:8080", "http://[::1]", False),
        ("b\u00fccher.example", "https://xn--bcher-kva.example", True),
        ("stra\u00dfe.example", "https://xn--strae-oqa.example", True),
        ("a,b", "http://b", True),
        ("example.org", "javascript://example.org", False),
        ("example.org", "https://example.org@evil.example", False),
        ("example.org", "https://", False),
    ],
)
def test_w80_lists(entries: str, asked: str, listed: bool) -> None:
    assert (read_origin(asked) in HostList(entries.split(","))) is listed


def test_w80_only_an_empty_list_is_false() -> None:
    assert not HostList([])
    assert HostList(["*"])
    assert HostList(["a"])


@pytest.mark.parametrize(
    "entry",
    ["", "https://example.org", "example.org/", "a*", "*.*", "*.", "a.*.example", "a:", "a:0", "a:99999", "a:b", "a b",
     "a@b", "a..b", "::1", "[::1", "[x]", "*.[::1]", "127.1"],
)  # fmt: skip
def test_w80_an_invalid_entry_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        HostList([entry])
