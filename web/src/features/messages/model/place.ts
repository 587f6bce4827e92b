/*
 * Where a message lies, and what that depends on. The first load needs no more of the layout than this. Pure.
 */
import type { Box, Offset } from '../../canvas/model/boxes'
import { textScale } from '../../canvas/model/camera'
import type { Entry } from '@asocial/client/core/messages'

/** from the point of a message to its text; px at text scale 1 */
export type Aside = Offset

export interface Hung extends Pick<
  Entry,
  'key' | 'userId' | 'mine' | 'at' | 'text' | 'state' | 'held' | 'timestamp' | 'goesAt'
> {
  readonly name: string
  readonly rtl: boolean
  /** what lies beside it (store/notices.ts) */
  readonly notice?: Box | undefined
  /** our own draft: everything else makes room for it */
  readonly caret?: boolean
}

export interface Place extends Aside {
  /** px; of the longest line, where there is no room for the usual length */
  readonly widest?: number | undefined
  /** a dot instead of the text; it lies `dx`, `dy` from the point */
  readonly dot: boolean
  /** with its author's name above it */
  readonly named: boolean
  /** the end of a line from the point, if the text is away from it and no other text is in between */
  readonly leader?: Aside | undefined
}

/** Also until the layout is fetched. */
export const AT_ITS_POINT: Place = { dx: 0, dy: 0, dot: false, named: true }

export const LINE_PX = 28
export const WIDEST_PX = 420

export interface Frame {
  /** pixels of text from one world unit to the next */
  readonly scale: number
  /** px, of the longest line */
  readonly widest: number
}

/**
 * Text follows the zoom within readable sizes. Beyond them it lies closer: then zooms of one step share a layout, the
 * one of the closest.
 */
export function layoutScale(zoom: number): number {
  return 2 ** (Math.floor(Math.log2(zoom / textScale(zoom)) * 4 + 0.001) / 4)
}
