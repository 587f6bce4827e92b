/*
 * Our draft on the pages of others: sent letter by letter, throttled, and withdrawn if it is given up.
 */
import type { Position } from './frames.ts'
import type { Host } from './host.ts'
import { throttle } from './throttle.ts'

const EVERY_MS = 40

export interface OwnDraft {
  readonly messageId: string
  readonly at: Position
  readonly text: string
}

export function createDraftSender({ send, isHidden, now }: Host) {
  /** whether others may see a draft of ours */
  let shown = false
  const typing = throttle<OwnDraft>(
    EVERY_MS,
    ({ messageId, at, text }) => {
      // A hidden page sends nothing, also when someone joins (W16).
      if (isHidden()) return
      shown = text !== ''
      send({ type: 'typing', message_id: messageId, payload: text, position: at })
    },
    now,
  )
  return {
    push: typing.push,
    /** In a crowd: at most so many a second (W167). */
    pace: typing.pace,
    /** The `chat` takes its place (W13). */
    posted() {
      typing.cancel()
      shown = false
    },
    /** Removes it from others' pages. */
    withdraw({ messageId: message_id, at: position }: OwnDraft) {
      typing.cancel()
      if (!shown) return
      shown = false
      send({ type: 'typing', message_id, payload: '', position })
    },
  }
}
