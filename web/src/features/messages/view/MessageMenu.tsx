/*
 * The menu of a message: a list of what you can do with it, under its text, or above where there is no room. It lies over
 * the canvas at the size of other controls, whatever the zoom. A press beside it closes it and does nothing else.
 */
import { useEffectEvent, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { Entry } from '@asocial/client/core/messages'
import { STRINGS } from '../../../shared/i18n/en'
import { PANEL_STRINGS } from '../../../shared/i18n/en-panels'
import { clamp } from '../../canvas/model/camera'
import { commandOf } from '../../../shared/keys/keys'
import { copyText, selectionIn } from '../../../shared/ui/copy'
import { returnFocus, useEscape } from '../../../shared/ui/escape'
import { isSpace, writes } from '../../../shared/ui/keyboard'
import { safeArea } from '../../../shared/ui/safe-area'
import { below } from '../Caret'
import { focusCaret, openCaret } from '../open-caret'
import { leave as leaveMessage, putAway } from './hold'
import type { App } from '../../../stores/app'
import { useApp, usePresence, useProfile } from '../../../stores/hooks'

const SAY = PANEL_STRINGS.message
const EDGE_PX = 8
const GAP_PX = 6

/** Says of a message that it is gone for everyone else. */
export const Outlived = () => <span className="outlived">{SAY.outlived}</span>

const bodyOf = ({ key }: Entry) =>
  document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"] .message-body`)

export function MessageMenu({ entry, close }: { entry: Entry; close(): void }) {
  const app = useApp()
  const menu = useRef<HTMLDivElement>(null)
  const [opener] = useState(() => document.activeElement)
  const alone = usePresence((s) => s.presence.count <= 1)
  const name = useProfile(entry.userId)?.name ?? entry.name ?? STRINGS.someone

  const place = useEffectEvent(() => {
    const element = menu.current
    const [words, author] = ['.words', '.author'].map((each) =>
      bodyOf(entry)?.querySelector(each)?.getBoundingClientRect(),
    )
    if (!element || !words) return
    const { offsetWidth: width, offsetHeight: height } = element
    const safe = safeArea()
    const { innerWidth, innerHeight } = window
    const start = document.dir === 'rtl' ? words.right - width : words.left
    const lowest = innerHeight - safe.bottom - EDGE_PX - height
    const under = words.bottom + GAP_PX
    // A dot has no name that is shown.
    const over = author?.height ? author.top : words.top
    const top = under <= lowest ? under : over - GAP_PX - height
    element.style.left = `${clamp(start, safe.left + EDGE_PX, innerWidth - safe.right - EDGE_PX - width)}px`
    element.style.top = `${clamp(top, safe.top + EDGE_PX, Math.max(safe.top + EDGE_PX, lowest))}px`
  })
  useLayoutEffect(() => {
    place()
    menu.current?.querySelector('button')?.focus({ preventScroll: true })
    return app.camera.store.subscribe((now, before) => {
      // The menu does not follow the canvas. A phone's keyboard that closes now makes the view larger.
      if (now.camera !== before.camera) close()
      else place()
    })
  }, [app, close])

  const leave = () => {
    close()
    returnFocus(opener)
  }
  useEscape(true, leave)
  useLayoutEffect(() => {
    const onPress = ({ target }: PointerEvent) => {
      if (target instanceof Node && menu.current?.contains(target)) return
      close()
      // On the canvas, the click of this press would begin to write; on this message, it would open the menu again.
      const pressed = target instanceof Element && target.closest('.message-body, .plane')
      if (pressed && (pressed.matches('.plane') || pressed === bodyOf(entry))) swallowClick()
    }
    window.addEventListener('pointerdown', onPress, true)
    return () => window.removeEventListener('pointerdown', onPress, true)
  }, [close, entry])

  const reply = () => {
    const message = bodyOf(entry)
    close()
    if (message) openCaret(app, below(message, app))
  }
  const react = () => {
    const { left = 0, top = 0, width = 0 } = bodyOf(entry)?.getBoundingClientRect() ?? {}
    leave()
    app.reactions.choose({ place: { x: left + width / 2, y: top }, target: entry.at, byKey: true })
  }
  const copy = async () => {
    const message = bodyOf(entry)
    const text = (message && selectionIn(message)) || entry.text
    leave()
    app.toast.show((await copyText(text)) ? SAY.copied : SAY.notCopied)
  }
  const act = (run: typeof putAway) => () => {
    const message = bodyOf(entry)
    leave()
    run(app, entry, message)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const { nativeEvent, currentTarget } = event
    const { draft } = app.messages.store.getState()
    if (writes(nativeEvent) || (draft && isSpace(nativeEvent))) {
      // The letter is typed into the caret, which has the focus by then.
      if (draft) {
        close()
        focusCaret()
      } else reply()
      return
    }
    const items = [...currentTarget.querySelectorAll('button')]
    const at = items.indexOf(document.activeElement as HTMLButtonElement)
    const command = commandOf(nativeEvent)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[command]
    if (command === 'Tab') leave()
    else if (next === undefined) return
    else items.at(next % items.length)?.focus()
    event.preventDefault()
    event.stopPropagation()
  }

  const item = (label: string, testId: string, run: () => void, spoken = label) => (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className="min-h-[34px] cursor-pointer rounded-lg px-3 text-start hover:bg-ground focus-visible:-outline-offset-2 pointer-coarse:min-h-11"
      aria-label={spoken}
      onClick={run}
      data-testid={testId}
    >
      {label}
    </button>
  )
  return (
    <div
      ref={menu}
      className="fixed z-5 flex min-w-[132px] flex-col rounded-[14px] forced-colors:border bg-backdrop p-1 text-sm/5 text-ink shadow-[0_1px_8px_#0003]"
      role="menu"
      aria-label={STRINGS.messageBy(entry.mine ? STRINGS.you : name, entry.text)}
      onKeyDown={onKeyDown}
      data-testid="message-menu"
    >
      {item(SAY.reply, 'reply', reply)}
      {!alone && item(SAY.react, 'react-to', react)}
      {item(SAY.copy, 'copy', () => void copy())}
      {item(SAY.putAway, 'put-away', act(putAway))}
      {!entry.mine && item(SAY.mute, 'mute', act(muteAuthor), SAY.mutePerson(name))}
    </div>
  )
}

function muteAuthor(app: App, { userId, ...entry }: Entry, message: HTMLElement | null) {
  if (userId === undefined) return
  const { muted, messages, presence, toast } = app
  const theirs = [...messages.store.getState().messages.entries.values()].filter(
    (each) => each.userId === userId && each.state === 'sent',
  )
  const name = presence.profile(userId)?.name ?? entry.name ?? ''
  leaveMessage(message)
  muted.mute(userId, name)
  toast.show(SAY.mutedNow(name), () => {
    muted.unmute(userId)
    messages.restore(theirs)
  })
}

/** The next click goes nowhere, unless another press comes first. */
function swallowClick() {
  const never = (event: Event) => {
    event.preventDefault()
    event.stopPropagation()
    forget()
  }
  const forget = () => {
    window.removeEventListener('click', never, true)
    window.removeEventListener('pointerdown', forget, true)
  }
  window.addEventListener('click', never, true)
  // Not this press itself, which is still on its way.
  setTimeout(() => window.addEventListener('pointerdown', forget, true))
}
