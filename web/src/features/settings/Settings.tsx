/*
 * The settings panel. Rows are data: one that is added to GROUPS is drawn, stored, and shared with the other tabs.
 */
import { useEffect, useId } from 'react'
import { useStore } from 'zustand'
import { LANGUAGES } from '../../shared/i18n/language'
import { LIFE_FACTOR_MAX, type Settings as All } from './model/settings'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { useApp, useSettings } from '../../stores/hooks'
import { Modal } from '../../shared/ui/Modal'
import { ScrollCue } from '../../shared/ui/ScrollCue'
import { Select } from '../../shared/ui/Select'
import { showTheme } from '../../shared/ui/theme'

const SAY = PANEL_STRINGS.settings

const UNDERLINED = 'control -me-2 bg-transparent underline underline-offset-[3px]'
/** Its knob is a background, so that the box itself is what is pressed and what a screen reader finds. */
const SWITCH =
  'col-start-2 row-span-2 row-start-1 h-6 w-10 cursor-pointer appearance-none rounded-xl border-[1.5px] border-faint ' +
  'bg-[radial-gradient(circle_7px_at_center,var(--faint)_6.5px,transparent_7px)] bg-size-[100%_100%] bg-position-[-9px_50%] bg-no-repeat ' +
  'transition-[background-position] duration-140 ease-out motion-reduce:transition-none ' +
  'checked:border-ink checked:bg-ink checked:bg-[radial-gradient(circle_7px_at_center,var(--backdrop)_6.5px,transparent_7px)] checked:bg-position-[9px_50%] ' +
  'rtl:bg-position-[9px_50%] rtl:checked:bg-position-[-9px_50%] forced-colors:appearance-auto'

interface Named {
  readonly label: string
  readonly why?: string
}
/** `name`: the field of settings/model/settings.ts that it shows and changes */
type Row = {
  readonly [Name in keyof All]: Named & {
    readonly name: Name
    /** its values; a field that is on or off has none */
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
      { name: 'mentions', label: SAY.mentions, why: SAY.mentionsWhy },
      { name: 'showTyping', label: SAY.showTyping, why: SAY.showTypingWhy },
      { name: 'onMap', label: SAY.onMap, why: SAY.onMapWhy },
      { name: 'hideCursors', label: SAY.hideCursors, why: SAY.hideCursorsWhy },
    ],
  },
  {
    title: SAY.thisPage,
    rows: [
      {
        name: 'theme',
        label: SAY.theme,
        choices: [
          { value: '', label: SAY.asDevice },
          { value: 'light', label: SAY.light },
          { value: 'dark', label: SAY.dark },
        ],
      },
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
  const theme = useSettings((s) => s.theme)
  useEffect(() => showTheme(theme), [theme])
  return (
    <Modal
      className="fixed start-[max(10px,env(safe-area-inset-left),env(safe-area-inset-right))] end-auto top-auto bottom-[max(56px,env(safe-area-inset-bottom)+56px)] m-0 max-h-[min(560px,100dvh-120px)] w-[min(360px,100vw-20px)] short:bottom-2.5 short:max-h-[calc(100dvh-20px)] px-4 pt-3.5 pb-3 text-sm/5 text-ink backdrop:bg-transparent focus-visible:outline-none"
      label={SAY.title}
      testId="settings-panel"
      close={close}
    >
      <h2 className="text-base/5 font-semibold">{SAY.title}</h2>
      {GROUPS.map(({ title, rows }) => (
        <fieldset key={title} className="mt-3">
          <legend className="pb-0.5 text-xs/5 font-[560] text-faint">{title}</legend>
          {rows.map((row) => (
            <Setting key={row.name} row={row} />
          ))}
        </fieldset>
      ))}
      <MutedPeople />
      <ScrollCue className="-mx-4 [--foot:42px] pointer-coarse:[--foot:52px]" />
      <footer className="sticky -bottom-3 z-1 -mx-4 -mb-3 flex items-center justify-between bg-backdrop px-4 pb-2">
        <span className="text-xs/4 text-faint">{SAY.mine}</span>
        <button type="button" className={UNDERLINED} onClick={close} data-testid="close-settings">
          {SAY.close}
        </button>
      </footer>
    </Modal>
  )
}

/** The muted people, also those who are not here now. */
function MutedPeople() {
  const { muted } = useApp()
  const people = useStore(muted.store, (s) => s.people)
  if (people.size === 0) return null
  return (
    <section aria-label={PANEL_STRINGS.muted.title} data-testid="muted-people">
      <h3 className="mt-3 text-xs/5 font-[560] text-faint">{PANEL_STRINGS.muted.title}</h3>
      <ul>
        {[...people].reverse().map(([id, name]) => (
          <li key={id} className="justify-between">
            <bdi className="truncate" translate="no">
              {name}
            </bdi>
            <button
              type="button"
              className={UNDERLINED}
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
    <div
      className={`items-center gap-x-3 pt-[3px] pb-[5px] ${
        // A long choice goes below its name.
        choices ? 'flex flex-wrap justify-between' : 'grid grid-cols-[1fr_auto]'
      }`}
    >
      <label htmlFor={id} className="cursor-pointer py-1.5 pointer-coarse:py-3">
        {label}
      </label>
      {choices ? (
        <Select
          {...common}
          value={choices.findIndex((choice) => choice.value === value)}
          onChange={(event) => set(choices[Number(event.target.value)]?.value)}
        >
          {choices.map((choice, index) => (
            <option key={index} value={index}>
              {choice.label}
            </option>
          ))}
        </Select>
      ) : (
        <input
          {...common}
          type="checkbox"
          role="switch"
          className={SWITCH}
          checked={value === true}
          onChange={(event) => set(event.target.checked)}
        />
      )}
      {why && (
        <p
          id={`${id}-why`}
          className={`text-xs/4 text-faint ${choices ? 'mt-1 basis-full' : 'col-start-1 -mt-1.5'}`}
        >
          {why}
        </p>
      )}
    </div>
  )
}
