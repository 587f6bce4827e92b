import { describe, expect, it } from 'vitest'
import { partsOf, type Link } from '../../../src/features/messages/model/links'
import { mayLink } from '../../../src/shared/text/payload'

const links = (text: string) =>
  partsOf(text).filter((part): part is Link => typeof part !== 'string')
/** What a reader sees: nothing that was posted may get lost but by being shown as it really is. */
const shown = (text: string) =>
  partsOf(text)
    .map((part) => (typeof part === 'string' ? part : part.text))
    .join('')

describe('addresses', () => {
  it.each([
    ['see https://example.org/a?b=c#d', 'https://example.org/a?b=c#d'],
    ['HTTP://Example.org', 'http://example.org/'],
    ['www.example.org/x', 'https://www.example.org/x'],
    ['(https://example.org/wiki/Tea_(drink))', 'https://example.org/wiki/Tea_(drink)'],
    ['http://localhost:8080/c/garden', 'http://localhost:8080/c/garden'],
    ['http://[::1]:8080/', 'http://[::1]:8080/'],
    ['is it https://example.org/a, or not?', 'https://example.org/a'],
    ['“https://example.org”', 'https://example.org/'],
    ['<https://example.org>', 'https://example.org/'],
    ['one\nhttps://example.org\ntwo', 'https://example.org/'],
  ])('in %j is found', (text, href) => {
    expect(links(text).map((link) => link.href)).toEqual([href])
    expect(shown(text)).toBe(text)
    expect(mayLink(text)).toBe(true)
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'java\tscript:alert(1)//https',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https',
    'ftp://example.org',
    'mailto:a@example.org',
    '//example.org',
    'example.org',
    'xhttps:/example.org',
    'seehttps://example.org',
    'https://',
    'https:// example.org',
    'www.',
    'www..org',
    'https://user@example.org',
    'https://bank.example:443@evil.example/',
  ])('%j is none', (text) => {
    expect(links(text)).toEqual([])
    expect(shown(text)).toBe(text)
  })

  it('shows the host that will be asked, in punycode where letters could pass for others', () => {
    // The first letter is a Cyrillic а.
    const [link] = links('https://аpple.com/login')
    expect(link).toEqual({
      text: 'https://xn--pple-43d.com/login',
      href: 'https://xn--pple-43d.com/login',
      host: 'xn--pple-43d.com',
    })
    expect(links('https://bücher.example')[0]?.text).toBe('https://xn--bcher-kva.example/')
    expect(links('https://ｇｏｏｇｌｅ.com')[0]?.text).toBe('https://google.com/')
    expect(links('https://ex%61mple.org')[0]?.text).toBe('https://example.org/')
    // A slash that is none, so that the host goes on.
    expect(links('https://example.org\u2044evil.example/x')[0]?.host ?? '').not.toBe('example.org')
    // A backslash is a slash to a browser.
    expect(links('https://evil.example\\@example.org')[0]?.host).toBe('evil.example')
    expect(links('http://0x7f.1/')[0]?.text).toBe('http://127.0.0.1/')
  })

  it('ends before what is not seen or turns the direction of the text', () => {
    const text = 'https://evil.example/\u202Egnp.exe'
    expect(links(text)).toEqual([
      { text: 'https://evil.example/', href: 'https://evil.example/', host: 'evil.example' },
    ])
    expect(shown(text)).toBe(text)
    for (const unseen of ['\u200B', '\u2066', '\u00AD', '\u200F', '\uFEFF']) {
      expect(links(`https://example.org${unseen}.evil.example`)[0]?.host).toBe('example.org')
    }
  })

  it('does not hang on what was made to be slow', () => {
    const started = performance.now()
    for (const text of [
      'www.'.repeat(125),
      `https://${'('.repeat(490)}`,
      `https://a${')'.repeat(480)}`,
      '!'.repeat(500),
    ])
      partsOf(text)
    // A search that tries every way to split one of these would take hours.
    expect(performance.now() - started).toBeLessThan(4000)
  })
})
