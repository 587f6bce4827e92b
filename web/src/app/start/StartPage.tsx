/*
 * The start page: a demonstration on the canvas, and below it the ways to a channel.
 */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { readAsked } from '../../features/channel/model/address'
import { fair, newName } from '../../features/channel/model/naming'
import { SEALED_STRINGS } from '../../shared/i18n/en-sealed'
import { SHARING_STRINGS } from '../../shared/i18n/en-sharing'
import type { App } from '../../stores/app'
import type { Stage } from '../../features/demo/store/demo'
import { randomWords } from '@asocial/client/core/random'
import type { Recent } from '../../features/channel/store/recent'
import { AppContext } from '../../stores/hooks'
import { Demo } from './Demo'
import { LockIcon } from '../../features/sealed/LockIcon'
import { Logo } from '../../shared/ui/Logo'
import { CALM, matches, onMedia } from '../../shared/ui/media'
import { useVisualViewport } from '../Page'
import { Recents } from '../../features/channel/Recents'

const random = () => randomWords(1)[0] ?? 0
export const newAddress = () => `/c/${newName(fair(random))}`

/** A soft backdrop, as messages have. */
const BACKDROP =
  'before:absolute before:-inset-x-[12%] before:-top-[90px] before:-bottom-[210px] before:bg-[radial-gradient(closest-side,var(--backdrop)_46%,color-mix(in_srgb,var(--backdrop)_74%,transparent)_64%,color-mix(in_srgb,var(--backdrop)_22%,transparent)_84%,transparent)]'

export interface Scene {
  readonly app: App
  readonly receive: Stage['receive']
}

interface StartProps {
  /** an empty plane for the demonstration */
  setUp(): Scene
  recent: Recent
}

export function StartPage({ setUp, recent }: StartProps) {
  const foot = useRef<HTMLElement>(null)
  const calm = useCalm()
  const [resting, setResting] = useState(false)
  useVisualViewport()
  return (
    <div className="page start" data-testid="start">
      <Stand
        key={String(calm)}
        setUp={setUp}
        mode={calm ? 'stand' : resting ? 'rest' : 'play'}
        foot={foot}
      />
      <header className="edge inset-x-0 top-0 flex-row justify-between">
        <p className="flex min-h-[34px] min-w-0 items-center gap-2 rounded-[10px] bg-ground/80 ps-1.5 pe-1 font-semibold pointer-coarse:min-h-11">
          <Logo />
          <span translate="no">Asocial</span>
        </p>
        {!calm && (
          <button
            type="button"
            className="control quiet"
            aria-pressed={resting}
            aria-label={SHARING_STRINGS.rest}
            title={SHARING_STRINGS.rest}
            onClick={() => setResting(!resting)}
            data-testid="rest"
          >
            <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
              <path
                d={resting ? 'M7 4.5l8 5.5-8 5.5z' : 'M7.5 5v10M12.5 5v10'}
                stroke="currentColor"
                strokeWidth="1.7"
                strokeLinecap="round"
                strokeLinejoin="round"
                fill="none"
              />
            </svg>
          </button>
        )}
      </header>
      <main className={`absolute inset-x-0 bottom-0 ${BACKDROP}`} ref={foot}>
        <div className="relative flex max-h-[var(--page-height,100dvh)] flex-col items-center gap-5 overflow-y-auto pt-6 pr-[max(20px,env(safe-area-inset-right))] pb-[max(34px,env(safe-area-inset-bottom))] pl-[max(20px,env(safe-area-inset-left))] text-center narrow:gap-3.5 narrow:pb-[max(18px,env(safe-area-inset-bottom))] low:gap-2 low:py-3">
          <h1 className="text-[29px]/[1.3] font-semibold text-balance max-[900px]:text-[24px]/[1.3]">
            <b className="[font-weight:inherit]">{SHARING_STRINGS.what1}</b>{' '}
            <span className="font-[340] max-[900px]:block max-[900px]:text-[18px]/[26px] low:inline">
              {SHARING_STRINGS.what2}
            </span>
          </h1>
          <div className="flex max-w-full flex-wrap items-start justify-center gap-x-[26px] gap-y-2.5 text-base/6">
            <NewChannel />
            <Join />
          </div>
          <p className="-mt-1.5 max-w-[34em] text-sm/5 text-balance text-faint">
            <a
              className="inline-block py-1 text-ink underline underline-offset-[3px] pointer-coarse:py-3"
              href="/s/#new"
              aria-describedby="sealed-why"
              data-testid="new-sealed"
            >
              <LockIcon />
              {SEALED_STRINGS.open}
            </a>{' '}
            <span id="sealed-why" className="inline-block">
              {SEALED_STRINGS.openWhy}
            </span>
          </p>
          <Recents recent={recent} look="row" />
        </div>
      </main>
    </div>
  )
}

