/*
 * What others see of us, our pointer and our draft: when it is sent again, and how often it is sent.
 */
import type { ServerFrame } from './frames.ts'
import { createRepeat } from './repeat.ts'

interface Sender {
  /** at most so many a second */
  pace(perSecond: number): void
  resend(): void
}

export function createOwn(pointer: Sender, drafts: Sender) {
  let isCrowd = false

  const pace = (cursors: number, typing: number) => {
    pointer.pace(cursors)
    drafts.pace(typing)
  }

  const resend = () => {
    pointer.resend()
    drafts.resend()
  }
  const resendSoon = createRepeat(resend)

  return {
    isCrowd: () => isCrowd,

    /**
     * Takes each frame of the server. Presence must have taken it first, so that we know who is here when we send again.
     * `fresh`: it is the first frame of a connection. Returns whether a crowd began or ended.
     */
    receive(frame: ServerFrame, fresh: boolean): boolean {
      const { type } = frame
      const before = isCrowd
      if (type === 'pace') pace(frame.cursors_per_second, frame.drafts_per_second)
      if (type === 'user_sync') isCrowd = frame.crowd === true
      if (type === 'crowd') isCrowd = frame.on
      // W167: the pace ends with the crowd.
      if (before && !isCrowd) pace(Infinity, Infinity)
      const changed = before !== isCrowd
      if (fresh) resend()
      // A crowd counts us where we point. After it, and after an outage (W29), some have neither our pointer nor our draft.
      if (changed || type === 'user_joined' || type === 'restored') resendSoon()
      return changed
    },
  }
}
