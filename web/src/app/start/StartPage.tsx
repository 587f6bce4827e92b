/*
 * The start page: the plane itself, with somebody on it, and the few ways in at its foot.
 */
import { useEffect, useRef, useState, type FormEvent } from 'react'
import { readAsked } from '../../features/channel/model/address'
import { fair, newName } from '../../features/channel/model/naming'
import { SHARING_STRINGS } from '../../shared/i18n/en-sharing'
import type { App } from '../../stores/app'
import type { Stage } from '../../features/demo/store/demo'
import { randomWords } from '../../shared/random'
import type { Recent } from '../../features/channel/store/recent'
import { AppContext } from '../../stores/hooks'
import { Demo } from './Demo'
import { Logo } from '../../shared/ui/Logo'
import { CALM, matches, onMedia } from '../../shared/ui/media'
import { useVisualViewport } from '../Page'
import { Recents } from '../../features/channel/Recents'
import '../../features/channel/sharing.css'
import './start.css'

const random = () => randomWords(1)[0] ?? 0
export const newAddress = () => `/c/${newName(fair(random))}`

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
      <header className="edge start-edge">
        <p className="place">
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
      <main className="start-foot" ref={foot}>
        <div>
          <h1>
            <b>{SHARING_STRINGS.what1}</b> <span>{SHARING_STRINGS.what2}</span>
          </h1>
          <div className="start-ways">
            <NewChannel />
            <Join />
          </div>
          <Recents recent={recent} />
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
      className="start-new"
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
  const asked = readAsked(text)
  const wrong = told && asked.kind === 'invalid'
  const join = (event: FormEvent) => {
    event.preventDefault()
    setTold(true)
    if (asked.kind === 'channel') location.assign(`/c/${asked.channel}${asked.hash}`)
  }
  return (
    <form className="start-join" onSubmit={join} noValidate>
      <div>
        <input
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
        <button type="submit" className="control" data-testid="join">
          {SHARING_STRINGS.joinNow}
        </button>
      </div>
      <p id="join-why" role="alert" data-testid="join-why">
        {wrong && (
          <>
            <span>{SHARING_STRINGS.rule}</span>{' '}
            {asked.nearest !== undefined && (
              <a href={`/c/${asked.nearest}`} data-testid="nearest">
                {SHARING_STRINGS.nearest(asked.nearest)}
              </a>
            )}
          </>
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
