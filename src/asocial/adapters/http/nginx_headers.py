"""The page's headers for the front end's nginx (deploy/docker/nginx.conf): what the settings change in them."""

from __future__ import annotations

from collections.abc import Iterable

from .headers import opener_policy, page_headers, transport_security


def map_entries(*, frame_ancestors: Iterable[str], hsts_s: int, sign_in_policy: str, offline_page: bool) -> str:
    """Entries for the `map` blocks of nginx.conf, one line each. A block takes the entry that has its name as key."""
    page = page_headers(frame_ancestors, sign_in_policy)
    entries = {
        "content-security-policy": page["Content-Security-Policy"],
        "cross-origin-resource-policy": page["Cross-Origin-Resource-Policy"],
        "x-frame-options": page.get("X-Frame-Options", ""),
        "cross-origin-opener-policy": opener_policy(sign_in_policy),
        "strict-transport-security": transport_security(hsts_s),
        "offline-page": "kept" if offline_page else "withdrawn",
    }
    return "".join(f'{name} "{value}";\n' for name, value in entries.items())
