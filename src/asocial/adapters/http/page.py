"""The page: a static bundle that lies in the package, built from web/.

aiohttp serves the `.br` and `.gz` siblings made at build time to who accepts them. Names under assets/ hold a hash
of their content and never change; everything else is asked for again each time. What the browser is told beside
that is in headers.py.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

PAGE_DIR = Path(__file__).resolve().parents[2] / "page"

_FRESH = {"Cache-Control": "no-cache"}
_IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
_NOT_BUILT = "The page is not built yet. In a checkout, `make page` builds it.\n"


class Page:
    """Serves the bundle in `directory`: the page at `/` and `/c/{channel}`, its files by name."""

    def __init__(self, directory: Path = PAGE_DIR) -> None:
        self._directory = directory
        self._index = directory / "index.html"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._page)
        router.add_get("/c/{channel}", self._page)
        router.add_get("/assets/{name}", self._asset)
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                if path.is_file() and path.name != "index.html" and path.suffix not in (".gz", ".br"):
                    router.add_get("/" + path.name, self._root_file)

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        # Whether the channel's name is a good one is for the page to say: it has the words.
        if not self._index.is_file():
            return web.Response(status=503, text=_NOT_BUILT, headers=_FRESH)
        return web.FileResponse(self._index, headers=_FRESH)

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        path = self._directory / "assets" / name
        # A route part may hold an encoded slash: only a bare file name is looked for.
        if Path(name).name != name or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_IMMUTABLE)

    async def _root_file(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(self._directory / request.path.lstrip("/"), headers=_FRESH)
