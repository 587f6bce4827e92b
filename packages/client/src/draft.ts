/*
 * This client's draft: what others see while a message is written.
 */
import { createDraftSender, type OwnDraft } from './core/drafts.ts'
import type { Position } from './core/frames.ts'
import type { Host } from './core/host.ts'
import { newId } from './core/random.ts'
import type { Message } from './events.ts'

export interface DraftWriter {
  /** All of the text so far. */
  type(text: string): void
  /** Posts it: `text`, or what was typed last. */
  say(text?: string): Promise<Message>
  /** Gives it up. */
  drop(): void
}

/** At most one at a time: a new one replaces the one before (W73). */
export function createOwnDrafts(host: Host) {
  let draft: OwnDraft | undefined
  const sender = createDraftSender(host)

  function drop() {
    if (draft) sender.withdraw(draft)
    draft = undefined
  }

  return {
    write(at: Position, say: (text: string, messageId: string) => Promise<Message>): DraftWriter {
      drop()
      const messageId = newId()
      const isOpen = () => draft?.messageId === messageId
      return {
        type(text) {
          draft = { messageId, at, text }
          sender.push(draft)
        },
        say: (text = (isOpen() && draft?.text) || '') => say(text, messageId),
        drop() {
          if (isOpen()) drop()
        },
      }
    },

    /** A message with this id is posted: it takes the place of its draft. */
    posted(messageId: string) {
      if (draft?.messageId !== messageId) return
      draft = undefined
      sender.posted()
    },

    /** W167 */
    pace: sender.pace,

    /** W16 */
    resend() {
      if (draft) sender.push(draft)
    },
  }
}
