/*
 * The lock beside the name of a sealed channel. It opens the panel that says what is protected.
 */
import { SEALED_STRINGS } from '../../shared/i18n/en-sealed'
import { useApp, useOpen } from '../../stores/hooks'
import { LockIcon } from './LockIcon'

export function Lock() {
  const { panels } = useApp()
  const open = useOpen('sealed')
  return (
    <button
      type="button"
      className="control quiet px-1.5 *:me-0"
      aria-label={SEALED_STRINGS.lock}
      title={SEALED_STRINGS.lock}
      aria-expanded={open}
      onClick={() => panels.toggle('sealed')}
      data-testid="lock"
    >
      <LockIcon />
    </button>
  )
}
