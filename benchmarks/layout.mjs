/*
 * The layout of messages, without a browser: people talk in one place, and a reader's page lays them out.
 *
 *   node benchmarks/layout.mjs             a line of JSON with the figures (docs/performance.md explains them)
 *   node benchmarks/layout.mjs --events N  what N people write, for page_layout.py: one JSON list
 *
 * Seeded: the same people write the same words at the same points in every run.
 */
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const WEB = new URL('../web/', import.meta.url)
const { runnerImport } = await import(pathToFileURL(createRequire(WEB).resolve('vite')))
const load = async (path) => {
  const { module } = await runnerImport(new URL(path, WEB).pathname, {
    configFile: false,
    logLevel: 'error',
    resolve: { tsconfigPaths: true },
  })
  return module
}
const { createLayout } = await load('src/features/messages/model/layout.ts')
const { GROWTH_PX, NAME_PX } = await load('src/features/messages/model/fit.ts')
const { LINE_PX, WIDEST_PX } = await load('src/features/messages/model/place.ts')
const { openingAt } = await load('src/features/messages/model/opening.ts')
const { DEFAULT_TTL } = await load('../packages/client/src/core/frames.ts')
const { lifeOf } = await load('../packages/client/src/core/life.ts')
const { textSize, textWidth } = await load('src/features/messages/model/text-size.ts')

const CROWDS = [2, 5, 12, 20, 40]
const VIEW = { left: -700, top: -430, right: 700, bottom: 430 }
/** px; most people click within this of the middle */
const SPREAD = { x: 200, y: 130 }
const LETTERS_PER_S = 7
const SECONDS = 24
const STEP_MS = 100
const PHRASES = [
  'is anyone else watching the rain?',
  'yes, from the third floor',
  'the cat has opinions about it',
  'hello!',
  'where is everybody from?',
  'Lisbon, and it is far too hot to sleep here',
  'same',
  'I brought coffee for whoever wants some',
  'did you see the match yesterday evening?',
  'no spoilers please, I am watching it tonight',
  'ha',
  'the second talk starts in ten minutes, in the large hall on the left',
  'thank you, that was what I was looking for',
  'can somebody explain how this works?',
  'you click anywhere and type',
  'and then it fades, like breath on a window',
  'oh nice',
  'what a view',
  'my train is late again, so I am here with you for another hour or so',
  'good night all',
]
const NAMES = [
  'Ann',
  'Curious Otter',
  'Bob',
  'Quiet Heron',
  'Maximilian',
  'Jo',
  'Brave Little Fox',
  'Zoë',
]

/** Mulberry32: 0 to 1. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const gauss = (random) => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** The box of the text and the name of a message that is shown as text. */
function boxOf({ text, at, name }, { dx, dy, widest, named }) {
  const { width, height } = textSize(text, widest ?? WIDEST_PX)
  const wide = named ? Math.max(width, (textWidth(name) * 12) / 21) : width
  const top = at.y + dy - LINE_PX / 2
  return {
    left: at.x + dx,
    right: at.x + dx + wide,
    top: top - (named ? NAME_PX : 0),
    bottom: top + height,
    mine: false,
  }
}

const areaOf = ({ left, right, top, bottom }) =>
  Math.max(0, right - left) * Math.max(0, bottom - top)
const common = (a, b) => ({
  left: Math.max(a.left, b.left),
  right: Math.min(a.right, b.right),
  top: Math.max(a.top, b.top),
  bottom: Math.min(a.bottom, b.bottom),
})
const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

