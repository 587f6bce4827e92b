import { describe, expect, it } from 'vitest'
import { channelOf } from '../../embed/channel-name'
import { readOptions, shortcutOf } from '../../embed/options'
import { wordsFor } from '../../embed/words'

const of = (href: string, canonical?: string, chosen = '') => channelOf(chosen, { href, canonical })

describe('W182: the channel of a page', () => {
  it('depends on host and path, and not on query, fragment or a slash at the end', () => {
    const name = of('https://site.example/blog/a-post')
    expect(name).toMatch(/^embed-site-example-blog-a-post-[\da-z]+$/)
    expect(of('https://site.example/blog/a-post/?utm=1#x')).toBe(name)
    expect(of('http://site.example/blog/a-post')).toBe(name)
    expect(of('https://other.example/blog/a-post')).not.toBe(name)
    expect(of('https://site.example/blog/a-post-')).not.toBe(name)
  })

  it('is that of the canonical link, if there is one', () => {
    const name = of('https://site.example/a')
    expect(of('https://www.site.example/a?page=1', 'https://site.example/a')).toBe(name)
    expect(of('https://site.example/a', 'not an address')).toBe(name)
  })

  it('is never longer than the name of a channel may be', () => {
    for (const href of [
      `https://site.example/${'long/'.repeat(100)}`,
      'https://xn--80ak6aa92e.example/%D0%BF%D1%80%D0%B8',
      'file:///home/ann/page.html',
      'about:blank',
    ]) {
      expect(of(href)).toMatch(/^embed-[\w-]{1,58}$/)
    }
    expect(of('https://a.example/x', undefined, 'né w'.repeat(40))).toMatch(/^embed-[\w-]{1,58}$/)
  })

  it('is the one that the site chose, with the prefix that keeps it from being claimed', () => {
    expect(of('https://a.example/x', undefined, 'garden')).toBe('embed-garden')
    expect(of('https://a.example/x', undefined, 'embed-garden')).toBe('embed-garden')
    expect(of('https://a.example/x', undefined, 'the garden')).not.toBe(
      of('https://a.example/x', undefined, 'the-garden'),
    )
  })
})

describe('the options of the tag', () => {
  const read = (data: Record<string, string>) =>
    readOptions(data, 'https://talk.example/embed.js?x=1')

  it('have defaults, also in place of values that are not known', () => {
    expect(read({})).toEqual(read({ anchor: 'x', theme: 'x', start: 'x', maxPointers: '-1' }))
    expect(read({})).toMatchObject({
      server: 'https://talk.example',
      anchor: 'content',
      start: 'open',
      maxPointers: 50,
      button: 'end',
      storage: true,
      key: { code: 'KeyT', alt: true, shift: true, ctrl: false, meta: false },
    })
  })

  it('are what the site set', () => {
    const set = read({
      anchor: 'none',
      maxPointers: '0',
      key: 'none',
      button: 'none',
      storage: 'none',
    })
    expect(set).toMatchObject({ anchor: 'none', maxPointers: 0, button: 'none', storage: false })
    expect(set.key).toBeUndefined()
  })

  it('take no single letter from the page', () => {
    for (const text of ['t', 'Shift+T', '', 'Alt+', 'Hyper+T', 'Enter'])
      expect(shortcutOf(text)).toBeUndefined()
    expect(shortcutOf('F8')).toMatchObject({ code: 'F8' })
    expect(shortcutOf('ctrl + shift + 9')).toMatchObject({
      code: 'Digit9',
      ctrl: true,
      shift: true,
    })
  })
})

describe('the language', () => {
  it('is the first known one, else English', () => {
    expect(wordsFor(['', 'fr', 'de-AT', 'es']).language).toBe('de')
    expect(wordsFor(['constructor']).language).toBe('en')
  })
})
