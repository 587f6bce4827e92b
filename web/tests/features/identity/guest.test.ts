import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createGuest } from '../../../src/features/identity/store/guest'
import type { Deps } from '../../../src/shared/store/deps'

const KEY = /^guest-[0-9a-f]{64}$/

/** One browser's storage, seen by its tabs. `blocked`: it keeps nothing. */
function createBrowser({ blocked = false } = {}) {
  const kept = new Map<string, string>()
  const watchers: (() => void)[] = []
  const tab = () => {
    const inEntry = new Map<string, string>()
    const deps = () =>
      ({
        storage: {
          read: (key: string) => kept.get(key),
          write: (key: string, value: string) => blocked || kept.set(key, value),
          watch: (_: string, changed: () => void) => watchers.push(changed),
        },
        entry: {
          read: (key: string) => inEntry.get(key),
          write: (key: string, value: string) => inEntry.set(key, value),
        },
      }) as unknown as Deps
    const changed = vi.fn()
    return { inEntry, changed, load: () => createGuest(deps(), changed) }
  }
  return { kept, tab, tell: () => watchers.forEach((changed) => changed()) }
}

describe('W84: the guest key', () => {
  let browser: ReturnType<typeof createBrowser>
  beforeEach(() => void (browser = createBrowser()))

  test('is made and kept before anything is answered, and is the same after a reload', () => {
    const tab = browser.tab()
    const key = tab.load().key()
    expect(key).toMatch(KEY)
    expect(browser.kept.get('guest')).toBe(key)
    expect(tab.load().key()).toBe(key)
    expect(browser.tab().load().key(), 'another tab').toBe(key)
    expect(tab.inEntry.size).toBe(0)
  })

  test('where storage is forbidden it is kept with the tab’s history', () => {
    browser = createBrowser({ blocked: true })
    const tab = browser.tab()
    const guest = tab.load()
    const key = guest.key()
    expect(guest.key()).toBe(key)
    expect(tab.load().key()).toBe(key)
    expect(browser.tab().load().key()).not.toBe(key)
    guest.forget()
    expect(tab.load().key()).not.toBe(key)
  })

  test('of two tabs that made one at once, one gives way, and only one', () => {
    const [one, two] = [browser.tab(), browser.tab()]
    const first = one.load()
    const second = two.load()
    const firstKey = first.key()
    // The second did not see the first one's yet.
    browser.kept.delete('guest')
    const secondKey = second.key()
    browser.tell()
    expect([first.key(), second.key()]).toEqual([secondKey, secondKey])
    expect(firstKey).not.toBe(secondKey)
    expect(one.changed).toHaveBeenCalledTimes(1)
    expect(two.changed).not.toHaveBeenCalled()
  })

  test('one that was there before is not given up, nor for what is no key', () => {
    const tab = browser.tab()
    const guest = tab.load()
    const key = guest.key()
    for (const odd of ['', 'guest-1', `guest-${'é'.repeat(64)}`]) {
      browser.kept.set('guest', odd)
      browser.tell()
    }
    browser.kept.set('guest', key)
    const lazy = browser.tab()
    const same = lazy.load()
    expect(same.key()).toBe(key)
    browser.kept.set('guest', `guest-${'0'.repeat(64)}`)
    browser.tell()
    expect(lazy.changed).not.toHaveBeenCalled()
  })

  test('forgotten, it is another one', () => {
    const guest = browser.tab().load()
    const key = guest.key()
    guest.forget()
    expect(browser.kept.get('guest')).toBe('')
    expect(guest.key()).not.toBe(key)
  })
})