/** Everybody writes line after line; `onStep(entries, places)` sees a reader's page ten times a second. */
function talk(people, seed, onStep, seconds = SECONDS) {
  const random = seeded(seed)
  const layOut = createLayout()
  const entries = new Map()
  const events = []
  let places = new Map()
  const writers = Array.from({ length: people }, (_, who) => ({
    who,
    begins: random() * 5_000,
    number: 0,
    open: undefined,
  }))
  const point = () => ({
    x: gauss(random) * SPREAD.x,
    y: gauss(random) * SPREAD.y,
  })
  const opened = (at, who) => {
    const taken = [...entries.values()]
      .filter((each) => places.get(each.key) && !places.get(each.key).dot)
      .map((each) => ({
        ...boxOf(each, places.get(each.key)),
        mine: each.userId === `p${who}`,
      }))
    const { x, y } = openingAt(at, taken, VIEW)
    return { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 }
  }
  for (let now = 0; now < seconds * 1_000; now += STEP_MS) {
    for (const [key, { state, goesAt }] of entries)
      if (state === 'sent' && goesAt <= now) entries.delete(key)
    for (const writer of writers) {
      const { who } = writer
      if (!writer.open && now >= writer.begins) {
        // Most go on below their own line, some elsewhere.
        const next = writer.next && random() < 0.6 ? writer.next : point()
        const text = PHRASES[Math.floor(random() * PHRASES.length)]
        const at = opened(next, who)
        writer.open = {
          key: `p${who}/m${writer.number}`,
          at,
          text,
          since: now,
          shown: 0,
        }
        writer.number += 1
      }
      const { open } = writer
      if (!open) continue
      const letters = Math.min(
        open.text.length,
        1 + Math.floor(((now - open.since) / 1_000) * LETTERS_PER_S),
      )
      if (letters === open.shown) continue
      open.shown = letters
      const done = letters === open.text.length
      const entry = {
        key: open.key,
        userId: `p${who}`,
        mine: false,
        at: open.at,
        text: open.text.slice(0, letters),
        name: NAMES[who % NAMES.length],
        state: done ? 'sent' : 'draft',
        held: false,
        rtl: false,
        timestamp: now,
        goesAt: now + lifeOf(DEFAULT_TTL, open.text.length),
      }
      entries.set(open.key, entry)
      events.push({
        ms: now,
        who,
        id: open.key.split('/')[1],
        done,
        text: entry.text,
        at: open.at,
      })
      if (!done) continue
      const lines = textSize(open.text, WIDEST_PX).height
      writer.next = { x: open.at.x, y: open.at.y + lines + 7 }
      writer.begins = now + 600 + random() * 3_000
      writer.open = undefined
    }
    const list = [...entries.values()]
    places = layOut(list, { scale: 1, widest: WIDEST_PX }, (key) => entries.has(key))
    onStep?.(list, places)
  }
  return events
}

function figures(people) {
  const leashes = []
  const words = []
  const dots = []
  const before = new Map()
  let covered = 0
  let area = 0
  let moves = 0
  talk(people, 7, (list, places) => {
    const shown = list.filter(({ key }) => !places.get(key).dot)
    const boxes = shown.map((each) => boxOf(each, places.get(each.key)))
    for (const [i, a] of boxes.entries()) {
      area += areaOf(a)
      for (const b of boxes.slice(i + 1)) covered += areaOf(common(a, b))
    }
    words.push(shown.length)
    dots.push(list.length - shown.length)
    for (const { key } of shown) {
      const { dx, dy } = places.get(key)
      leashes.push(Math.hypot(dx, dy))
      const last = before.get(key)
      if (last && (last.dx !== dx || last.dy !== dy)) moves += 1
      before.set(key, { dx, dy })
    }
  })
  return {
    people,
    overlap_percent: Math.round((10_000 * covered) / area) / 100,
    leash_median_px: Math.round(quantile(leashes, 0.5)),
    leash_p95_px: Math.round(quantile(leashes, 0.95)),
    leash_max_px: Math.round(Math.max(...leashes)),
    words_most: Math.max(...words),
    dots_most: Math.max(...dots),
    moves_per_message: Math.round((100 * moves) / before.size) / 100,
  }
}

/** ms of processor time for one layout while so many messages are shown and one of them grows. */
function cost(messages) {
  const random = seeded(11)
  const layOut = createLayout()
  const list = Array.from({ length: messages }, (_, n) => ({
    key: `k${n}`,
    userId: `p${n % 40}`,
    mine: false,
    at: { x: gauss(random) * SPREAD.x * 2, y: gauss(random) * SPREAD.y * 2 },
    text: PHRASES[n % PHRASES.length],
    name: NAMES[n % NAMES.length],
    state: n % 5 === 0 ? 'draft' : 'sent',
    held: false,
    rtl: false,
    timestamp: n,
    goesAt: n + 100,
  }))
  const took = []
  for (let turn = 0; turn < 600; turn += 1) {
    const drafts = turn % messages
    list[drafts] = {
      ...list[drafts],
      text: PHRASES[(turn * 7) % PHRASES.length],
    }
    if (turn % 10 === 0)
      list.push({
        ...list.shift(),
        key: `k${messages + turn}`,
        timestamp: messages + turn,
      })
    const started = process.cpuUsage()
    layOut(list, { scale: 1, widest: WIDEST_PX }, () => true)
    const { user, system } = process.cpuUsage(started)
    took.push((user + system) / 1_000)
  }
  const round = (ms) => Math.round(ms * 100) / 100
  const [first] = took
  // Without the first ones, in which the code is compiled.
  const warm = took.slice(100)
  return {
    messages,
    first_ms: round(first),
    p50_ms: round(quantile(warm, 0.5)),
    p95_ms: round(quantile(warm, 0.95)),
  }
}

const [option, value] = process.argv.slice(2)
if (option === '--events') console.log(JSON.stringify(talk(Number(value), 7)))
else console.log(JSON.stringify({ layout: CROWDS.map(figures), cost: [40, 200].map(cost) }))
