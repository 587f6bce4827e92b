/*
 * Inviting others: a link to the channel or to this spot, as a QR code, for the share sheet of the system where there
 * is one, or for the clipboard.
 */
import { useEffect, useRef, useState } from 'react'
import { useStore } from 'zustand'
import { addressOf, withSpot } from '../model/address'
import { SHARING_STRINGS } from '../../../shared/i18n/en-sharing'
import { useApp, useSession } from '../../../stores/hooks'
import { copyText } from '../../../shared/ui/copy'
import { Panel } from '../../../shared/ui/Panel'
import { useInviting } from './Inviting'
import { QrCode } from './QrCode'

const FEEDBACK_MS = 2_200
const ACT = 'control flex-1 justify-center bg-ground/70 font-semibold'

export function Share({ close }: { close(): void }) {
  const { camera } = useApp()
  const channel = useSession((s) => s.channel)
  const fragment = useSession((s) => s.fragment)
  const view = useStore(camera.store, (s) => s.camera)
  const [spot, setSpot] = useState(false)
  const [copied, setCopied] = useState<'no' | 'yes' | 'by-hand'>('no')
  const field = useRef<HTMLInputElement>(null)
  const inviting = useInviting()
  const link = inviting.link ?? addressOf(location.origin, { channel, fragment })
  const address = spot ? withSpot(link, view) : link

  useEffect(() => {
    if (copied === 'by-hand') field.current?.select()
    if (copied !== 'yes') return
    const timer = setTimeout(() => setCopied('no'), FEEDBACK_MS)
    return () => clearTimeout(timer)
  }, [copied])

  const copy = async () => setCopied((await copyText(address)) ? 'yes' : 'by-hand')
  const send = async () => {
    try {
      await navigator.share({ title: 'Asocial', url: address })
    } catch (error) {
      // AbortError: the user closed the share sheet.
      if (!(error instanceof DOMException && error.name === 'AbortError')) await copy()
    }
  }
  const said =
    copied === 'by-hand'
      ? SHARING_STRINGS.copyYourself
      : copied === 'yes'
        ? SHARING_STRINGS.copied
        : ''
  const choice = (isSpot: boolean, words: string, testId: string) => (
    <label className="flex-1 cursor-pointer">
      <input
        type="radio"
        name="what"
        className="peer sr-only"
        checked={spot === isSpot}
        onChange={() => {
          setSpot(isSpot)
          setCopied('no')
        }}
        data-testid={testId}
      />
      <span className="grid min-h-[34px] place-items-center rounded-[10px] text-faint outline-current forced-colors:peer-checked:border peer-checked:bg-ground/70 peer-checked:font-semibold peer-checked:text-ink peer-focus-visible:outline-2 peer-focus-visible:-outline-offset-2 pointer-coarse:min-h-11">
        {words}
      </span>
    </label>
  )
  if (!inviting.ready) {
    return (
      <Panel label={SHARING_STRINGS.share} testId="share-panel" close={close}>
        {inviting.shown}
      </Panel>
    )
  }
  const actions = (
    <>
      {canSend(address) && (
        <button type="button" className={ACT} onClick={() => void send()} data-testid="send-link">
          {SHARING_STRINGS.send}
        </button>
      )}
      <button
        type="button"
        className={ACT}
        onClick={() => void copy()}
        data-testid="copy-link"
        data-copied={copied === 'yes' || undefined}
      >
        {said || SHARING_STRINGS.copy}
      </button>
    </>
  )
  return (
    <Panel
      className="short:w-[520px]"
      label={SHARING_STRINGS.share}
      testId="share-panel"
      close={close}
      actions={actions}
    >
      {/* On a short page the code is beside the rest, and as high as there is room. */}
      <div className="short:grid short:grid-cols-[auto_minmax(0,1fr)] short:grid-rows-[auto_auto_auto_1fr] short:gap-x-4">
        {inviting.shown !== null && <div className="short:col-start-2">{inviting.shown}</div>}
        <fieldset className="-mx-1 -mt-1 mb-2 flex gap-1 short:col-start-2">
          <legend className="sr-only">{SHARING_STRINGS.what}</legend>
          {choice(false, SHARING_STRINGS.thisChannel, 'share-channel')}
          {choice(true, SHARING_STRINGS.thisSpot, 'share-spot')}
        </fieldset>
        <div className="short:col-start-1 short:row-span-4 short:row-start-1 short:w-[clamp(120px,var(--page-height)-156px,240px)]">
          <QrCode text={address} label={SHARING_STRINGS.qr} />
        </div>
        <input
          ref={field}
          className="mt-2 w-full rounded-none border-b border-line bg-transparent py-1 text-ellipsis short:col-start-2 pointer-coarse:min-h-11"
          dir="ltr"
          readOnly
          value={address}
          aria-label={copied === 'by-hand' ? SHARING_STRINGS.copyYourself : SHARING_STRINGS.address}
          onFocus={(event) => event.currentTarget.select()}
          data-testid="share-address"
        />
        {spot && (
          <p className="mt-1.5 text-[13px]/[18px] text-faint short:col-start-2">
            {SHARING_STRINGS.spotKept}
          </p>
        )}
      </div>
      {/* Beside the button: what is inside of a button is its name, and is not announced. */}
      <p className="sr-only" role="status">
        {said}
      </p>
    </Panel>
  )
}

/** Only some browsers, and only on https, have a share sheet; the types do not know. */
function canSend(url: string): boolean {
  const { share, canShare } = navigator as Partial<Navigator>
  return share !== undefined && (canShare === undefined || navigator.canShare({ url }))
}
