/*
 * Shows the page, and shows it anew from the stores when it is gone: when React gave up on an error, or when somebody else
 * (an extension) removed a part that nothing works without. The stores and the connection live outside,
 * so the draft and one's place stay. A page that fails again and again is left to startup.ts, which says so.
 */
import { useLayoutEffect, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { report } from '../store/store'
import { tellTrouble } from './trouble'

/** A page that lasts less than this did not work; after so many of them in a row it is not tried again. */
const WORKED_MS = 2_000
const TRIES = 8
const LOOK_EVERY_MS = 500

/** Parts that stay for as long as the page is shown, each within the part that holds it: moved elsewhere, it fails too. */
const LASTING = '.page, main, .plane, .world, .plane textarea'

export function mount(root: HTMLElement, page: () => ReactNode) {
  let failures = 0
  let end = () => {}

  function show() {
    const shownAt = performance.now()
    const place = document.createElement('div')
    let lasting: { part: Element; within: Element }[] = []
    const react = createRoot(place, {
      onUncaughtError(error) {
        report(error)
        setTimeout(again)
      },
    })
    const look = setInterval(() => {
      // The page itself may be taken out as well.
      const there = root.isConnected && place.parentNode === root
      if (!there || lasting.some(({ part, within }) => !within.contains(part))) again()
    }, LOOK_EVERY_MS)
    function again() {
      if (end !== mine) return
      end()
      failures = performance.now() - shownAt < WORKED_MS ? failures + 1 : 0
      if (failures < TRIES) show()
      else tellTrouble('failed')
    }
    const mine = () => {
      end = () => {}
      clearInterval(look)
      try {
        react.unmount()
      } catch (error) {
        report(error)
      }
      place.remove()
    }
    end = mine
    if (!root.isConnected) document.body.prepend(root)
    root.append(place)
    // At once: what is taken out before the first look was there, too.
    const onShown = () => {
      lasting = [...place.querySelectorAll(LASTING)].map((part) => ({
        part,
        within: part.parentElement?.closest(LASTING) ?? place,
      }))
    }
    react.render(<Shown onShown={onShown}>{page()}</Shown>)
  }
  show()
}

function Shown({ onShown, children }: { onShown(): void; children: ReactNode }) {
  useLayoutEffect(onShown, [onShown])
  return children
}
