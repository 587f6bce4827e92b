"""Notifications: the soft sound of messages nearby, and the title of a hidden tab."""

from __future__ import annotations

import asyncio
from typing import Any

from playwright.async_api import Page, expect

from tests.support.waiting import PATIENCE_S

from .conftest import Join, Server, Visit
from .test_crowd import speak
from .test_finding import look_away
from .watch import run_command, say, stop_clock, until_seen

SOUND_S = 0.5
"""As long as a sound is, or a little less."""
# The page's own sound, through the browser's own engine; only what it asks for is noted on the way.
_LISTEN = """
window.heard = { engines: 0, pans: [], volumes: [], files: 0 }
window.AudioContext = class extends AudioContext {
  constructor(...options) { super(...options); window.heard.engines += 1; window.engine = this }
  createStereoPanner() {
    const panner = super.createStereoPanner()
    queueMicrotask(() => window.heard.pans.push(panner.pan.value))
    return panner
  }
  createGain() {
    const gain = super.createGain()
    const ramp = gain.gain.linearRampToValueAtTime.bind(gain.gain)
    gain.gain.linearRampToValueAtTime = (value, at) => { window.heard.volumes.push(value); return ramp(value, at) }
    return gain
  }
}
"""


async def listen(visit: Visit, **options: Any) -> Page:
    """Somebody whose page tells what it sounds."""
    page = await visit(script=_LISTEN, **options)
    # The part that hears is fetched together with this.
    await expect(page.get_by_test_id("nearest")).to_have_count(1)
    return page


