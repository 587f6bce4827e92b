/*
 * Keys, drawn as keys, with their names in the language of the page.
 */
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'

const { named } = PANEL_STRINGS.help

/** `keys`: `+` joins keys that are pressed together; a space separates alternatives. */
export function Keys({ keys }: { keys: string }) {
  return keys.split(' ').map((press) => (
    <kbd
      key={press}
      dir="ltr"
      className="min-w-[22px] rounded-md border border-line bg-ground px-[5px] text-center whitespace-nowrap [font:inherit]"
    >
      {/* The plus of "Ctrl++" is a key; the other one joins two. */}
      {press
        .split(/\+(?=.)/)
        .map((key) => nameOf(key))
        .join(' ')}
    </kbd>
  ))
}

const nameOf = (key: string) => (Object.hasOwn(named, key) ? named[key as keyof typeof named] : key)
