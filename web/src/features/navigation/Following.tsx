/*
 * Whose view this is just now, and how it becomes yours again.
 */
import { useEffect } from 'react'
import { useStore } from 'zustand'
import { ink } from '../../shared/palette'
import { WORDS } from '../../shared/i18n/en'
import { COMPANY_WORDS } from '../../shared/i18n/en-others'
import { useApp, useProfile } from '../../stores/hooks'
import { onEscape } from '../../shared/ui/keyboard'

export function Following() {
  const { finding } = useApp()
  const following = useStore(finding.store, (s) => s.following)
  const profile = useProfile(following)

  useEffect(() => {
    if (following === undefined) return
    return onEscape(() => finding.stop())
  }, [finding, following])

  if (following === undefined) return null
  const name = profile?.name ?? WORDS.someone
  return (
    <>
      <div className="follow-frame" style={{ color: ink(profile?.color) }} aria-hidden="true" />
      <div className="following" style={{ color: ink(profile?.color) }} data-testid="following">
        <span role="status" className="truncate">
          {COMPANY_WORDS.following(name)}
        </span>
        <button
          type="button"
          className="control"
          aria-label={COMPANY_WORDS.stopFollowing}
          title={COMPANY_WORDS.stopFollowing}
          onClick={finding.stop}
          data-testid="stop-following"
        >
          {COMPANY_WORDS.stop}
        </button>
      </div>
    </>
  )
}
