"""Every kind of URL reaches a real server; the error for a wrong one explains it without the password."""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import quote

import pytest

from asocial.adapters.redis.urls import Address, parse
from asocial.ports import Batch
from tests.support.redis_backend import make_backend
from tests.support.redis_server import Server, running, self_made_certificate
from tests.support.store_events import IgnoreStoreEvents
from tests.support.waiting import eventually, until

OK = {"redis": "ok", "pubsub": "ok"}
SECRET = "pässwörd:/@?"
QUOTED = "p%C3%A4ssw%C3%B6rd%3A%2F%40%3F"


async def works(url: str, **credentials: str) -> None:
    here, there = (make_backend(url, **credentials) for _ in range(2))  # type: ignore[arg-type]
    try:
        for backend in (here, there):
            await backend.start(IgnoreStoreEvents())
            assert backend.state() == OK
        heard: list[Batch] = []
        await there.broker.subscribe("garden", heard.append)
        here.broker.publish("garden", Batch(b"hello", b""))
        await eventually(lambda: bool(heard), "the batch")
        key = uuid.uuid4().hex
        assert await here.limiter.take(key, 1, 60_000) == 0
        assert await there.limiter.take(key, 1, 60_000) > 0
    finally:
        for backend in (here, there):
            await backend.close()


async def test_a_unix_socket(folder: Path) -> None:
    server = Server(folder, "--unixsocket", str(folder / "redis.sock"))
    with running(server):
        await works(f"unix://{folder}/redis.sock")
        await works(f"unix://{folder}/redis.sock?db=3")


async def test_tls_with_an_authority_of_its_own(folder: Path) -> None:
    certificate, key = self_made_certificate(folder)
    plain = Server(folder)  # the port that is not used tells when the server is there
    tls_port = plain.port + 5000
    options = ("--tls-port", str(tls_port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
    server = Server(folder, *options, "--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no")
    with running(server):
        await works(f"rediss://localhost:{tls_port}?ca={certificate}")
        stranger = make_backend(f"rediss://localhost:{tls_port}")
        await stranger.start(IgnoreStoreEvents())
        # The system's authorities know nothing of it: no connection rather than an unverified one.
        assert stranger.state() == {"redis": "down", "pubsub": "down"}
        await stranger.close()


async def test_an_acl_user_limited_to_our_keys_is_enough(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server(folder)
    with running(server):
        allowed = ("on", f">{SECRET}", "~asocial:*", "&asocial:*", "+@all", "-@admin", "-@dangerous", "+role")
        assert server.ask("ACL", "SETUSER", "canvas", *allowed) == "OK"
        assert server.ask("ACL", "SETUSER", "default", "off") == "OK"
        await works(f"redis://canvas:{QUOTED}@127.0.0.1:{server.port}/0")
        await works(f"redis://127.0.0.1:{server.port}", username="canvas", password=SECRET)
        wrong = make_backend(f"redis://canvas:{QUOTED}wrong@127.0.0.1:{server.port}")
        await wrong.start(IgnoreStoreEvents())
        assert wrong.state() == {"redis": "down", "pubsub": "down"}
        await wrong.close()
        said = capsys.readouterr()
        assert "WRONGPASS" in said.out + said.err
        assert SECRET not in said.out + said.err


async def test_a_password_for_everyone(folder: Path) -> None:
    server = Server(folder, "--requirepass", SECRET)
    with running(server):
        await works(f"redis://:{QUOTED}@127.0.0.1:{server.port}")
        await works(server.url, password=SECRET)


def test_redis_urls_are_parsed() -> None:
    single = parse("redis://h")
    assert (single.kind, single.addresses, single.tls) == ("single", (Address("h", 6379),), False)
    assert parse("redis://[::1]:7000/2").addresses == (Address("::1", 7000),)
    assert parse("redis://[::1]:7000/2").database == 2
    sentinel = parse(f"rediss+sentinel://u:{QUOTED}@a,b:1/name/4", "ignored", "ignored")
    assert (sentinel.kind, sentinel.master, sentinel.database, sentinel.tls) == ("sentinel", "name", 4, True)
    assert sentinel.addresses == (Address("a", 26379), Address("b", 1))
    assert (sentinel.username, sentinel.password) == ("u", SECRET)
    assert SECRET not in repr(sentinel)
    cluster = parse("redis+cluster://a:1,b", password="p")
    assert (cluster.kind, cluster.addresses, cluster.password) == (
        "cluster",
        (Address("a", 1), Address("b", 6379)),
        "p",
    )


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://h",
        "redis+proxy://h",
        "redis://",
        "redis://secret@h",
        "redis://:secret@h:port",
        "redis://:secret@h:99999",
        "redis://:secret@[::1",
        "redis://:secret@[::1]6379",
        "redis+cluster://:secret@a,[::1",
        "redis://:secret@h/name",
        "redis://:secret@a,b",
        "redis+sentinel://:secret@a",
        "redis+cluster://:secret@a/1",
        "redis://:secret@h?timeout=secret",
        "unix://:secret@relative",
        "secret://:secret@h",
        "redis://:secret@h?secret=1",
        "redis://h?secret",
        "redis://user:secret",
        "redis://secret:secret",
        "redis://:secret",
        "redis://:secret/x?db=secret@h",
        "redis://:a?db=secret@h:1",
        "redis://:secret@h?db=secret",
        "rediss://:a@b?ca=secret@h",
        "redis://:secret\n@h",
    ],
)
def test_a_wrong_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="redis_url: ") as refused:
        parse(url).tls_context()
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "a?zebra",
        "a?zebra=quagga",
        "a#b",
        "a/b",
        "a@b",
        "a:b",
        "a[b",
        "a b",
        "a?b@c?d",
        "?",
        "@",
        "é?ü",
        "a,b",
    ],
)
@pytest.mark.parametrize("url", ["redis://:{}@127.0.0.1:7000/2", "redis://user:{}@127.0.0.1:7000?db=2"])
def test_a_password_may_be_written_as_it_is_or_encoded(password: str, url: str) -> None:
    for written in (password, quote(password, safe="")):
        target = parse(url.format(written))
        assert (target.password, target.addresses, target.database) == (password, (Address("127.0.0.1", 7000),), 2)


def test_a_percent_sign_is_an_encoding() -> None:
    assert parse("redis://:a%41@h").password == "aA"
    assert parse("redis://:a%2541@h").password == "a%41"
    assert parse("redis://h", password="a%41?@").password == "a%41?@"


def test_an_unencoded_at_in_an_option_is_an_option() -> None:
    assert parse("redis+sentinel://h/name?sentinel_password=p@ss").sentinel_password == "p@ss"


async def test_an_authority_that_is_not_there(folder: Path) -> None:
    with pytest.raises(ValueError, match="cannot be used"):
        make_backend(f"rediss://h?ca={folder}/nothing.pem")


def test_a_missing_server_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("REDIS_SERVER", raising=False)
    with pytest.raises(RuntimeError, match="missing: Redis"):
        Server(folder).start()


def test_until_fails_with_its_message() -> None:
    with pytest.raises(TimeoutError, match="something"):
        until(lambda: False, "something", patience_s=0.05)
