/*
 * What the rules of a client need from outside.
 */
import type { ClientFrame } from './frames.ts'

export interface Host {
  /** false when there is no open connection; the frame is then not sent */
  send(frame: ClientFrame): boolean
  /** monotonic ms, for differences only */
  now(): number
  /** A hidden page sends no drafts and pointers, and asks nothing. */
  isHidden(): boolean
}
