/*
 * The parts of with-others.ts, each fetched with that file when it is first shown.
 */
import { lazy } from '../shared/ui/lazy'

export const Bursts = lazy(() => import('./with-others').then((m) => m.Bursts))
export const Chips = lazy(() => import('./with-others').then((m) => m.Chips))
export const Clusters = lazy(() => import('./with-others').then((m) => m.Clusters))
export const CrowdPlaces = lazy(() => import('./with-others').then((m) => m.CrowdPlaces))
export const Followers = lazy(() => import('./with-others').then((m) => m.Followers))
export const Following = lazy(() => import('./with-others').then((m) => m.Following))
export const Notifications = lazy(() => import('./with-others').then((m) => m.Notifications))
export const Leader = lazy(() => import('./with-others').then((m) => m.Leader))
export const Nearest = lazy(() => import('./with-others').then((m) => m.Nearest))
export const Notices = lazy(() => import('./with-others').then((m) => m.Notices))
export const Palette = lazy(() => import('./with-others').then((m) => m.Palette))
export const Pen = lazy(() => import('./with-others').then((m) => m.Pen))
export const Minimap = lazy(() => import('./with-others').then((m) => m.Minimap))
