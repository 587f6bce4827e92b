/*
 * Renders the page, and renders it again from the stores after React gave up on an error, or after an extension removed an
 * essential element. The stores and the connection are outside, so the draft and the view stay. If that fails repeatedly,
 * startup.ts shows a message.
 */
import { useLayoutEffect, type ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { report } from '../store/store'
import { reportTrouble } from './trouble'

/** A page that was shown for less than WORKED_MS counts as failed; after TRIES failures in a row it stays away. */
const WORKED_MS = 2_000
const TRIES = 8
const LOOK_EVERY_MS = 500

/** Essential elements. Each must stay within its container. */
const LASTING = '.page, main, .plane, .world, .plane textarea'

export function mount(root: HTMLElement, page: () => ReactNode) {
  let failures = 0
  let end = () => {}

  function show() {
    const shownAt = performance.now()
    const container = document.createElement('div')
    let lasting: { part: Element; within: Element }[] = []
    const react = createRoot(container, {
      onUncaughtError(error) {
        report(error)
        setTimeout(again)
      },
    })
    const look = setInterval(() => {
      // The page itself may have been removed.
      const there = root.isConnected && container.parentNode === root
      if (!there || lasting.some(({ part, within }) => !within.contains(part))) again()
    }, LOOK_EVERY_MS)
    function again() {
      if (end !== mine) return
      end()
      failures = performance.now() - shownAt < WORKED_MS ? failures + 1 : 0
      if (failures < TRIES) show()
      else reportTrouble('failed')
    }
    const mine = () => {
      end = () => {}
      clearInterval(look)
      try {
        react.unmount()
      } catch (error) {
        report(error)
      }
      container.remove()
    }
    end = mine
    if (!root.isConnected) document.body.prepend(root)
    root.append(container)
    // Collected at once, so that one removed before the first check is noticed.
    const onShown = () => {
      lasting = [...container.querySelectorAll(LASTING)].map((part) => ({
        part,
        within: part.parentElement?.closest(LASTING) ?? container,
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
