/*
 * The pen for people without a Shift key: while it is on, one finger draws and two fingers move the view.
 */
import { useStore } from 'zustand'
import { OTHERS_STRINGS } from '../../shared/i18n/en-others'
import { useEscape } from '../../shared/ui/escape'
import { useApp } from '../../stores/hooks'

export function Pen() {
  const { strokes } = useApp()
  const on = useStore(strokes.store, (s) => s.pen)
  useEscape(on, () => strokes.setPen(false))
  const { pen, penOn } = OTHERS_STRINGS.strokes
  return (
    <button
      type="button"
      className="control quiet pen"
      aria-label={on ? penOn : pen}
      title={on ? penOn : pen}
      aria-pressed={on}
      onClick={() => strokes.setPen(!on)}
      data-testid="pen"
    >
      <svg className="line" viewBox="0 0 20 20" aria-hidden="true">
        <path d="M4 16l.8-3.4 8.6-8.6a1.8 1.8 0 0 1 2.6 2.6L7.4 15.2 4 16ZM11.8 5.6l2.6 2.6" />
      </svg>
    </button>
  )
}
