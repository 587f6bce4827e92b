/*
 * The layout of messages, which is fetched when there is more than our own first text. Until then everything lies at its point.
 */
import { lazyModule } from '../../shared/ui/lazy'
import type { Point } from '../canvas/model/camera'
import type { App } from '../../stores/app'

export const room = lazyModule(() => import('./view/making-room'))

/** The place for a caret that is to open at a world point. */
export const freePlace = (at: Point, app: App): Point => room.get()?.freePlace(at, app) ?? at
