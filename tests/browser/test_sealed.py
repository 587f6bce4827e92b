"""Sealed channels on the page: people talk, and neither their words nor the key leave the browser in the clear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from asocial_client import Message, connect
from asocial_client.sealed.link import SealedLink
from playwright.async_api import Browser, Page, Request, WebSocket, expect

from tests.integration.test_python_client import next_of
from tests.support import redis_server

from .conftest import Join, Server, Visit
from .test_accessibility import axe
from .test_landmarks import add
from .test_owners import open_people
from .test_play import bursts, note
from .test_sharing import CLIPBOARD, clipboard, read_code, until_shown
from .test_strokes import press_and_draw, release, strokes, transform
from .watch import at_rest, go_to, say, type_letter_by_letter, until_seen, watch

FRAGMENT = re.compile(r"^#[\w-]+\.[\w-]{48}$")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
FAR = (8_675_309, -7_654_321)
STORED = """async () => {
  const caches_ = []
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) caches_.push(request.url)
  }
  const databases = await indexedDB.databases()
  return JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, document.title, history.state, caches_, databases,
  ])
}"""


class Recorder:
    """All that a page sends and gets: requests with their headers and bodies, and the frames of its WebSockets."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        page.on("request", self._on_request)
        page.on("websocket", self._on_socket)

    def _on_request(self, request: Request) -> None:
        # Playwright adds the fragment, which is not sent.
        self.seen += [request.url.partition("#")[0], *request.headers.values(), request.post_data or ""]

    def _on_socket(self, socket: WebSocket) -> None:
        self.seen.append(socket.url)
        socket.on("framesent", lambda frame: self.seen.append(str(frame)))
        socket.on("framereceived", lambda frame: self.seen.append(str(frame)))

    def found(self, *texts: str) -> set[str]:
        return {text for text in texts if any(text in each for each in self.seen)}


async def fragment_of(page: Page) -> str:
    found: str = await page.evaluate("location.hash")
    assert FRAGMENT.match(found), found
    return found


async def new_channel(visit: Visit, **options: Any) -> tuple[Page, SealedLink]:
    page = await visit("/s/#new", **options)
    return page, SealedLink.read((await fragment_of(page))[1:])


async def live(page: Page) -> None:
    await page.wait_for_selector('[data-testid="connection"][data-state="live"]', state="attached")


async def test_w193_w201_people_with_the_link_talk_and_the_server_gets_neither_words_nor_key(
    visit: Visit, server: Server
) -> None:
    ann = await visit("/", live=False)
    recorder = Recorder(ann)
    await ann.get_by_test_id("new-sealed").click()
    await live(ann)
    link = SealedLink.read((await fragment_of(ann))[1:])
    assert await ann.evaluate("location.pathname") == "/s/"
    await expect(ann.get_by_test_id("channel")).to_have_text(link.name)
    url = server.url(f"/s/#{link.fragment}")
    # A spot in the link of the same channel moves the view; the page does not load again.
    await ann.evaluate("window.same = true")
    await go_to(ann, f"#{link.fragment}@{FAR[0]},{FAR[1]},1")
    await ann.go_back()
    await until_shown(ann, 0, 0)
    await ann.go_forward()
    await at_rest(ann)
    bob = await visit(f"/s/#{link.fragment}@{FAR[0]},{FAR[1]},1")

    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("your-name").fill("Wilhelmina")
    await ann.get_by_test_id("your-name").press("Enter")
    await ann.keyboard.press("Escape")
    await watch(bob)
    await ann.mouse.click(400, 300)
    await type_letter_by_letter(ann, "bassoon thunderclap", bob)
    await ann.keyboard.press("Enter")
    await until_seen(bob, "bassoon thunderclap")
    await expect(bob.get_by_test_id("message")).to_be_in_viewport()
    await bob.get_by_test_id("people").click()
    await expect(bob.get_by_test_id("roster")).to_contain_text("Wilhelmina")

    await bob.keyboard.press("Escape")
    await bob.get_by_test_id("history").click()
    await expect(bob.get_by_test_id("history-entry")).to_contain_text("bassoon thunderclap")
    await bob.keyboard.press("Escape")
    await bob.get_by_test_id("people").click()

    # The Python client with the same link; it and a page that comes late get what lives.
    async with connect(url, name="Pia") as pia:
        assert [message.text for message in pia.messages] == ["bassoon thunderclap"]
        await expect(bob.get_by_test_id("roster")).to_contain_text("Pia")
        await pia.say("hello from Python", at=FAR)
        await until_seen(ann, "hello from Python")
        await say(bob, 600, 500, "and back")
        while (await next_of(pia, Message)).text != "and back":
            pass
    assert await ann.evaluate("window.same") is True
    await ann.reload()
    await live(ann)
    await until_seen(ann, "bassoon thunderclap")

    key = link.fragment.split(".")[1]
    for page in (ann, bob):
        assert key[:43] not in await page.evaluate(STORED)
    # No words of guests' names (guest_names.py), and whole numbers: four digits of one are in some random id or time.
    sealed = (
        "bassoon",
        "thunderclap",
        "and back",
        "Wilhelmina",
        *(str(abs(at)) for at in FAR),
        link.name,
        key,
        key[:43],
    )
    assert recorder.found(*sealed) == set()
    # The negative control.
    assert recorder.found(link.channel) == {link.channel}
    await ann.goto(server.url("/c/plain#8675309,0,1"))
    await live(ann)
    await say(ann, 400, 300, "bassoon again")
    await until_seen(ann, "bassoon again")
    await expect(ann.locator('[data-state="pending"]')).to_have_count(0)
    assert recorder.found("bassoon", "Wilhelmina", "8675") == {"bassoon", "Wilhelmina", "8675"}


