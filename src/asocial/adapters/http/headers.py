"""What every answer says beside its body: rules for the browser that keep other sites, and ours, honest.

Two kinds of answers. The page and its files may load what is ours and nothing else. What programs ask for (`/api/`,
`/health`, `/ready`) may load nothing at all, and pages of listed origins may read it (CORS; no credentials: nobody is
known by a cookie here).
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from .visitors import Origins, Visitors

_PERMISSIONS = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "usb",
)  # fmt: skip
"""What the page never asks for: denied to it, and so to whatever might run in it."""

BARE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""For an answer that is data."""

_API_PATHS = ("/health", "/ready")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}


class Headers:
    """Dresses every answer of `app`. `frame_ancestors`: origins that may embed the page, beside our own.

    `allowing`: directives of the page's policy that let it sign people in elsewhere, in a window that it opens.
    """

    def __init__(
        self,
        app: web.Application,
        visitors: Visitors,
        origins: Origins,
        *,
        frame_ancestors: Iterable[str],
        hsts_s: int,
        allowing: str = "",
    ) -> None:
        self._visitors = visitors
        self._origins = origins
        # That window must be able to answer the page that opened it.
        self._opener = "same-origin-allow-popups" if allowing else "same-origin"
        self._hsts = f"max-age={hsts_s}" if hsts_s else ""
        ancestors = tuple(frame_ancestors)
        embedders = " ".join(("'self'", *ancestors))
        self._page = {
            # 'self' covers our own WebSocket too (CSP level 3). Nothing inline, nothing from elsewhere.
            "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors {embedders}{allowing}",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _PERMISSIONS),
            # A page that embeds us and asks for cross-origin isolation needs the second word.
            "Cross-Origin-Resource-Policy": "cross-origin" if ancestors else "same-origin",
        }
        if not ancestors:
            self._page["X-Frame-Options"] = "SAMEORIGIN"  # the older way to say frame-ancestors 'self'
        app.on_response_prepare.append(self._dress)

    async def _dress(self, request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.popall("Server", None)  # which version of what we are is nobody's business
        if response.status == 101:
            return
        data = is_data(request.path)
        for name, value in (BARE if data else self._page).items():
            headers.setdefault(name, value)
        visitor = self._visitors.see(request)
        if visitor.encrypted:
            # Browsers heed these two over TLS only, and complain about the second elsewhere.
            if self._hsts:
                headers["Strict-Transport-Security"] = self._hsts
            if not data:
                headers["Cross-Origin-Opener-Policy"] = self._opener
        if data:
            headers.add("Vary", "Origin")
            origin = request.headers.get("Origin")
            if origin is not None and self._origins.listed(origin):
                headers["Access-Control-Allow-Origin"] = "*" if self._origins.any_allowed else origin

    def preflight(self, request: web.Request) -> web.Response | None:
        """A browser asks whether a page of another origin may ask (Fetch, 4.8): answered for every data path alike.

        None for every other request. Raises HTTPNotFound.
        """
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        if not is_data(request.path):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin", "")
        return web.Response(status=204, headers=_PREFLIGHT if self._origins.listed(origin) else None)


def is_data(path: str) -> bool:
    """Whether what is at `path` is for programs."""
    return path.startswith("/api/") or path in _API_PATHS
