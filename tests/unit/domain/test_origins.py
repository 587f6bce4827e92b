"""Equivalent spellings of an origin match; an origin that no browser can send is refused."""

from __future__ import annotations

import pytest

from asocial.domain.origins import OriginPatterns, read_origin, read_pattern


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://school.example", "https://school.example"),
        ("https://School.Example", "https://school.example"),
        ("HTTPS://school.example/", "https://school.example"),
        ("https://school.example:443", "https://school.example"),
        ("http://school.example:80", "http://school.example"),
        ("https://school.example:", "https://school.example"),
        ("https://school.example:08443", "https://school.example:8443"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("https://例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
        ("https://my_host.internal", "https://my_host.internal"),
        ("https://school.example.", "https://school.example."),
        ("https://[2001:DB8:0:0:0:0:0:1]", "https://[2001:db8::1]"),
        ("https://[2001:db8::0001]:443", "https://[2001:db8::1]"),
        ("https://[::ffff:192.0.2.1]", "https://[::ffff:c000:201]"),
        ("http://192.0.2.1:8080", "http://192.0.2.1:8080"),
        ("https://*.example.org", "https://a.example.org"),
        ("https://*.Example.org:8443", "https://b.example.org:8443"),
        ("https://*.bücher.example", "https://a.xn--bcher-kva.example"),
    ],
)
def test_w41_equal_spellings_match(listed: str, sent: str) -> None:
    assert read_origin(sent) in OriginPatterns((listed,))


@pytest.mark.parametrize(
    ("listed", "sent"),
    [
        ("https://school.example", "http://school.example"),
        ("https://school.example", "https://school.example:8443"),
        ("https://school.example:80", "https://school.example"),
        ("https://school.example", "https://school.example."),
        ("https://*.example.org", "https://example.org"),
        ("https://*.example.org", "https://a.b.example.org"),
        ("https://*.example.org", "https://evilexample.org"),
        ("https://*.example.org", "https://a.example.org.evil.example"),
        ("https://*.example.org", "http://a.example.org"),
        ("https://*.example.org", "https://a.example.org:8443"),
        ("https://*.example.org", "https://.example.org"),
        ("https://*.example.org", "https://*.example.org"),
        ("https://*.example.org", "null"),
    ],
)
def test_w41_other_origins_do_not_match(listed: str, sent: str) -> None:
    assert read_origin(sent) not in OriginPatterns((listed,))


@pytest.mark.parametrize(
    "text",
    [
        "school.example", "null", "", "file://", "capacitor://localhost", "ftp://school.example", "https://",
        "https://school.example/app", "https://school.example?x", "https://school.example#x",
        "https://user@school.example", "https://user:pw@school.example", "https://school.example:0",
        "https://school.example:65536", "https://school.example:https", "https://a b.example",
        "https://*", "https://*.", "https://a.*.example", "https://a*.example", "https://*a.example",
        "https://*.*.example", "https://*.192.0.2.1", "https://*.[2001:db8::1]", "https://[2001:db8::1", "https://[::g]",
        "https://[fe80::1%25eth0]", "https://127.1", "https://0x7f.0.0.1", "https://1.2.3.4.5", "https://a..example",
        "https://" + "a" * 64 + ".example", "https://a%2eexample", '"https://school.example"', "https://xn--\u0301.example",
        "https://a.example,https://b.example", "https://a.example\n",
    ],
)  # fmt: skip
def test_w41_an_origin_that_can_never_match_is_refused_at_startup(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_pattern(text)
    assert read_origin(text) is None


def test_w41_a_star_alone_is_every_origin() -> None:
    everybody = OriginPatterns(("*",))
    assert read_origin("https://anybody.example") in everybody
    assert read_origin("null") in everybody
    assert read_origin("https://a.example") not in OriginPatterns(())


@pytest.mark.parametrize("text", ["https://school.example/", "https://school.example/app", "https://*.school.example"])
def test_w1_requests_are_parsed_strictly(text: str) -> None:
    assert read_origin(text) is None
