/*
 * Who joined and left, and that there is nobody to go to, as one line that soon vanishes. The status region around it is part
 * of the first load (app/Page.tsx). It keeps off the text that you write.
 */
import { useLayoutEffect, useRef } from 'react'
import { useStore } from 'zustand'
import { NAMED_MAX } from './model/notices'
import { ink } from '../../shared/palette'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { meet } from '../canvas/model/boxes'
import { onMoved } from '../canvas/on-moved'
import { boxesOf, boxOf, CARET, cornerOf } from '../canvas/text-boxes'
import { useApp, usePresence } from '../../stores/hooks'

const LOOK_EVERY_MS = 100
/** between a notice and the text, px */
const APART_PX = 4

const NOTICE =
  'ms-auto flex w-fit max-w-[min(320px,100vw-20px)] animate-notice flex-col rounded-[10px] bg-ground/80 px-2'

export function Notices() {
  const notice = usePresence((s) => s.notice)
  const clearedBy = usePresence((s) => s.clearedBy)
  const missed = useStore(useApp().navigation.store, (s) => s.missed)
  const mark = useKeptOffCaret()
  return (
    <>
      <i hidden ref={mark} />
      {missed && <p className={NOTICE}>{OTHERS_STRINGS.missed[missed]}</p>}
      {clearedBy && (
        <p className={NOTICE} style={{ color: ink(clearedBy.color) }}>
          {OTHERS_STRINGS.cleared(clearedBy.name)}
        </p>
      )}
      {notice && (
        <p key={notice.id} className={NOTICE}>
          {(['joined', 'left'] as const).map((kind) => {
            const users = [...notice[kind].values()]
            const [first] = users
            const named = users.length > NAMED_MAX ? [] : users.map(({ name }) => name)
            return (
              first && (
                <span
                  key={kind}
                  style={{ color: users.length === 1 ? ink(first.color) : undefined }}
                >
                  {OTHERS_STRINGS[kind](named, users.length)}
                </span>
              )
            )
          })}
        </p>
      )}
    </>
  )
}

/** Moves the region around the element below the text that you write, where it would lie on it. */
function useKeptOffCaret() {
  const app = useApp()
  const mark = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const region = mark.current?.parentElement
    if (!region) return
    const place = () => {
      region.style.translate = region.style.opacity = ''
      const corner = cornerOf()
      if (!corner || !app.messages.store.getState().draft) return
      const own = boxOf(region, corner)
      const [caret] = boxesOf(CARET)
      if (!caret || !meet(own, caret)) return
      const down = caret.bottom + APART_PX - own.top
      // Not seen where there is no room; a screen reader still says it.
      if (own.bottom + down > app.camera.store.getState().view.height) region.style.opacity = '0'
      else region.style.translate = `0 ${down}px`
    }
    place()
    const stops = [onMoved(app, LOOK_EVERY_MS, place), app.navigation.store.subscribe(place)]
    return () => {
      for (const stop of stops) stop()
      region.style.translate = region.style.opacity = ''
    }
  }, [app])
  return mark
}
