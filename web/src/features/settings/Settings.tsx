/*
 * The settings, a quiet panel at the edge. Rows are data: one that is added to GROUPS is drawn,
 * kept and told to the other tabs without more.
 */
import { useId } from 'react'
import { useStore } from 'zustand'
import { LANGUAGES } from '../../shared/i18n/language'
import { LIFE_FACTOR_MAX, type Settings as All } from './model/settings'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { useApp, useSettings } from '../../stores/hooks'
import { Modal } from '../../shared/ui/Modal'
import './settings.css'

const SAY = PANEL_STRINGS.settings

interface Named {
  readonly label: string
  readonly why?: string
}
/** `name`: the field of settings/model/settings.ts that it shows and changes */
type Row = {
  readonly [Name in keyof All]: Named & {
    readonly name: Name
    /** what it may be; a field that is on or off has none */
    readonly choices?: readonly { readonly value: All[Name]; readonly label: string }[]
  }
}[keyof All]

const TIMES = [1, 2, 3, 4, 5, 6, 7, 8, 9, LIFE_FACTOR_MAX]

const GROUPS: readonly { readonly title: string; readonly rows: readonly Row[] }[] = [
  {
    title: SAY.reading,
    rows: [
      {
        name: 'lifeFactor',
        label: SAY.lifeFactor,
        why: SAY.lifeFactorWhy,
        choices: [
          ...TIMES.map((value) => ({ value, label: SAY.times(value) })),
          { value: 'stay', label: SAY.stay },
        ],
      },
    ],
  },
  {
    title: SAY.quiet,
    rows: [
      {
        name: 'sound',
        label: SAY.sound,
        why: SAY.soundWhy,
        choices: [
          { value: 'soft', label: SAY.soft },
          { value: 'off', label: SAY.off },
        ],
      },
      { name: 'showTyping', label: SAY.showTyping, why: SAY.showTypingWhy },
      { name: 'onMap', label: SAY.onMap, why: SAY.onMapWhy },
      { name: 'hideCursors', label: SAY.hideCursors, why: SAY.hideCursorsWhy },
    ],
  },
  {
    title: SAY.speech,
    rows: [
      {
        name: 'language',
        label: SAY.language,
        choices: [
          { value: '', label: SAY.asBrowser },
          ...Object.entries(LANGUAGES).map(([value, label]) => ({ value, label })),
        ],
      },
    ],
  },
]

export function Settings({ close }: { close(): void }) {
  return (
    <Modal className="settings" label={SAY.title} testId="settings-panel" close={close}>
      <h2>{SAY.title}</h2>
      {GROUPS.map(({ title, rows }) => (
        <fieldset key={title}>
          <legend>{title}</legend>
          {rows.map((row) => (
            <Setting key={row.name} row={row} />
          ))}
        </fieldset>
      ))}
      <MutedPeople />
      <footer>
        <span className="why">{SAY.mine}</span>
        <button type="button" className="control" onClick={close} data-testid="close-settings">
          {SAY.close}
        </button>
      </footer>
    </Modal>
  )
}

/** Whom one does not hear; those too who are not here just now. */
function MutedPeople() {
  const { muted } = useApp()
  const people = useStore(muted.store, (s) => s.people)
  if (people.size === 0) return null
  return (
    <section aria-label={PANEL_STRINGS.muted.title} data-testid="muted-people">
      <h3>{PANEL_STRINGS.muted.title}</h3>
      <ul>
        {[...people].reverse().map(([id, name]) => (
          <li key={id}>
            <bdi className="truncate" translate="no">
              {name}
            </bdi>
            <button
              type="button"
              className="control"
              aria-label={PANEL_STRINGS.muted.unmutePerson(name)}
              onClick={() => muted.unmute(id)}
              data-testid="unmute"
            >
              {PANEL_STRINGS.muted.unmute}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Setting({ row: { name, label, why, choices } }: { row: Row }) {
  const { settings } = useApp()
  const value = useSettings((s) => s[name])
  const id = useId()
  const set = (next: unknown) => settings.set({ [name]: next })
  const common = { id, 'aria-describedby': why && `${id}-why`, 'data-testid': `setting-${name}` }
  return (
    <div className="setting">
      <label htmlFor={id}>{label}</label>
      {choices ? (
        <select
          {...common}
          value={choices.findIndex((choice) => choice.value === value)}
          onChange={(event) => set(choices[Number(event.target.value)]?.value)}
        >
          {choices.map((choice, index) => (
            <option key={index} value={index}>
              {choice.label}
            </option>
          ))}
        </select>
      ) : (
        <input
          {...common}
          type="checkbox"
          role="switch"
          checked={value === true}
          onChange={(event) => set(event.target.checked)}
        />
      )}
      {why && (
        <p id={`${id}-why`} className="why">
          {why}
        </p>
      )}
    </div>
  )
}
