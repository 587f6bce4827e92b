"""The client's address behind trusted proxies (W5)."""

from __future__ import annotations

import pytest

from asocial.domain.addresses import Networks, client_of, limit_key, parse_address

TRUSTED = Networks(["10.0.0.0/8", "2001:db8:ffff::/48"])


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1:443 ", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", "None"),
        ("_hidden", "None"),
        ("", "None"),
        ("1.2.3", "None"),
        ("192.0.2.1, 192.0.2.2", "None"),
        ("١٩٢.0.2.1", "None"),
    ],
)
def test_addresses_are_read_as_proxies_write_them(text: str, address: str) -> None:
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        pytest.param("203.0.113.9", [], "203.0.113.9", id="no proxy"),
        pytest.param("203.0.113.9", ["198.51.100.1"], "203.0.113.9", id="a stranger's header"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="one proxy"),
        pytest.param("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1", id="the client lied"),
        pytest.param("10.0.0.1", ["6.6.6.6", "198.51.100.1", "10.0.0.2"], "198.51.100.1", id="two proxies"),
        pytest.param("10.0.0.1", ["10.6.6.6", "10.0.0.2"], "10.6.6.6", id="a client in our own network"),
        pytest.param("10.0.0.1", ["198.51.100.1", "unknown"], "10.0.0.1", id="a proxy that does not know"),
        pytest.param("2001:db8:ffff::1", ["2001:db8:1::5"], "2001:db8:1::5", id="IPv6"),
    ],
)
def test_w5_the_client_is_the_rightmost_address_that_is_not_a_trusted_proxy(
    peer: str, forwarded_for: list[str], client: str
) -> None:
    assert str(client_of(parse_address(peer), forwarded_for, TRUSTED)) == client


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
    ],
)
def test_w5_a_64_of_ipv6_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (limit_key(parse_address(one)) == limit_key(parse_address(other))) is same


def test_no_address_is_counted_as_none() -> None:
    assert limit_key(None) == ""
    assert None not in Networks(["0.0.0.0/0", "::/0"])
