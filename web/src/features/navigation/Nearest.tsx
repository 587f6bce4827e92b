/*
 * The control that goes to the nearest conversation. Its key is End (app/Plane.tsx).
 */
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { useApp } from '../../stores/hooks'

export function Nearest() {
  const { navigation } = useApp()
  return (
    <button
      type="button"
      className="control quiet"
      aria-label={OTHERS_STRINGS.nearest}
      title={OTHERS_STRINGS.nearest}
      onClick={navigation.goToNearest}
      data-testid="nearest"
    >
      <svg className="line sonar" viewBox="0 0 20 20" aria-hidden="true">
        <circle cx="10" cy="10" r="2" />
        <path d="M6.5 6.5a5 5 0 0 0 0 7M13.5 6.5a5 5 0 0 1 0 7M3.6 3.6a9 9 0 0 0 0 12.8M16.4 3.6a9 9 0 0 1 0 12.8" />
      </svg>
    </button>
  )
}