async def heard(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("() => window.heard")
    return found


async def hide(page: Page, hidden: bool) -> None:
    """What a browser does when another tab is in front; headless ones show every tab."""
    await page.evaluate(
        """(hidden) => {
          const get = () => hidden ? 'hidden' : 'visible'
          Object.defineProperty(document, 'visibilityState', { configurable: true, get })
          document.dispatchEvent(new Event('visibilitychange'))
        }""",
        hidden,
    )


async def test_nothing_sounds_before_the_first_gesture(visit: Visit, join: Join) -> None:
    ann = await join()
    bob = await visit(live=False, script=_LISTEN)
    # Whatever Playwright evaluates counts as a gesture to the browser; what is asked past it does not.
    cdp = await bob.context.new_cdp_session(bob)

    async def holds(expression: str) -> bool:
        question = {"expression": expression, "userGesture": False, "awaitPromise": True, "returnByValue": True}
        return bool((await cdp.send("Runtime.evaluate", question))["result"].get("value"))

    async def until(expression: str) -> None:
        looking = "new Promise((done) => { const look = () => (%s) ? done(true) : setTimeout(look, 20); look() })"
        assert await asyncio.wait_for(holds(looking % expression), PATIENCE_S)

    await until("document.querySelector('[data-testid=\"nearest\"]') !== null")
    await ann.chat("before", at=(-200, -50))
    await until("[...document.querySelectorAll('.words')].some((each) => each.textContent === 'before')")
    assert await holds("!navigator.userActivation.hasBeenActive && window.heard.engines === 0")
    await cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", "key": "a", "code": "KeyA", "text": "a"})
    await ann.chat("after", at=(-200, 50))
    await until("window.heard.pans.length === 1")


async def test_words_sound_but_not_ones_own_and_no_drafts(visit: Visit, join: Join) -> None:
    ann = await join()
    bob = await listen(visit)
    await say(bob, 500, 600, "mine")
    await ann.typing("only a draft", message_id="words", at=(-200, 50))
    await expect(bob.get_by_test_id("draft")).to_contain_text("only a draft")
    assert (await heard(bob))["engines"] == 0
    await ann.chat("only a draft", message_id="words", at=(-200, 50))
    await bob.wait_for_function("() => window.heard.pans.length === 1")
    assert (await heard(bob))["engines"] == 1


async def test_between_sounds_the_engine_rests(visit: Visit, join: Join) -> None:
    ann = await join()
    bob = await listen(visit)
    await bob.keyboard.press("Escape")
    for number, said in enumerate(("one", "two"), 1):
        await ann.chat(said, at=(-200, 50 * number))
        await bob.wait_for_function("(number) => window.heard.pans.length === number", arg=number)
        await bob.wait_for_function("() => window.engine.state === 'running'")
        began = await bob.evaluate("() => window.engine.currentTime")
        await bob.wait_for_function("() => window.engine.state === 'suspended'")
        assert await bob.evaluate("() => window.engine.currentTime") - began > SOUND_S, "it was heard to its end"
    assert (await heard(bob))["engines"] == 1


async def test_it_comes_from_its_side_is_fainter_further_off_and_silent_far_away(visit: Visit, join: Join) -> None:
    ann = await join()
    bob = await listen(visit)
    await bob.keyboard.press("Escape")
    await ann.chat("left", at=(-400, -50))
    await bob.wait_for_function("() => window.heard.pans.length === 1")
    await look_away(bob, -1200)
    await ann.chat("further right", at=(300, -50))
    await bob.wait_for_function("() => window.heard.pans.length === 2")
    found = await heard(bob)
    assert found["pans"][0] < -0.2 < 0.2 < found["pans"][1]
    assert 0.05 >= found["volumes"][0] > found["volumes"][1] > 0
    await look_away(bob, 50_000)
    await ann.chat("too far", at=(300, 150))
    await expect(bob.get_by_role("log")).to_contain_text("too far")
    assert len((await heard(bob))["pans"]) == 2


async def test_a_crowd_is_no_louder_than_a_few(visit: Visit, join: Join, server: Server) -> None:
    await join()
    bob = await listen(visit, clock=True)
    await bob.keyboard.press("Escape")
    await expect(bob.get_by_test_id("roster-count")).to_have_attribute("data-count", "2")
    # For the page all of it happens in one moment.
    await stop_clock(bob)
    await speak(server, [(n * 10, n * 30 - 200, f"word {n}") for n in range(15)], people=5)
    # A join that comes after the messages: the page has them all. (The five who left are still shown.)
    await join()
    await expect(bob.get_by_test_id("roster-count")).to_have_attribute("data-count", "8")
    assert len((await heard(bob))["pans"]) == 3
    await bob.clock.resume()
    await until_seen(bob, "word 14")
    assert len((await heard(bob))["pans"]) == 3


async def test_it_can_be_turned_off_and_stays_off(visit: Visit, join: Join) -> None:
    ann = await join()
    bob = await listen(visit)
    await run_command(bob, "settings")
    await bob.get_by_test_id("setting-sound").select_option(label="off")
    await bob.get_by_test_id("close-settings").click()
    await ann.chat("quiet", at=(-200, -50))
    await until_seen(bob, "quiet")
    assert (await heard(bob))["engines"] == 0
    await bob.reload()
    await expect(bob.get_by_test_id("nearest")).to_have_count(1)
    await bob.keyboard.press("Escape")
    await ann.chat("still quiet", at=(-200, 50))
    await until_seen(bob, "still quiet")
    assert (await heard(bob))["engines"] == 0


async def test_the_title_counts_what_others_say_while_the_tab_is_hidden(visit: Visit, join: Join) -> None:
    ann, bob = await join(), await visit()
    await expect(bob.get_by_test_id("nearest")).to_have_count(1)
    await ann.chat("seen", at=(-200, -150))
    await until_seen(bob, "seen")
    assert await bob.title() == "garden · Asocial"
    await hide(bob, True)
    await ann.chat("one", at=(-200, -50))
    await ann.chat("two", at=(-200, 50))
    await ann.typing("a draft", message_id="draft", at=(-200, 150))
    await expect(bob.get_by_test_id("draft")).to_contain_text("a draft")
    await expect(bob).to_have_title("(2) garden · Asocial")
    await hide(bob, False)
    await expect(bob).to_have_title("garden · Asocial")
    await ann.chat("a draft", message_id="draft", at=(-200, 150))
    await until_seen(bob, "a draft")
    assert await bob.title() == "garden · Asocial"
