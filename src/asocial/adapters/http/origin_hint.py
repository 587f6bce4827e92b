"""Why an Origin is refused: a text that names the header that decided it and the setting to change."""

from __future__ import annotations

from ...domain.origins import Origin, read_origin
from .client_info import ClientInfo
from .request_head import RequestHead

FIELDS = ("Origin", "Host", "X-Forwarded-Proto", "X-Forwarded-Host")


def origin_hint(origin: str, request: RequestHead, client: ClientInfo) -> str:
    """For the operator: why `request` from a page of this origin was refused. It contains no machine's address."""
    page = read_origin(origin)
    if page is None:
        return (
            "the Origin is not that of a web page on http or https (it is a file, a sandboxed frame or an app); "
            "only ASOCIAL_ALLOWED_ORIGINS=* lets it connect"
        )
    ours = read_origin(client.origin)
    public = f"set ASOCIAL_PUBLIC_URL={page}"
    if ours is not None and ours.host != page.host:
        # With a public URL, requests for other hosts are refused (hosts.py).
        public += f" and list {ours.host} in ASOCIAL_ALLOWED_HOSTS"
    if ours is not None and (page.host, page.port) == (ours.host, ours.port):
        return _scheme_hint(request, client, page, public)
    if not client.proxied and _forwarded(request, "X-Forwarded-Host"):
        return (
            "X-Forwarded-Host is ignored, because it came from an address that is not in ASOCIAL_TRUSTED_PROXIES: "
            f"if that is your proxy, add it there, or {public}"
        )
    decided = "X-Forwarded-Host" if client.proxied and _forwarded(request, "X-Forwarded-Host") else "Host"
    if ours is not None and page.host == ours.host:
        return (
            f"the page is at {page}, but the port in {decided} is another or missing: if another server has this page, "
            f"list {page} in ASOCIAL_ALLOWED_ORIGINS; if a proxy is in front, let it pass on the whole Host "
            f"(nginx: $http_host), or {public}"
        )
    return (
        f"the page is at {page}, but {decided} names another host: if this is your own address, let the proxy keep "
        f"Host or send X-Forwarded-Host, or {public}; if it is another site, list {page} in ASOCIAL_ALLOWED_ORIGINS"
    )


def _scheme_hint(request: RequestHead, client: ClientInfo, page: Origin, public: str) -> str:
    sent = _forwarded(request, "X-Forwarded-Proto")
    seen = client.origin.partition("://")[0]
    if page.scheme == "http":
        decided = "X-Forwarded-Proto" if client.proxied and sent else "ASOCIAL_BEHIND_TLS"
        return f"the page was loaded over http, but {decided} says {seen}: open it over https, or correct that"
    if not client.proxied:
        if sent:
            return (
                "X-Forwarded-Proto is ignored, because it came from an address that is not in ASOCIAL_TRUSTED_PROXIES: "
                f"if that is your proxy, add it there, or {public}"
            )
        return (
            "the page was loaded over https but this server sees http: add the proxy to ASOCIAL_TRUSTED_PROXIES and "
            f"let it send X-Forwarded-Proto, or {public}"
        )
    if sent:
        return (
            f"the page was loaded over https, but the proxy's X-Forwarded-Proto says {sent[:40]} (the last value "
            f"counts): let the proxy send https, set ASOCIAL_BEHIND_TLS=true, or {public}"
        )
    return (
        "the page was loaded over https, but the proxy sends no X-Forwarded-Proto: "
        f"let the proxy send it, set ASOCIAL_BEHIND_TLS=true, or {public}"
    )


def _forwarded(request: RequestHead, header: str) -> str:
    return ", ".join(request.headers.getall(header, []))
