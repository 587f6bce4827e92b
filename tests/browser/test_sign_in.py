"""Signing in on the page, with a module of the site in Firebase's place
(web/src/features/identity/model/provider.ts is the seam).

The server is a real one that takes tokens of an identity provider of ours; the module asks that one for tokens.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio
from asocial_client.sealed.link import SealedLink
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.support.identity_provider import IdentityProvider
from tests.support.waiting import eventually

from .conftest import Server
from .watch import say, until_seen

TOKEN_LIFE_S = 600
SHORT_LIFE_S = 8
"""Of a token whose end a test waits for: long enough to connect with it on a busy machine."""
MODULE = """
export async function connect(config) {
  if (config.provider !== 'module') throw new Error('not for us')
  const kept = (key) => localStorage.getItem('fake.' + key)
  const keep = (key, value) => localStorage.setItem('fake.' + key, value)
  let tell = () => undefined
  const renew = async () => tell(kept('person') ? await window.issueToken(kept('person')) : undefined)
  if (kept('renews')) setInterval(renew, 1000)
  return {
    watch(onToken) { tell = onToken; void renew() },
    refresh: renew,
    async withGoogle() { keep('person', 'ann'); await renew() },
    async sendLink(email) { keep('sent', email) },
    linkOpened: () => location.search.includes('oobCode'),
    async finishLink(email) {
      if (email !== kept('sent')) throw new Error('another address')
      keep('person', email)
      await renew()
    },
    async signOut() { localStorage.removeItem('fake.person') },
  }
}
"""


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[IdentityProvider]:
    async with IdentityProvider() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def server(provider: IdentityProvider) -> AsyncIterator[Server]:
    made = Server(**provider.settings, jwt_leeway_seconds=0, sign_in_module="/identity.js")
    await made.start()
    yield made
    await made.stop()


Arrive = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def arrive(server: Server, provider: IdentityProvider, browser: Browser) -> AsyncIterator[Arrive]:
    """A new person opens the page. `first_life_s`: how long their first token is valid; later ones: ten minutes."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    async def open_(
        path: str = "/c/garden", *, first_life_s: int = TOKEN_LIFE_S, script: str = "", **options: Any
    ) -> Page:
        context = await browser.new_context(**{"viewport": {"width": 1000, "height": 700}, **options})
        contexts.append(context)
        lives_s = itertools.chain([first_life_s], itertools.repeat(TOKEN_LIFE_S))

        async def module(route: Route) -> None:
            await route.fulfill(content_type="text/javascript", body=MODULE)

        def issue(person: str) -> str:
            return provider.token(person, name=f"{person.title()} Lee", exp=int(time.time()) + next(lives_s))

        await context.route("**/identity.js", module)
        await context.expose_function("issueToken", issue)
        await context.add_init_script(script)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        await page.goto(server.url(path))
        return page

    yield open_
    for context in contexts:
        await context.close()
    assert faults == []


async def live(page: Page) -> None:
    await expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "live")
    await expect(page.get_by_test_id("sign-in")).to_have_count(0)


async def test_w201_while_somebody_signs_in_the_address_has_no_key(arrive: Arrive) -> None:
    fragment = SealedLink.new("garden").fragment
    ann = await arrive(f"/s/#{fragment}")
    await expect(ann.get_by_test_id("with-google")).to_be_visible()
    assert await ann.evaluate("location.href.endsWith('/s/')")
    await expect(ann.get_by_test_id("email")).to_be_hidden()
    await ann.get_by_test_id("with-google").click()
    await live(ann)
    assert await ann.evaluate("location.hash") == f"#{fragment}"
    await ann.reload()
    await live(ann)


async def test_w60_two_devices_are_one_person(arrive: Arrive) -> None:
    ann, device = await arrive(), await arrive()
    for page in (ann, device):
        await page.get_by_test_id("with-google").click()
        await live(page)
    await expect(device.get_by_test_id("roster-count")).to_have_attribute("data-count", "1")
    await say(ann, 300, 300, "from here")
    await until_seen(device, "from here")


