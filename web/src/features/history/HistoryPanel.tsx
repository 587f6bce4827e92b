/*
 * The messages of the last minutes, searchable, newest first. A press moves the view to where a message was; dragging over
 * the text selects it. The canvas can be used while it is open.
 */
import { useEffect, useLayoutEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { ink } from '../../shared/palette'
import { matcher } from './model/search'
import { goTo } from '../navigation/store/finding'
import type { Entry } from '@asocial/client/core/messages'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { useApp, useSettings } from '../../stores/hooks'
import { mentionsSelf } from '../mentions/mentioned'
import { selectionIn } from '../../shared/ui/copy'
import { ScrollCue } from '../../shared/ui/ScrollCue'
import { returnFocus } from '../../shared/ui/escape'
import { COARSE, matches } from '../../shared/ui/media'

const SAY = PANEL_STRINGS.history
/** how often new messages are added */
const LOOK_EVERY_MS = 300
const AGE_EVERY_MS = 5_000
const ROWS = 150

export function HistoryPanel({ close }: { close(): void }) {
  const app = useApp()
  const list = useHistory()
  const muted = useStore(app.muted.store, (s) => s.people)
  const crowded = useStore(app.crowd, (s) => s.places.size > 0)
  const mentions = useSettings((s) => s.mentions)
  const [asked, setAsked] = useState('')
  const [rows, setRows] = useState(ROWS)
  const box = useRef<HTMLInputElement>(null)
  const panel = useRef<HTMLElement>(null)

  useLayoutEffect(() => {
    const before = document.activeElement
    const here = panel.current
    // A phone would open its keyboard over the list.
    const first = matches(COARSE) ? here : box.current
    first?.focus({ preventScroll: true })
    return () => {
      // The focus may be on the canvas by now, and stays there.
      if (here?.contains(document.activeElement)) returnFocus(before)
    }
  }, [])

  const nameOf = ({ mine, userId, name }: Entry) =>
    mine ? STRINGS.you : ((userId && app.presence.profile(userId)?.name) ?? name ?? STRINGS.someone)
  const colorOf = ({ userId, color }: Entry) =>
    (userId && app.presence.profile(userId)?.color) ?? color
  const fits = matcher(asked)
  const found = list.filter(
    (entry) =>
      (entry.mine || !muted.has(entry.userId ?? '')) && fits(`${nameOf(entry)} ${entry.text}`),
  )
  const shown = found.slice(-rows).reverse()

  const show = (entry: Entry) => {
    app.messages.recall(entry)
    const { at, userId, text } = entry
    goTo(app, [{ id: '', userId, kind: 'message', at, typing: false, text }])
    if (matches('(max-width: 560px)')) close()
  }
  return (
    <section
      ref={panel}
      className="panel absolute start-2.5 end-auto top-auto bottom-[max(56px,env(safe-area-inset-bottom)+56px)] m-0 flex max-h-[min(560px,var(--page-height,100dvh)-120px)] w-[min(340px,100vw-20px)] flex-col short:bottom-2.5 short:z-2 short:max-h-[calc(var(--page-height,100dvh)-20px)] py-2.5 ps-3.5 pe-2 text-sm/5 focus-visible:outline-none"
      role="dialog"
      aria-label={SAY.title}
      tabIndex={-1}
      data-testid="history-panel"
    >
      <div className="sticky -top-2.5 z-1 -mt-2.5 mb-1 flex items-center gap-1 bg-backdrop pt-2 pb-0.5">
        <input
          ref={box}
          type="search"
          // Smaller text, and phones zoom in on it.
          className="min-h-[34px] min-w-0 flex-1 rounded-none border-b border-line bg-transparent text-base/5 placeholder:text-faint placeholder:opacity-100 focus-visible:border-current focus-visible:outline-none pointer-coarse:min-h-11"
          value={asked}
          placeholder={SAY.searchShort}
          aria-label={SAY.search}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setAsked(event.target.value)}
          data-testid="history-search"
        />
        <button
          type="button"
          className="control quiet bg-transparent"
          onClick={close}
          data-testid="close-history"
        >
          {OTHERS_STRINGS.close}
        </button>
      </div>
      {/* The number of hits is announced after a search, not with each new message. */}
      <p className="sr-only" role="status">
        {asked === '' ? '' : SAY.found(found.length)}
      </p>
      {shown.length === 0 && (
        <p className="py-3 text-faint">{asked === '' ? SAY.nothing : SAY.notFound}</p>
      )}
      <ol>
        {shown.map((entry) => (
          <li key={entry.key} className="items-stretch">
            {/* Not inside the button, where text cannot be selected. */}
            <div
              className="-ms-2 w-full cursor-pointer rounded-[10px] px-2 py-[5px] hover:bg-ground/70 pointer-coarse:min-h-11"
              onClick={({ currentTarget }) => {
                if (!selectionIn(currentTarget)) show(entry)
              }}
              data-testid="history-entry"
            >
              <button
                type="button"
                className="flex w-full cursor-pointer justify-between gap-3 text-start text-xs/4 font-[560] pointer-coarse:min-h-6"
                style={{ color: ink(colorOf(entry)) }}
                aria-label={OTHERS_STRINGS.goToPerson(STRINGS.messageBy(nameOf(entry), entry.text))}
              >
                <bdi className="truncate" translate="no">
                  {nameOf(entry)}
                </bdi>{' '}
                {mentions && mentionsSelf(app, entry) && (
                  <b className="me-auto flex-none" data-testid="mentions-you">
                    {SAY.mentionsYou}
                  </b>
                )}
                <time className="flex-none font-[430] text-faint tabular-nums">
                  {SAY.time(entry.timestamp)}
                </time>
              </button>
              <p
                className="line-clamp-4 cursor-text wrap-anywhere whitespace-pre-wrap select-text"
                dir="auto"
              >
                {entry.text}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {found.length > rows && (
        <button
          type="button"
          className="control quiet bg-transparent"
          onClick={() => setRows(rows + ROWS)}
        >
          {SAY.more(found.length - rows)}
        </button>
      )}
      <p className="pt-2 text-xs/4 text-faint">
        <span>{SAY.kept}</span>
        {crowded && <span> {SAY.crowd}</span>}
      </p>
      <ScrollCue className="-ms-3.5 -me-2 [--foot:2px]" />
    </section>
  )
}

/** The messages, oldest first: a copy, taken a few times a second at most. */
function useHistory(): readonly Entry[] {
  const { history } = useApp()
  const [list, setList] = useState<readonly Entry[]>(() => [...history.all()])
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const look = () => {
      timer = undefined
      setList([...history.all()])
    }
    const stop = history.store.subscribe(() => {
      timer ??= setTimeout(look, LOOK_EVERY_MS)
    })
    const aging = setInterval(look, AGE_EVERY_MS)
    return () => {
      clearTimeout(timer)
      clearInterval(aging)
      stop()
    }
  }, [history])
  return list
}
