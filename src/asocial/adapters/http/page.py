"""The page: a static bundle in the package, built from web/.

aiohttp serves the `.br` and `.gz` files made at build time to clients that accept them. File names under assets/
contain a hash of the content, so browsers cache them for good; they ask for everything else each time. Security headers
are in headers.py.
"""

from __future__ import annotations

import html
import os
from pathlib import Path

from aiohttp import web

from ... import logs
from ...tracing import Tracing

PAGE_DIR = Path(__file__).resolve().parents[2] / "page"
SERVICE_WORKER = "sw.js"

# The page reads the channel's name (web/src/features/channel/model/names.ts) and says so if there is none. So it is
# served at every address that may be a mistyped or mangled link to a channel or the start page: /C/garden/,
# /c%2Fgarden, /c/garden), /). /s/ is the page of all sealed channels: their names and keys are in the fragment, which
# browsers do not send.
_ADDRESSES = r"/{address:/*[cCsS](?:(?:/|%2[fF])[\s\S]*|[^A-Za-z0-9]*)|[^A-Za-z0-9]*}"
_EMBED_ASSET = "embed-"
"""The name of the embed script below assets/ begins with this (web/vite.embed.config.ts)."""
_FRESH = {"Cache-Control": "no-cache"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
# Pages of every site may load the embed script, also with `integrity`, which needs CORS (W183).
_FOR_EVERY_SITE = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
_ROOT_FILES = {
    # A site asks for it with each of its pages: not every time, and never long after an update.
    "embed.js": {"Cache-Control": "public, max-age=600, stale-while-revalidate=86400", **_FOR_EVERY_SITE},
    "embed.json": {**_FRESH, **_FOR_EVERY_SITE},
}
log = logs.get(__name__)
_NOT_BUILT = "The page is not built yet. Run `make page` in the checkout.\n"


class Page:
    """Serves the bundle in `directory`: the page at `/` and below `/c` and `/s`, its files by name."""

    def __init__(
        self,
        directory: Path = PAGE_DIR,
        tracing: Tracing | None = None,
        *,
        public_url: str = "",
        offline_page: bool = True,
    ) -> None:
        self._tracing = tracing or Tracing()
        self._directory = directory
        # A browser that still has a service worker removes it when this is gone (web/src/net/offline.ts).
        self._not_served = {"index.html"} if offline_page else {"index.html", SERVICE_WORKER}
        self._index = directory / "index.html"
        self._named = _with_public_url(self._index, public_url) if public_url else None

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._page)
        router.add_get(_ADDRESSES, self._page)
        router.add_get("/assets/{name}", self._asset)
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                if path.is_file() and path.name not in self._not_served and path.suffix not in (".gz", ".br"):
                    router.add_get("/" + path.name, self._root_file)

    def not_found(self, request: web.Request) -> web.StreamResponse | None:
        """The page with status 404, for a browser that opens an unknown address. None for other clients and for files.

        The page then says that there is no such channel, and offers the nearest name.
        """
        opens = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if not opens or request.path.startswith(("/api/", "/assets/")) or not self._index.is_file():
            return None
        if self._named is not None:
            return web.Response(status=404, text=self._named, content_type="text/html", headers=_FRESH)
        return _File(self._index, status=404, headers=_FRESH)

    async def _page(self, request: web.Request) -> web.StreamResponse:
        # The page checks the channel's name, and explains what is wrong with it.
        if not self._index.is_file():
            return web.Response(status=503, text=_NOT_BUILT, headers=_FRESH)
        trace = self._tracing.begin("page", request.headers)
        log.info("page asked for", **trace.ids)
        trace.end()
        # The page sends it when it connects (W50), so that one trace covers the page and the connection.
        headers = {**_FRESH, "Server-Timing": f"trace;desc={trace.id}"}
        if self._named is not None:
            return web.Response(text=self._named, content_type="text/html", headers=headers)
        return _File(self._index, headers=headers)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = self._directory / "assets" / name
        # The route's name may contain an encoded slash: only a bare file name is accepted.
        if Path(name).name != name or not _is_file(path):
            raise web.HTTPNotFound
        return _File(path, headers=_IMMUTABLE | _FOR_EVERY_SITE if name.startswith(_EMBED_ASSET) else _IMMUTABLE)

    async def _root_file(self, request: web.Request) -> web.StreamResponse:
        name = request.path.lstrip("/")
        return _File(self._directory / name, headers=_ROOT_FILES.get(name, _FRESH))


class _File(web.FileResponse):
    """A file, or its compressed form. aiohttp itself would accept any coding that is named, even `br;q=0`."""

    def _get_file_path_stat_encoding(self, accept_encoding: str) -> tuple[Path | None, os.stat_result, str | None]:
        return super()._get_file_path_stat_encoding(" ".join(accepted_codings(accept_encoding)))


def accepted_codings(accept_encoding: str) -> set[str]:
    """Those of `br` and `gzip` that an Accept-Encoding header allows (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for item in accept_encoding.lower().split(","):
        coding, _, weight = item.partition(";")
        name, _, value = weight.partition("=")
        try:
            weights[coding.strip()] = float(value) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0  # an invalid weight allows nothing
    others = weights.get("*", 0.0)
    return {coding for coding in ("br", "gzip") if weights.get(coding, others) > 0}


def _is_file(path: Path) -> bool:
    """Whether there is such a file. False for names that are too long or not valid."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _with_public_url(index: Path, public_url: str) -> str | None:
    """The page, with the full URL of the picture for link previews: most previews need it."""
    try:
        text = index.read_text(encoding="utf-8")
    except OSError:
        return None
    relative = 'property="og:image" content="/'
    return text.replace(relative, f"{relative[:-1]}{html.escape(public_url)}/")