async def test_w60_a_link_from_an_email_lets_in_whom_it_was_sent_to(arrive: Arrive) -> None:
    bob = await arrive()
    await bob.get_by_test_id("email").fill("bob@example.org")
    await bob.get_by_test_id("send-link").click()
    await expect(bob.get_by_test_id("sign-in-notice")).to_contain_text("bob@example.org")
    await bob.goto(bob.url + "?oobCode=abc")
    await expect(bob.get_by_test_id("email")).to_have_value("bob@example.org")
    await bob.get_by_test_id("email").fill("eve@example.org")
    await bob.get_by_test_id("send-link").click()
    await expect(bob.get_by_test_id("sign-in-notice")).to_contain_text("did not work")
    await bob.get_by_test_id("email").fill("bob@example.org")
    await bob.get_by_test_id("send-link").click()
    await live(bob)
    assert "oobCode" not in bob.url


async def connections_ended_with_their_token(page: Page, server: Server) -> float:
    metrics = await (await page.request.get(server.url("/metrics"))).text()
    [ended] = re.findall(r'^asocial_disconnects_total\{code="4511"\} (\S+)$', metrics, re.MULTILINE)
    return float(ended)


async def test_w60_a_token_is_renewed_without_anybody_noticing(arrive: Arrive, server: Server) -> None:
    ann = await arrive(first_life_s=SHORT_LIFE_S, script="localStorage.setItem('fake.renews', 'yes')")
    await ann.get_by_test_id("with-google").click()
    await live(ann)
    first_token_ends = time.time() + SHORT_LIFE_S
    await say(ann, 300, 300, "with the first token")
    await eventually(lambda: time.time() > first_token_ends + 1, "the end of the first token")
    await say(ann, 300, 400, "with another token")
    await expect(ann.locator('[data-testid="message"][data-state="sent"]')).to_have_count(2)
    await live(ann)
    assert await connections_ended_with_their_token(ann, server) == 0


async def test_w60_who_slept_over_the_end_of_a_token_comes_back_by_themselves(arrive: Arrive, server: Server) -> None:
    ann = await arrive(first_life_s=SHORT_LIFE_S)
    sockets: list[str] = []
    ann.on("websocket", lambda socket: sockets.append(socket.url))
    await ann.get_by_test_id("with-google").click()
    await live(ann)

    async def ended() -> bool:
        return await connections_ended_with_their_token(ann, server) > 0

    # The server ends the first connection; the page comes back with a newer token.
    await eventually(ended, "the end of the first connection")
    await eventually(lambda: len(sockets) > 1, "a second connection")
    await live(ann)


async def test_w60_who_signs_in_has_the_name_of_their_token_and_signing_out_leaves_nothing_behind(
    arrive: Arrive,
) -> None:
    ann = await arrive()
    await expect(ann.get_by_test_id("sign-in")).to_be_visible()
    await ann.get_by_test_id("with-google").click()
    await live(ann)
    await ann.get_by_test_id("people").click()
    await expect(ann.get_by_test_id("your-name")).to_have_value("Ann Lee")
    await ann.reload()
    await live(ann)
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("your-name").fill("Somebody Else")
    await ann.get_by_test_id("your-name").press("Enter")
    await ann.get_by_test_id("color-plum").click()
    await ann.get_by_test_id("sign-out").click()
    await expect(ann.get_by_test_id("sign-in")).to_be_visible()
    kept = await ann.evaluate("['token', 'name', 'color'].map((key) => localStorage.getItem(`asocial.${key}`))")
    assert not any(kept)
    await ann.get_by_test_id("with-google").click()
    await live(ann)
    await ann.get_by_test_id("people").click()
    await expect(ann.get_by_test_id("your-name")).to_have_value("Ann Lee")
