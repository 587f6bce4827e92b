/*
 * Shows whom you follow, with a button that stops it.
 */
import { useStore } from 'zustand'
import { ink } from '../../shared/palette'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { Status } from '../../shared/ui/Status'
import { useApp, useProfile } from '../../stores/hooks'

export function Following() {
  const { navigation } = useApp()
  const following = useStore(navigation.store, (s) => s.following)
  const profile = useProfile(following)

  if (following === undefined) return null
  const name = profile?.name ?? STRINGS.someone
  return (
    <>
      <div className="follow-frame" style={{ color: ink(profile?.color) }} aria-hidden="true" />
      <div className="following" style={{ color: ink(profile?.color) }} data-testid="following">
        <span aria-hidden="true" className="truncate">
          {OTHERS_STRINGS.following(name)}
        </span>
        <Status text={OTHERS_STRINGS.following(name)} />
        <button
          type="button"
          className="control"
          aria-label={OTHERS_STRINGS.stopFollowing}
          title={OTHERS_STRINGS.stopFollowing}
          onClick={navigation.stop}
          data-testid="stop-following"
        >
          {OTHERS_STRINGS.stop}
        </button>
      </div>
    </>
  )
}