async def test_w190_a_link_that_opens_nothing_says_why_and_connects_to_nothing(visit: Visit, server: Server) -> None:
    page = await visit("/s/", live=False)
    recorder = Recorder(page)
    problem = page.get_by_test_id("sealed-problem")
    good = SealedLink.new("garden").fragment

    async def shows(path: str, kind: str, words: str) -> None:
        await page.goto("about:blank")
        await page.goto(server.url(path))
        await expect(problem).to_have_attribute("data-problem", kind)
        await expect(problem).to_contain_text(words)

    await expect(problem).to_have_attribute("data-problem", "missing")
    await shows("/s/#garden.abc", "damaged", "Ask for the link again")
    await shows(f"/s/#{good[:-5]}", "damaged", "damaged")
    await shows(f"/s/%23{good}", "leaked", "The server has seen the key")
    assert await axe(page) == []
    # A link that is pasted over a damaged one in the same tab.
    await page.goto(server.url("/s/#garden.abc"))
    await expect(problem).to_be_visible()
    assert not any("/api/" in each for each in recorder.seen)
    # What a mail program adds is forgiven; a good link opens without a press.
    await page.evaluate(f"() => {{ location.hash = '#{good}).' }}")
    await live(page)
    await page.goto(server.url(f"/c/{SealedLink.read(good).channel}"))
    await expect(page.get_by_test_id("ended")).to_contain_text("You need its whole link")
    # Plain http on a LAN.
    await page.add_init_script("Object.defineProperty(crypto, 'subtle', { value: undefined })")
    recorder.seen.clear()
    await shows(f"/s/#{good}", "insecure", "https")
    await page.get_by_test_id("to-start").click()
    await page.get_by_test_id("new-sealed").click()
    await expect(problem).to_have_attribute("data-problem", "insecure")
    assert not any("/api/" in each for each in recorder.seen)


async def test_w201_a_link_is_shared_and_stored_only_when_asked_for(visit: Visit, server: Server) -> None:
    ann, link = await new_channel(visit, **CLIPBOARD)
    url = server.url(f"/s/#{link.fragment}")
    await ann.get_by_test_id("share").click()
    assert await read_code(ann) == url
    await ann.get_by_test_id("copy-link").click()
    assert await clipboard(ann) == url
    await ann.get_by_text("This spot").click()
    assert await read_code(ann) == f"{url}@0,0,1"
    await ann.keyboard.press("Escape")

    await ann.get_by_test_id("lock").click()
    panel = ann.get_by_test_id("sealed-panel")
    await expect(panel).to_contain_text("this server passes it on and cannot read it")
    for scheme in SCHEMES:
        await ann.emulate_media(color_scheme=scheme)
        assert await axe(ann) == []
    # Only a visitor who asks for it finds the channel again.
    assert link.fragment not in await ann.evaluate(STORED)
    await ann.get_by_test_id("remember").check()
    assert link.fragment in await ann.evaluate(STORED)
    await ann.keyboard.press("Escape")
    await ann.goto(server.url("/"))
    recent = ann.get_by_test_id("recent").get_by_role("link")
    await expect(recent).to_contain_text(link.name)
    await recent.click()
    await live(ann)
    await ann.get_by_test_id("lock").click()
    await expect(ann.get_by_test_id("remember")).to_be_checked()
    await ann.get_by_test_id("remember").uncheck()
    assert link.fragment not in await ann.evaluate(STORED)
    assert link.channel not in await ann.evaluate("JSON.stringify({ ...localStorage })")
    # A pasted link opens from the start page.
    await ann.goto(server.url("/"))
    await ann.get_by_test_id("join-name").fill(url)
    await ann.get_by_test_id("join").click()
    await live(ann)
    assert await fragment_of(ann) == f"#{link.fragment}"


