/*
 * Drafts and messages that are not sent yet, kept for as long as the tab lives, so that a reload offers them again. They
 * are in the tab's own storage, which other tabs do not see. The storage key is still called `unsaid`.
 */
import type { Point } from '../../canvas/model/camera'
import type { Entry, Messages } from '@asocial/client/core/messages'
import type { Deps } from '../../../shared/store/deps'

const TEXT_MAX = 4_000
const HELD_MAX = 50
const ID = /^[\w-]{1,64}$/

interface Written {
  readonly text: string
  readonly at: Point
  /** the id under which it was sent, if it was: if it did arrive, it is recognized (W13) */
  readonly messageId?: string
}

interface Pending {
  readonly draft: Written | undefined
  /** refused, late, or without an answer */
  readonly held: readonly Written[]
}

const NOTHING: Pending = { draft: undefined, held: [] }

export function createPending({ tab }: Deps, channel: string) {
  const key = `unsaid.${channel}`
  let last = tab.read(key) ?? ''
  return {
    read: (): Pending => readPending(last),
    write(draft: Written | undefined, { entries }: Messages) {
      const held = [...entries.values()].filter(isHeldBack).slice(-HELD_MAX)
      const open = draft && draft.text.trim() !== '' ? [draft] : []
      const text =
        open.length + held.length === 0
          ? ''
          : JSON.stringify({ draft: open.map(bare)[0], held: held.map(bare) })
      if (text === last) return
      last = text
      tab.write(key, text)
    },
  }
}

const isHeldBack = ({ mine, state }: Entry) => mine && state !== 'sent' && state !== 'draft'
const bare = ({ text, at, messageId }: Written): Written =>
  messageId === undefined ? { text, at } : { text, at, messageId }

function readPending(text: string): Pending {
  let kept: unknown
  try {
    kept = JSON.parse(text)
  } catch {
    return NOTHING
  }
  if (typeof kept !== 'object' || kept === null) return NOTHING
  const { draft, held } = kept as { draft?: unknown; held?: unknown }
  return {
    draft: isWritten(draft) ? bare(draft) : undefined,
    held: Array.isArray(held) ? held.filter(isWritten).slice(0, HELD_MAX).map(bare) : [],
  }
}

function isWritten(value: unknown): value is Written {
  if (typeof value !== 'object' || value === null) return false
  const { text, at, messageId } = value as {
    text?: unknown
    at?: { x?: unknown; y?: unknown } | null
    messageId?: unknown
  }
  const isPlace = Number.isFinite(at?.x) && Number.isFinite(at?.y)
  const isId = messageId === undefined || (typeof messageId === 'string' && ID.test(messageId))
  return typeof text === 'string' && text !== '' && text.length <= TEXT_MAX && isPlace && isId
}
