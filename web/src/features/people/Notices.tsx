/*
 * Who joined and left, and that there is nobody to go to, as one line that soon vanishes. The status region around it is part
 * of the first load (app/Page.tsx).
 */
import { useStore } from 'zustand'
import { NAMED_MAX } from './model/notices'
import { ink } from '../../shared/palette'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { useApp, usePresence } from '../../stores/hooks'

const NOTICE =
  'ms-auto flex w-fit max-w-[min(320px,100vw-20px)] animate-notice flex-col rounded-[10px] bg-ground/80 px-2'

export function Notices() {
  const notice = usePresence((s) => s.notice)
  const clearedBy = usePresence((s) => s.clearedBy)
  const missed = useStore(useApp().navigation.store, (s) => s.missed)
  return (
    <>
      {missed && <p className={NOTICE}>{OTHERS_STRINGS.missed[missed]}</p>}
      {clearedBy && (
        <p className={NOTICE} style={{ color: ink(clearedBy.color) }}>
          {OTHERS_STRINGS.cleared(clearedBy.name)}
        </p>
      )}
      {notice && (
        <p key={notice.id} className={NOTICE}>
          {(['joined', 'left'] as const).map((kind) => {
            const users = [...notice[kind].values()]
            const [first] = users
            const named = users.length > NAMED_MAX ? [] : users.map(({ name }) => name)
            return (
              first && (
                <span
                  key={kind}
                  style={{ color: users.length === 1 ? ink(first.color) : undefined }}
                >
                  {OTHERS_STRINGS[kind](named, users.length)}
                </span>
              )
            )
          })}
        </p>
      )}
    </>
  )
}
