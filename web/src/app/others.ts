/*
 * The parts of with-others.ts, each fetched with that file when it is first shown.
 */
import { later } from '../shared/ui/lazy'

export const Bursts = later(() => import('./with-others').then((m) => m.Bursts))
export const Chips = later(() => import('./with-others').then((m) => m.Chips))
export const Clusters = later(() => import('./with-others').then((m) => m.Clusters))
export const Following = later(() => import('./with-others').then((m) => m.Following))
export const Notifications = later(() => import('./with-others').then((m) => m.Notifications))
export const Leader = later(() => import('./with-others').then((m) => m.Leader))
export const Nearest = later(() => import('./with-others').then((m) => m.Nearest))
export const Palette = later(() => import('./with-others').then((m) => m.Palette))
export const Radar = later(() => import('./with-others').then((m) => m.Radar))
