"""Signing in through the front end's own nginx: a real server, a real Chromium, headers made from the same settings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from asocial.app import build
from asocial.config import load
from tests.browser.conftest import CHROMIUM_FLAGS, chromium
from tests.deploy.test_front_end import SIGN_IN, front_end
from tests.support.identity_provider import AUDIENCE, IdentityProvider

MODULE = """
let tell = () => undefined
export async function connect() {
  return {
    watch(onToken) { tell = onToken; tell(undefined) },
    async refresh() {},
    async withGoogle() { tell(await (await fetch('/oidc/token?subject=ann')).text()) },
    async sendLink() {},
    linkOpened: () => false,
    async finishLink() {},
    async signOut() { tell(undefined) },
  }
}
"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield made
        await made.close()


@asynccontextmanager
async def opened(folder: Path, browser: Browser, settings: dict[str, str], routes: str = "") -> AsyncIterator[Page]:
    """The page through nginx, as a new person sees it. Fails if the page's policy blocked anything."""
    app = build(load({"port": 0, "host": "127.0.0.1", "trusted_proxies": "127.0.0.1", "secret": "s" * 40}, settings))
    await app.start()
    api = f"""
    location /api/ {{
      proxy_pass http://127.0.0.1:{app.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header Host $http_host;
    }}"""
    blocked: list[str] = []
    try:
        with front_end(folder, settings, api + routes) as nginx:
            page = await browser.new_page()
            page.on("console", lambda line: blocked.append(line.text) if "Security Policy" in line.text else None)
            await page.goto(f"http://127.0.0.1:{nginx.port}/c/garden")
            await expect(page.get_by_test_id("sign-in")).to_be_visible()
            yield page
            await page.close()
    finally:
        await app.drain()
    assert blocked == []


async def test_w60_people_sign_in_with_an_openid_provider_behind_nginx(tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "identity.js").write_text(MODULE)
    async with IdentityProvider() as provider:
        settings = {
            "ASOCIAL_AUTH": "jwt",
            "ASOCIAL_JWT_ISSUER": provider.issuer,
            "ASOCIAL_JWT_AUDIENCE": AUDIENCE,
            "ASOCIAL_SIGN_IN_MODULE": "/identity.js",
        }
        # As the proxy of a site does it: the script is a file of this site, and so is the address of the tokens.
        routes = f"""
    location = /identity.js {{ alias {tmp_path}/identity.js; }}
    location = /oidc/token {{ proxy_pass {provider.issuer}/token; }}"""
        async with opened(tmp_path, browser, settings, routes) as page:
            await page.get_by_test_id("with-google").click()
            await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
            await expect(page.get_by_test_id("sign-in")).to_have_count(0)
        assert provider.fetches == 1, "the server fetched the provider's keys"


async def test_w60_the_page_behind_nginx_reaches_firebase(tmp_path: Path, browser: Browser) -> None:
    """Firebase's API is played by the test; whether the page may call it is decided by the headers of nginx."""
    asked: list[dict[str, str]] = []

    async def firebase(route: Route) -> None:
        if route.request.method == "POST":
            asked.append(json.loads(route.request.post_data or "{}"))
        allow = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"}
        await route.fulfill(json={"email": "ann@example.org"}, headers=allow)

    async with opened(tmp_path, browser, SIGN_IN) as page:
        await page.route("https://identitytoolkit.googleapis.com/**", firebase)
        await page.get_by_test_id("email").fill("ann@example.org")
        await page.get_by_test_id("send-link").click()
        await expect(page.get_by_test_id("sign-in-notice")).to_contain_text("ann@example.org")
    assert [each["email"] for each in asked] == ["ann@example.org"]
