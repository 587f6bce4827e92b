/*
 * The page: the plane, and a few quiet things at its edges that step back while you talk.
 */
import { useLayoutEffect, useState } from 'react'
import { useTalk } from './app'
import { Chips } from './Chips'
import { Following, Nearest } from './Following'
import { LinkState } from './LinkState'
import { Log } from './Log'
import { Notices, People } from './People'
import { Place } from './Place'
import { Plane } from './Plane'
import { Radar } from './Radar'
import { Zoom } from './Zoom'

export function Page() {
  const talking = useTalk((s) => s.draft !== undefined && s.draft.text !== '')
  const [peopleOpen, setPeopleOpen] = useState(false)
  useVisualViewport()
  return (
    <div className="page" data-talking={talking || undefined}>
      <Plane />
      <Chips />
      <header className="edge place-edge top-0 left-0">
        <Place />
      </header>
      <aside className="edge top-0 right-0 items-end">
        <People open={peopleOpen} setOpen={setPeopleOpen} />
        {!peopleOpen && <Notices />}
      </aside>
      <div className="edge bottom-0 left-0">
        <LinkState />
      </div>
      <div className="edge right-0 bottom-0 items-end">
        <Radar />
        <div className="zoom-row">
          <Nearest />
          <Zoom />
        </div>
      </div>
      <Following />
      <Log />
    </div>
  )
}

/**
 * The page is as large as what can be seen: where a phone's keyboard covers the layout viewport
 * instead of resizing it, the edges and the middle of the view would else lie under it.
 */
function useVisualViewport() {
  useLayoutEffect(() => {
    const viewport = window.visualViewport
    if (!viewport) return
    const fit = () => {
      // Pinched by an accessibility zoom of the browser: the layout must then stay as it is.
      if (viewport.scale > 1.01) return
      const { style } = document.documentElement
      style.setProperty('--page-top', `${viewport.offsetTop}px`)
      style.setProperty('--page-height', `${viewport.height}px`)
    }
    fit()
    viewport.addEventListener('resize', fit)
    viewport.addEventListener('scroll', fit)
    return () => {
      viewport.removeEventListener('resize', fit)
      viewport.removeEventListener('scroll', fit)
    }
  }, [])
}
