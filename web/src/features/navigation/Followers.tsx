/*
 * Says who follows you. Stands in the status region of the notices (app/Page.tsx).
 */
import { useStore } from 'zustand'
import { STRINGS } from '../../shared/i18n/en'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { useApp, usePresence } from '../../stores/hooks'
import { NAMED_MAX } from '../people/model/notices'

export function Followers() {
  const { navigation, muted } = useApp()
  const followers = useStore(navigation.store, (s) => s.followers)
  const mutedPeople = useStore(muted.store, (s) => s.people)
  const { presence, known } = usePresence((s) => s)
  const shown = followers.filter((userId) => !mutedPeople.has(userId))
  if (shown.length === 0) return null
  const names = shown
    .slice(0, NAMED_MAX)
    .map((userId) => (presence.users.get(userId) ?? known.get(userId))?.name ?? STRINGS.someone)
  return (
    <p
      className="ms-auto w-fit max-w-[min(320px,100vw-20px)] rounded-[10px] bg-ground/80 px-2"
      data-testid="followers"
    >
      {OTHERS_STRINGS.followYou(shown.length > NAMED_MAX ? [] : names, shown.length)}
    </p>
  )
}
