import { describe, expect, it } from 'vitest'
import {
  alongOf,
  follow,
  hashOf,
  nameOf,
  offsetOf,
  quoteOf,
  readAnchor,
  search,
  writeAnchor,
  type Node,
} from '../../embed/anchor'

class Fake implements Node {
  parentElement: Fake | null = null
  children: Fake[]
  text: string
  id: string

  constructor(text: string, children: Fake[] = [], id = '') {
    this.text = text
    this.children = children
    this.id = id
    for (const child of children) child.parentElement = this
  }

  get childElementCount() {
    return this.children.length
  }

  get textContent(): string {
    return this.text + this.children.map(({ textContent }) => textContent).join('')
  }

  *all(): Generator<Fake> {
    yield this
    for (const child of this.children) yield* child.all()
  }
}

const page = (...children: Fake[]) => {
  const body = new Fake('', children)
  const byId = (id: string) => [...body.all()].find((each) => each.id === id) ?? null
  return { body, byId }
}
const CENTRE = { x: { share: 500, beyond: 0 }, y: { share: 500, beyond: 0 } }

describe('W180: the name of an element', () => {
  it('is the way down from the nearest element with an id, and a hash of its text', () => {
    const paragraph = new Fake('The second paragraph')
    const section = new Fake('', [new Fake('One'), new Fake('', [paragraph])], 'intro')
    const { body, byId } = page(section)
    expect(nameOf(paragraph, body, byId)).toEqual({
      root: 'intro',
      path: [1, 0],
      quote: hashOf('The second paragraph'),
    })
    expect(nameOf(section, body, byId)).toMatchObject({ root: 'intro', path: [] })
  })

  it('begins at the body where nothing has an id, or two elements have the same', () => {
    const twin = new Fake('b', [], 'same')
    const { body, byId } = page(new Fake('a', [], 'same'), twin)
    expect(nameOf(twin, body, byId)).toMatchObject({ root: '', path: [1] })
    expect(nameOf(new Fake('elsewhere'), body, byId)).toBeUndefined()
  })

  it('finds the element again, and not one whose text is another', () => {
    const paragraph = new Fake('Here')
    const { body, byId } = page(new Fake('x'), paragraph)
    const anchor = { ...nameOf(paragraph, body, byId)!, ...CENTRE }
    expect(follow(anchor, body, byId)).toBe(paragraph)
    const other = page(new Fake('x'), new Fake('Not here'), new Fake('Here'))
    expect(follow(anchor, other.body, other.byId)).toBeUndefined()
    expect(search(anchor, other.body.all())).toBe(other.body.children[2])
    expect(search({ ...anchor, quote: '' }, other.body.all())).toBeUndefined()
  })

  it('trusts an id whatever the element says now', () => {
    const counter = new Fake('1 like', [], 'likes')
    const { body, byId } = page(counter)
    const anchor = { ...nameOf(counter, body, byId)!, ...CENTRE }
    counter.text = '2 likes'
    expect(follow(anchor, body, byId)).toBe(counter)
  })

  it('quotes the beginning of a text only, and nothing of a container', () => {
    const begins = 'The first forty characters of a paragraph'
    expect(quoteOf(new Fake(`\n  ${begins}, and more`))).toBe(quoteOf(new Fake(`${begins}: other`)))
    expect(quoteOf(new Fake('a  b\n c'))).toBe(hashOf('a b c'))
    expect(
      quoteOf(
        new Fake(
          '',
          Array.from({ length: 13 }, () => new Fake('a')),
        ),
      ),
    ).toBe('')
    expect(quoteOf(new Fake('  '))).toBe('')
  })
})

describe('W180: an anchor as text', () => {
  it('is the example of the protocol', () => {
    const text = 'install/2.0/1x3k9a/500/250+12'
    const anchor = {
      root: 'install',
      path: [2, 0],
      quote: '1x3k9a',
      x: { share: 500, beyond: 0 },
      y: { share: 250, beyond: 12 },
    }
    expect(readAnchor(text)).toEqual(anchor)
    expect(writeAnchor(anchor)).toBe(text)
  })

  it('is ASCII without white space, whatever the id', () => {
    const anchor = { root: "ü /'\u202e\ud800", path: [], quote: '', ...CENTRE }
    const text = writeAnchor(anchor)
    expect(text).toMatch(/^[!-~]+$/)
    expect(readAnchor(text)?.root).toBe("ü /'\u202e\ufffd")
  })

  it('is empty if it would be too long', () => {
    expect(writeAnchor({ root: 'x'.repeat(200), path: [], quote: '', ...CENTRE })).toBe('')
  })

  it.each([
    ...[undefined, '', 'x', '////', 'a/b/c/1/1', 'a/1/c/1', 'a/1/c/1/1/1', '%/1/c/1/1'],
    ...['a/1/c/9999999/1', `a/${'1.'.repeat(40)}1/c/1/1`, 'a/1..2/c/1/1', 'a/1/c/1+x/1'],
  ])('does not read %s', (text) => {
    expect(readAnchor(text)).toBeUndefined()
  })
})

describe('W180: a place within an element', () => {
  it('is a share of its size, and pixels beyond its edge', () => {
    expect(alongOf(150, 100, 200)).toEqual({ share: 250, beyond: 0 })
    expect(alongOf(340, 100, 200)).toEqual({ share: 1000, beyond: 40 })
    expect(alongOf(90, 100, 200)).toEqual({ share: 0, beyond: -10 })
    expect(alongOf(100, 100, 0)).toEqual({ share: 0, beyond: 0 })
  })

  it('is at the same part of an element of another size', () => {
    expect(offsetOf(alongOf(150, 100, 200), 800)).toBe(200)
    expect(offsetOf(alongOf(340, 100, 200), 50)).toBe(90)
  })
})
