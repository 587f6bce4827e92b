/*
 * Which messages become one cluster when zoomed out. Pure.
 */
import type { Point } from '../../canvas/model/camera'
import { zoomStep } from './window'

export interface Cluster<T> {
  readonly key: string
  readonly at: Point
  readonly members: readonly T[]
}

/** At this zoom and below, messages of a crowd are clustered. */
export const GATHER_ZOOM = 0.45
const CLUSTER_PX = 170
const CLUSTER_MIN = 3

/** Clusters those in one field of the plane. Fields do not move with the view. */
export function gatherAll<T extends { readonly at: Point }>(
  list: readonly T[],
  zoom: number,
): { clusters: Cluster<T>[]; rest: T[] } {
  if (zoom > GATHER_ZOOM) return { clusters: [], rest: [...list] }
  const step = zoomStep(zoom)
  const field = CLUSTER_PX / 2 ** (step / 2)
  const fields = new Map<string, T[]>()
  for (const each of list) {
    const key = `${step}/${Math.floor(each.at.x / field)}/${Math.floor(each.at.y / field)}`
    const there = fields.get(key)
    if (there) there.push(each)
    else fields.set(key, [each])
  }
  const clusters: Cluster<T>[] = []
  const rest: T[] = []
  for (const [key, members] of fields) {
    if (members.length < CLUSTER_MIN) {
      rest.push(...members)
      continue
    }
    const sum = members.reduce((s, { at }) => ({ x: s.x + at.x, y: s.y + at.y }), { x: 0, y: 0 })
    const at = { x: sum.x / members.length, y: sum.y / members.length }
    clusters.push({ key, at, members })
  }
  return { clusters, rest }
}
