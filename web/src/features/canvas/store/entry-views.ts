/*
 * What the view showed last at each entry of the tab's history, for Back and Forward. A link to a spot of the channel makes
 * an entry without loading the page, and the address alone does not say where the view was: without a hash it could be
 * anywhere.
 */
import type { Deps } from '../../../shared/store/deps'
import { HOME, type Camera } from '../model/camera'
import { readSpot } from '../model/spot'
import type { CameraStore } from './camera'

/** In the state of an entry: under which key its view is stored. */
const VIEW = 'view'

export function createEntryViews({ entry, tab }: Pick<Deps, 'entry' | 'tab'>, camera: CameraStore) {
  // The storage of the tab survives a reload, but may be forbidden.
  const views = new Map<string, Camera>()
  const named = () => {
    const key = `${VIEW}.${Math.random().toString(36).slice(2)}`
    entry.write(VIEW, key)
    return key
  }
  let shown = entry.read(VIEW) ?? named()
  return {
    /** A link was opened in the tab, or Back or Forward (`again`: the entry was shown before). `spot`: of its address. */
    onEntry(spot: Camera | undefined, again: boolean) {
      const left = camera.goal()
      views.set(shown, left)
      tab.write(shown, `#${[left.x, left.y, left.zoom].map((each) => each.toFixed(3)).join()}`)
      const before = again ? entry.read(VIEW) : undefined
      shown = before ?? named()
      const kept = views.get(shown) ?? readSpot(tab.read(shown) ?? '')
      // The link may lead to no spot: then the view stays.
      const to = before ? (kept ?? spot ?? HOME) : spot
      if (to) camera.flyTo(to)
    },
  }
}
