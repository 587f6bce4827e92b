/*
 * The words of what is fetched later (ui/later.tsx): the same catalogue as words.ts, kept out of
 * the first load. Plain and short, as there.
 */
import { speaking } from './language'
import { section } from './speech'

const { count } = speaking('en')

export const LATER = section('later', {
  opens: (host: string) => `Opens ${host}`,
  react: 'React (1 to 6)',
  reactions: 'Reactions',
  reaction: {
    heart: 'Heart',
    spark: 'Spark',
    laugh: 'Laugh',
    wave: 'Wave',
    agree: 'Agree',
    question: 'Question',
  },
  colors: {
    rust: 'Rust',
    coral: 'Coral',
    amber: 'Amber',
    ochre: 'Ochre',
    olive: 'Olive',
    moss: 'Moss',
    fern: 'Fern',
    jade: 'Jade',
    teal: 'Teal',
    lagoon: 'Lagoon',
    azure: 'Azure',
    cobalt: 'Cobalt',
    indigo: 'Indigo',
    violet: 'Violet',
    plum: 'Plum',
    rose: 'Rose',
  },
  settings: {
    title: 'Settings',
    close: 'Done',
    mine: 'Kept in this browser.',
    reading: 'Reading',
    lifeFactor: 'Messages stay',
    times: (n: number) => count(n, { one: 'as for everyone', other: '# times as long' }),
    stay: 'until put away',
    lifeFactorWhy: 'For you alone. For the others they go when they go.',
    quiet: 'Quiet and safe',
    showTyping: 'Others see you type',
    showTypingWhy: 'Off: they see only what you have said.',
    hideCursors: 'Hide all pointers',
    hideCursorsWhy: 'Yours is still seen by the others.',
    sound: 'Sound of messages nearby',
    soundWhy: 'A breath, fainter the further off it is.',
    soft: 'soft',
    off: 'off',
    onMap: 'Others find you on the map',
    onMapWhy: 'Off: not on their map, nor at the edge of their view.',
    speech: 'Words of this page',
    language: 'Language',
    asBrowser: 'as the browser',
  },
})
