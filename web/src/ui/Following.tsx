/*
 * Whose view this is just now, and how it becomes yours again.
 */
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { ink } from '../domain/palette'
import { WORDS } from '../domain/words'
import { useApp, usePresence, useProfile } from './app'

export function Following() {
  const { finding } = useApp()
  const following = useStore(finding.store, (s) => s.following)
  const profile = useProfile(following)

  useEffect(() => {
    if (following === undefined) return
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key === 'Escape') finding.stop()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [finding, following])

  if (following === undefined) return null
  const name = profile?.name ?? WORDS.someone
  return (
    <>
      <div className="follow-frame" style={{ color: ink(profile?.color) }} aria-hidden="true" />
      <div className="following" style={{ color: ink(profile?.color) }} data-testid="following">
        <span role="status" className="truncate">
          {WORDS.following(name)}
        </span>
        <button
          type="button"
          className="control"
          aria-label={WORDS.stopFollowing}
          title={WORDS.stopFollowing}
          onClick={finding.stop}
          data-testid="stop-following"
        >
          {WORDS.stop}
        </button>
      </div>
    </>
  )
}

/** One key or one press: to the nearest talk that is out of view. */
export function Nearest() {
  const { finding } = useApp()
  const others = usePresence((s) => s.presence.count > 1)
  if (!others) return null
  return (
    <button
      type="button"
      className="control quiet"
      aria-label={WORDS.nearest}
      title={WORDS.nearest}
      onClick={() => finding.goToNearest()}
      data-testid="nearest"
    >
      <svg className="sonar" viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="2" />
        <path d="M6.5 6.5a5 5 0 0 0 0 7M13.5 6.5a5 5 0 0 1 0 7M3.6 3.6a9 9 0 0 0 0 12.8M16.4 3.6a9 9 0 0 1 0 12.8" />
      </svg>
    </button>
  )
}
