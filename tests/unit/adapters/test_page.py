"""The page and its files, over a real aiohttp server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from asocial.adapters.http.page import Page

Client = TestClient[web.Request, web.Application]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "main-1a2b.js").write_text("// plain")
    (tmp_path / "assets" / "main-1a2b.js.gz").write_bytes(b"\x1f\x8bnot really")
    (tmp_path.parent / "outside.txt").write_text("secret")
    app = web.Application()
    Page(tmp_path).add_routes(app.router)
    async with TestClient(TestServer(app), auto_decompress=False) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/c/garden", "/c/not%20a%20name", "/s", "/s/", "/s/%23garden.key"])
async def test_the_page_is_at_the_root_and_at_every_channel(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status == 200
    assert await response.text() == "<title>the page</title>"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Content-Type"].startswith("text/html")


async def test_hashed_files_are_kept_for_ever_and_compressed_ones_are_preferred(client: Client) -> None:
    plain = await client.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "identity"})
    assert await plain.text() == "// plain"
    assert "immutable" in plain.headers["Cache-Control"]
    packed = await client.get("/assets/main-1a2b.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert (await packed.read()).startswith(b"\x1f\x8b")


async def test_other_files_are_found_by_name(client: Client) -> None:
    assert await (await client.get("/icon.svg")).text() == "<svg/>"


async def test_the_worker_and_the_manifest_are_fresh_and_of_their_types(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "sw.js").write_text("// worker")
    (tmp_path / "manifest.webmanifest").write_text("{}")
    app = web.Application()
    Page(tmp_path).add_routes(app.router)
    async with TestClient(TestServer(app)) as client:
        worker, manifest = await client.get("/sw.js"), await client.get("/manifest.webmanifest")
        assert await worker.text() == "// worker"
        assert await manifest.text() == "{}"
    assert worker.headers["Content-Type"].partition(";")[0].endswith("/javascript")
    assert manifest.headers["Content-Type"] == "application/manifest+json"
    for response in (worker, manifest):
        assert response.headers["Cache-Control"] == "no-cache"


async def test_a_removed_service_worker_is_404(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "sw.js").write_text("// worker")
    (tmp_path / "icon.svg").write_text("<svg/>")
    app = web.Application()
    Page(tmp_path, offline_page=False).add_routes(app.router)
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/sw.js")).status == 404
        assert (await client.get("/icon.svg")).status == 200


async def test_a_public_url_makes_the_picture_s_address_a_full_one(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<meta property="og:image" content="/preview.png" /><img src="/icon.svg">')
    app = web.Application()
    Page(tmp_path, public_url='https://talk.example/"').add_routes(app.router)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/c/garden")
        assert await response.text() == (
            '<meta property="og:image" content="https://talk.example/&quot;/preview.png" /><img src="/icon.svg">'
        )
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/missing.js",
        "/missing.svg",
        "/assets/..%2f..%2foutside.txt",
        "/assets/%2e%2e",
        "/assets/%2fetc%2fpasswd",
        "/assets/%2e%2e%2findex.html",
        "/cat/a",
        "/outside.txt",
    ],
)
async def test_a_missing_path_is_404(client: Client, path: str) -> None:
    response = await client.get(URL(path, encoded=True))
    assert response.status == 404
    assert "secret" not in await response.text()


async def test_a_page_that_was_never_built_says_how_to_build_it(tmp_path: Path) -> None:
    app = web.Application()
    Page(tmp_path / "nowhere").add_routes(app.router)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/")
        assert response.status == 503
        assert "make page" in await response.text()