async def test_w194_w199_w200_an_owner_moderates_and_what_is_forged_is_noticed(
    visit: Visit, server: Server, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, link = await new_channel(visit)
    await ann.get_by_test_id("people").click()
    await ann.get_by_test_id("claim").click()
    await expect(ann.get_by_test_id("owner")).to_be_visible()
    bob = await visit(f"/s/#{link.fragment}")
    await say(bob, 300, 400, "this goes")
    await until_seen(ann, "this goes")
    await ann.get_by_test_id("clear").click()
    for page in (ann, bob):
        await expect(page.get_by_text("this goes")).to_have_count(0)

    # A member without the key, as somebody who knows the id could be.
    stranger = await join(link.channel, sealed="1")
    await stranger.send({"type": "sealed", "kind": "cursor", "box": "A" * 143})
    await expect(bob.get_by_test_id("toast")).to_contain_text("could not be verified")
    await stranger.close()

    await ann.get_by_test_id("remove").first.click()
    await ann.get_by_test_id("remove").first.click()
    await expect(bob.get_by_test_id("ended")).to_contain_text("removed")
    await bob.close()

    # An invitation to a private sealed channel needs the key too: both are in its link.
    await ann.get_by_test_id("private").click()
    await expect(ann.get_by_test_id("private")).to_be_checked()
    uninvited = await visit(f"/s/#{link.fragment}", live=False)
    await expect(uninvited.get_by_test_id("ended")).to_contain_text("This channel is private")
    await uninvited.close()
    await ann.keyboard.press("Escape")
    await ann.get_by_test_id("share").click()
    address = ann.get_by_test_id("share-address")
    await expect(address).to_have_value(re.compile(rf"/s/\?invite=[^#]+#{re.escape(link.fragment)}$"))
    invitation = (await address.input_value()).partition("/s/")[2]
    await visit(f"/s/{invitation}")

    monkeypatch.setattr("asocial.service.sessions.MAX_PEOPLE", 2)
    turned_away = await visit(f"/s/{invitation}", live=False)
    await expect(turned_away.get_by_test_id("ended")).to_contain_text("This sealed channel is full")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[redis_server.Server]:
    started = redis_server.Server(tmp_path)
    with redis_server.running(started):
        yield started


async def test_w194_people_on_two_processes_and_in_two_tabs(
    visit: Visit, server: Server, browser: Browser, redis: redis_server.Server
) -> None:
    await server.restart(redis_url=redis.url)
    other = Server(redis_url=redis.url)
    await other.start()
    ann, link = await new_channel(visit)
    second_tab = await ann.context.new_page()
    await second_tab.goto(server.url(f"/s/#{link.fragment}"))
    context = await browser.new_context()
    carl = await context.new_page()
    await carl.goto(other.url(f"/s/#{link.fragment}"))
    for page in (second_tab, carl):
        await live(page)
    await say(ann, 400, 300, "over Redis")
    for page in (second_tab, carl):
        await until_seen(page, "over Redis")
    await say(carl, 500, 400, "and back")
    for page in (ann, second_tab):
        await until_seen(page, "and back")
    await context.close()
    await other.stop()


async def test_w194_what_people_do_in_a_channel_works_in_a_sealed_one(visit: Visit) -> None:
    ann, link = await new_channel(visit)
    recorder = Recorder(ann)
    await open_people(ann)
    await ann.get_by_test_id("claim").click()
    await expect(ann.get_by_test_id("owner")).to_be_visible()
    await ann.keyboard.press("Escape")
    bob = await visit(f"/s/#{link.fragment}")
    # Pointers, strokes, reactions.
    await ann.mouse.move(300, 300)
    await expect(bob.get_by_test_id("cursor")).to_have_count(1)
    await press_and_draw(ann, (300, 300), (400, 320), (420, 380))
    await expect(strokes(bob, "draft")).to_have_count(1)
    await release(ann)
    await expect(strokes(bob)).to_have_count(1)
    await note(bob)
    await ann.mouse.move(620, 270)
    await ann.keyboard.press("Control+Shift+Digit1")
    assert len(await bursts(bob, 1)) == 1
    # The owner's landmarks.
    await open_people(ann)
    await add(ann, "bassoon corner")
    await expect(bob.get_by_test_id("landmark")).to_have_text("bassoon corner")
    await ann.keyboard.press("Escape")
    # Bob follows Ann's view.
    await open_people(bob)
    await bob.get_by_test_id("follow").click()
    await expect(bob.get_by_test_id("following")).to_be_visible()
    before = await transform(bob)
    await ann.get_by_test_id("plane").focus()
    await ann.keyboard.press("Shift+ArrowRight")
    await bob.wait_for_function(
        "(before) => document.querySelector('[data-testid=world]').style.transform !== before", arg=before
    )
    # What is written without a connection arrives once it is back.
    await ann.context.set_offline(True)
    await expect(ann.get_by_test_id("connection")).not_to_have_attribute("data-state", "live")
    await say(ann, 400, 500, "thunderclap from the tunnel")
    await ann.context.set_offline(False)
    await until_seen(bob, "thunderclap from the tunnel")
    late = await visit(f"/s/#{link.fragment}")
    await expect(late.get_by_test_id("landmark")).to_have_text("bassoon corner")
    assert recorder.found("bassoon", "thunderclap") == set()
