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
export class OwnDrafts {
  #draft: OwnDraft | undefined
  #sender

  constructor(host: Host) {
    this.#sender = createDraftSender(host)
  }

  write(at: Position, say: (text: string, messageId: string) => Promise<Message>): DraftWriter {
    this.#drop()
    const messageId = newId()
    const isOpen = () => this.#draft?.messageId === messageId
    return {
      type: (text) => {
        this.#draft = { messageId, at, text }
        this.#sender.push(this.#draft)
      },
      say: (text = isOpen() ? this.#draft?.text : '') => say(text ?? '', messageId),
      drop: () => {
        if (isOpen()) this.#drop()
      },
    }
  }

  /** A message with this id is posted: it takes the place of its draft. */
  posted(messageId: string | undefined) {
    if (!this.#draft || this.#draft.messageId !== messageId) return
    this.#draft = undefined
    this.#sender.posted()
  }

  /** W167 */
  pace(perSecond: number) {
    this.#sender.pace(perSecond)
  }

  /** W16 */
  resend() {
    if (this.#draft) this.#sender.push(this.#draft)
  }

  #drop() {
    if (this.#draft) this.#sender.withdraw(this.#draft)
    this.#draft = undefined
  }
}
