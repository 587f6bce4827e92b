/*
 * Where the notices of our messages that were not sent lie: the view measures it, and the layout keeps new text off them.
 */
import { createStore } from '../../../shared/store/store'
import type { Box } from '../../canvas/model/boxes'

/** By the key of the message, from the first corner of its text, px at text scale 1. */
export const notices = createStore<{ readonly beside: ReadonlyMap<string, Box> }>(() => ({
  beside: new Map(),
}))
