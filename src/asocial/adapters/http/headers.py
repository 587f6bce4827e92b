"""Response headers: the browser's security policies for the page, and CORS for the API.

There are two kinds of answers. The page and its files may load files of our own only. Data for programs (`/api/`,
`/health`, `/ready`) may load nothing, and pages of listed origins may read it (CORS, without credentials: there are no
cookies). Pages of every origin may read why they cannot connect (W87).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiohttp import web

from .client_info import ClientInfoReader
from .origins import AllowedOrigins
from .request_head import RequestHead

_PERMISSIONS = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "usb",
)  # fmt: skip
"""Features that the page never uses. Denied, so that no injected code can use them."""

DATA_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""For answers to programs."""

_REFUSAL_PATH = re.compile(r"/api/channels/[^/]+")
_API_PATHS = ("/health", "/ready")
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    "Access-Control-Max-Age": "600",
}
FOR_EVERY_ORIGIN = {"Access-Control-Allow-Origin": "*"}
"""Of a refusal that a page of any origin may read: it says only that, and why, the page may not connect."""
_REFUSAL_PREFLIGHT = {
    **FOR_EVERY_ORIGIN,
    "Access-Control-Allow-Headers": "Authorization",
    "Access-Control-Max-Age": "600",
}


def page_headers(frame_ancestors: Iterable[str], sign_in_policy: str) -> dict[str, str]:
    """For the page and its files, over http and https. The parameters are those of ResponseHeaders."""
    ancestors = tuple(frame_ancestors)
    embedders = " ".join(("'self'", *ancestors))
    headers = {
        # 'self' covers our own WebSocket too (CSP level 3). Nothing inline, nothing from elsewhere.
        "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors {embedders}{sign_in_policy}",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _PERMISSIONS),
        # A page that embeds ours and uses cross-origin isolation needs cross-origin.
        "Cross-Origin-Resource-Policy": "cross-origin" if ancestors else "same-origin",
    }
    if not ancestors:
        headers["X-Frame-Options"] = "SAMEORIGIN"  # the older form of frame-ancestors 'self'
    return headers


def opener_policy(sign_in_policy: str) -> str:
    """Cross-Origin-Opener-Policy of the page: the sign-in window must be able to answer the page that opened it."""
    return "same-origin-allow-popups" if sign_in_policy else "same-origin"


def transport_security(hsts_s: int) -> str:
    """Strict-Transport-Security; empty: the header is not sent."""
    return f"max-age={hsts_s}" if hsts_s else ""


class ResponseHeaders:
    """Adds headers to every answer of `app`. `frame_ancestors`: origins that may embed the page, beside our own.

    `sign_in_policy`: directives of the page's policy that let it sign people in, in a window of another site.
    """

    def __init__(
        self,
        app: web.Application,
        clients: ClientInfoReader,
        origins: AllowedOrigins,
        *,
        frame_ancestors: Iterable[str],
        hsts_s: int,
        sign_in_policy: str = "",
    ) -> None:
        self._clients = clients
        self._origins = origins
        self._opener = opener_policy(sign_in_policy)
        self._hsts = transport_security(hsts_s)
        self._page = page_headers(frame_ancestors, sign_in_policy)
        app.on_response_prepare.append(self._add_headers)

    async def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        headers = response.headers
        headers.popall("Server", None)  # it names aiohttp and its version
        if response.status == 101:
            return
        if is_data(request.path):
            headers.add("Vary", "Origin")
            added = self.for_data(request)
        else:
            added = self._page
            if self._clients.read(request).encrypted:
                # Browsers apply these two over TLS only, and warn about the second one without it.
                if self._hsts:
                    headers["Strict-Transport-Security"] = self._hsts
                headers["Cross-Origin-Opener-Policy"] = self._opener
        for name, value in added.items():
            headers.setdefault(name, value)

    def for_data(self, request: RequestHead) -> dict[str, str]:
        """The headers of an answer to a program."""
        headers = {**DATA_HEADERS, "Vary": "Origin"}
        if self._hsts and self._clients.read(request).encrypted:
            headers["Strict-Transport-Security"] = self._hsts
        origin = request.headers.get("Origin")
        if origin is not None and self._origins.listed(origin):
            headers["Access-Control-Allow-Origin"] = "*" if self._origins.any_allowed else origin
        return headers

    def preflight(self, request: web.Request) -> web.Response | None:
        """The answer to a CORS preflight (Fetch, 4.8), the same for every data path.

        None for any other request. Raises HTTPNotFound.
        """
        if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
            return None
        if not is_data(request.path):
            raise web.HTTPNotFound
        origin = request.headers.get("Origin", "")
        return web.Response(status=204, headers=_PREFLIGHT if self._origins.listed(origin) else None)

    def refusal_preflight(self, request: web.Request) -> web.Response | None:
        """The answer to the preflight of a page that asks, with its token, why it cannot connect (W87).

        It allows every origin to ask that. Only a refusal of the origin or the host can then be read. None for any
        other request.
        """
        headers = request.headers
        if request.method != "OPTIONS" or headers.get("Access-Control-Request-Method") != "GET":
            return None
        if not _REFUSAL_PATH.fullmatch(request.path) or self._origins.listed(headers.get("Origin", "")):
            return None
        return web.Response(status=204, headers=_REFUSAL_PREFLIGHT)


def is_data(path: str) -> bool:
    """Whether the answer at `path` is for programs."""
    return path.startswith("/api/") or path in _API_PATHS
