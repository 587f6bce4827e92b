/*
 * Plays the events of demo/model/demo.ts into the stores, as frames of a server.
 *
 * Its clock stops while it is paused (a hidden page). Messages fade meanwhile, and it goes on where it was.
 */
import {
  COLORS,
  finalText,
  isLeftOut,
  LINES,
  placeIn,
  ROUND_MS,
  scoreOf,
  tipAt,
  type DemoEvent,
} from '../model/demo'
import type { Point, Size } from '../../canvas/model/camera'
import { lifeOf } from '@asocial/client/core/life'
import { codePoints } from '../../../shared/text/graphemes'
import { DEFAULT_LIMITS, DEFAULT_TTL, type ServerFrame } from '@asocial/client/core/frames'

const DAY_MS = 86_400_000

export interface Stage {
  /** a frame from "the server" */
  receive(frame: ServerFrame, fresh: boolean): void
  now(): number
  /** world pixels around the middle of the channel */
  room(): Size
}

export function createDemo(
  stage: Stage,
  words: { readonly people: readonly string[]; readonly lines: readonly string[] },
) {
  const score = scoreOf(words.lines)
  const texts = words.lines.map(finalText)
  let round = 0
  let next = 0
  /** ms into the round; while playing, as of `since` */
  let reached = 0
  let since: number | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  /** of this round; a line stays where it is when the window changes */
  const places = new Map<number, Point>()

  const placeOf = (line: number): Point => {
    const known = places.get(line)
    if (known) return known
    const at = placeIn(stage.room(), line, texts[line] ?? '')
    places.set(line, at)
    return at
  }
  const idOf = (who: number) => `made-up-${who}`

  function greet() {
    const users = words.people.map((name, who) => ({
      user_id: idOf(who),
      name,
      color: COLORS[who] ?? '',
      joined_at: 0,
    }))
    const timestamp = stage.now()
    stage.receive(
      {
        type: 'user_sync',
        channel_id: '',
        user_id: 'you',
        users,
        user_count: users.length,
        messages: [],
        timestamp,
        ttl: DEFAULT_TTL,
        limits: DEFAULT_LIMITS,
        epoch: 'demo',
        seq: 0,
      },
      true,
    )
  }

  function say(line: number, payload: string, life: number) {
    const who = LINES[line]?.who ?? 0
    const timestamp = stage.now()
    stage.receive(
      {
        type: 'chat',
        message_id: `${round}-${line}`,
        user_id: idOf(who),
        name: words.people[who] ?? '',
        color: COLORS[who] ?? '',
        payload,
        position: placeOf(line),
        timestamp,
        expires_at: timestamp + life,
      },
      false,
    )
  }

  function perform(event: DemoEvent) {
    if (isLeftOut(stage.room(), event.kind === 'tip' ? event.to : event.line)) return
    switch (event.kind) {
      case 'tip': {
        const [from, to] = [placeOf(event.from), placeOf(event.to)]
        const { x, y } = tipAt(
          { x: from.x + (to.x - from.x) * event.part, y: from.y + (to.y - from.y) * event.part },
          event.aside,
        )
        return stage.receive({ type: 'cursors', cursors: [[idOf(event.who), x, y]] }, false)
      }
      case 'draft':
        return stage.receive(
          {
            type: 'typing',
            message_id: `${round}-${event.line}`,
            user_id: idOf(LINES[event.line]?.who ?? 0),
            payload: event.text,
            position: placeOf(event.line),
          },
          false,
        )
      case 'posted':
        return say(event.line, event.text, lifeOf(DEFAULT_TTL, codePoints(event.text)))
    }
  }

  function step() {
    if (since === undefined) return
    const elapsed = reached + stage.now() - since
    for (let event = score[next]; event && event.at <= elapsed; event = score[next]) {
      next += 1
      perform(event)
    }
    if (elapsed >= ROUND_MS) {
      round += 1
      next = 0
      reached = 0
      since = stage.now()
      places.clear()
    }
    const due = (score[next]?.at ?? ROUND_MS) - (reached + stage.now() - since)
    timer = setTimeout(step, Math.max(0, due))
  }

  greet()
  return {
    play() {
      if (since !== undefined) return
      since = stage.now()
      step()
    },
    pause() {
      if (since === undefined) return
      clearTimeout(timer)
      reached += stage.now() - since
      since = undefined
    },
    /** One still picture, where reduced motion is set. */
    stand() {
      for (const [line, { still }] of LINES.entries())
        if (still && !isLeftOut(stage.room(), line)) say(line, texts[line] ?? '', DAY_MS)
    },
  }
}

export type Demo = ReturnType<typeof createDemo>