type StandProps = Pick<StartProps, 'setUp'> & Pick<Parameters<typeof Demo>[0], 'mode' | 'foot'>

function Stand({ setUp, mode, foot }: StandProps) {
  const [{ app, receive }] = useState(setUp)
  return (
    <AppContext value={app}>
      <Demo receive={receive} mode={mode} foot={foot} />
    </AppContext>
  )
}

/** A link, so that it can be opened in another tab too; each time it leads somewhere new. */
function NewChannel() {
  const [address, setAddress] = useState(newAddress)
  useEffect(() => {
    const renew = () => setAddress(newAddress())
    window.addEventListener('pageshow', renew)
    return () => window.removeEventListener('pageshow', renew)
  }, [])
  return (
    <a
      className="rounded-[22px] forced-colors:border bg-ink px-[22px] py-2.5 font-semibold text-ground transition-opacity duration-200 hover:opacity-86"
      href={address}
      onClick={() => setTimeout(() => setAddress(newAddress()))}
      data-testid="new-channel"
    >
      {SHARING_STRINGS.newChannel}
    </a>
  )
}

function Join() {
  const [text, setText] = useState('')
  const [told, setTold] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const asked = readAsked(text)
  const empty = told && asked.kind === 'nothing'
  const wrong = empty || (told && asked.kind === 'invalid')
  const join = (event: FormEvent) => {
    event.preventDefault()
    setTold(true)
    if (asked.kind === 'channel') location.assign(`/c/${asked.channel}${asked.hash}`)
    else if (asked.kind === 'sealed') location.assign(`/s/${asked.hash}`)
    else field.current?.focus()
  }
  return (
    <form className="contents" onSubmit={join} noValidate>
      <div className="flex min-h-11 flex-wrap items-center justify-center gap-x-2.5 gap-y-1">
        <input
          className="min-h-[34px] w-[11.5em] rounded-none border-b border-faint bg-transparent placeholder:font-[320] placeholder:text-faint focus-visible:-mb-px focus-visible:border-b-2 focus-visible:border-ink focus-visible:outline-none pointer-coarse:min-h-11"
          ref={field}
          value={text}
          placeholder={SHARING_STRINGS.join}
          aria-label={SHARING_STRINGS.join}
          autoComplete="off"
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          enterKeyHint="go"
          aria-invalid={wrong}
          aria-describedby="join-why"
          onChange={(event) => setText(event.target.value)}
          data-testid="join-name"
        />
        <button type="submit" className="control font-semibold" data-testid="join">
          {SHARING_STRINGS.joinNow}
        </button>
      </div>
      <p className={`basis-full text-sm/5 ${wrong ? '' : '-mt-2.5'}`}>
        <span id="join-why" role="alert" data-testid="join-why">
          {wrong && (empty ? SHARING_STRINGS.joinEmpty : SHARING_STRINGS.rule)}
        </span>{' '}
        {wrong && asked.kind === 'invalid' && asked.nearest !== undefined && (
          <a
            className="inline-block py-1 underline underline-offset-[3px]"
            href={`/c/${asked.nearest}`}
            data-testid="nearest"
          >
            {SHARING_STRINGS.nearest(asked.nearest)}
          </a>
        )}
      </p>
    </form>
  )
}

function useCalm(): boolean {
  const [calm, setCalm] = useState(() => matches(CALM))
  useEffect(() => onMedia(CALM, () => setCalm(matches(CALM))), [])
  return calm
}
