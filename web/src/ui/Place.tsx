/*
 * Where you are, and the link that brings others here.
 */
import { useEffect, useRef, useState } from 'react'
import { WORDS } from '../domain/words'
import { useSession } from './app'
import { Chain, Mark } from './Mark'

const FEEDBACK_MS = 2_200

export function Place() {
  const channel = useSession((s) => s.channel)
  const [copied, setCopied] = useState<'no' | 'yes' | 'by-hand'>('no')
  const byHand = useRef<HTMLInputElement>(null)

  useEffect(() => {
    if (copied === 'by-hand') byHand.current?.select()
    if (copied !== 'yes') return
    const timer = setTimeout(() => setCopied('no'), FEEDBACK_MS)
    return () => clearTimeout(timer)
  }, [copied])

  const address = `${location.origin}/c/${channel}`
  const copy = async () => setCopied((await copyText(address)) ? 'yes' : 'by-hand')
  return (
    <div className="flex min-w-0 items-center gap-1">
      <h1 className="place">
        <Mark />
        <span className="sr-only">Asocial, {WORDS.channel} </span>
        <span className="truncate" data-testid="channel">
          {channel}
        </span>
      </h1>
      {copied === 'by-hand' ? (
        <input
          ref={byHand}
          className="by-hand"
          readOnly
          value={address}
          aria-label={WORDS.copyYourself}
          onBlur={() => setCopied('no')}
        />
      ) : (
        <button
          type="button"
          className="control quiet"
          onClick={() => void copy()}
          aria-label={copied === 'yes' ? WORDS.copied : WORDS.copy}
          data-testid="copy-link"
          data-copied={copied === 'yes' || undefined}
        >
          <Chain done={copied === 'yes'} />
          <span className="wide-only" aria-live="polite">
            {copied === 'yes' ? WORDS.copied : WORDS.copy}
          </span>
        </button>
      )}
    </div>
  )
}

/** The clipboard API is missing on http at a LAN address; the old command still works there. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const before = document.activeElement as HTMLElement | null
    const area = document.createElement('textarea')
    area.value = text
    area.className = 'sr-only'
    document.body.append(area)
    area.select()
    let done = false
    try {
      done = document.execCommand('copy')
    } catch {
      // Then the visitor copies by hand.
    }
    area.remove()
    before?.focus({ preventScroll: true })
    return done
  }
}
