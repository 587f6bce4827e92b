"""What is remembered of a client is never that of another address, scheme or host."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from asocial.adapters.http.client_info import LONGEST_HOST, ClientInfo, ClientInfoReader, _direct
from asocial.domain.addresses import Networks


def request(remote: str, host: str) -> Any:
    return SimpleNamespace(remote=remote, headers=CIMultiDictProxy(CIMultiDict({"Host": host})))


@pytest.mark.parametrize("behind_tls", [False, True])
def test_each_address_and_host_has_its_own(behind_tls: bool) -> None:
    reader = ClientInfoReader(Networks(()), behind_tls=behind_tls)
    scheme = "https" if behind_tls else "http"
    for _ in range(2):
        for address in ("192.0.2.1", "192.0.2.2"):
            for host in ("one.example", "two.example"):
                assert reader.read(request(address, host)) == ClientInfo(address, address, f"{scheme}://{host}")


def test_a_host_that_is_too_long_is_not_remembered() -> None:
    reader = ClientInfoReader(Networks(()), behind_tls=False)
    before = _direct.cache_info().currsize
    host = "a" * (LONGEST_HOST + 1)
    assert reader.read(request("192.0.2.3", host)).origin == f"http://{host}"
    assert _direct.cache_info().currsize == before
