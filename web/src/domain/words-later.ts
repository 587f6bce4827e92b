/*
 * The words of what is fetched later (ui/later.tsx): the same catalogue as words.ts, kept out of
 * the first load. Plain and short, as there.
 */

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

export const LATER = {
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
  message: {
    outlived: 'gone for the others',
    putAway: 'Put away',
    putAwayKey: 'Put it away (Delete)',
    mute: 'Mute',
    muteKey: 'See nothing more of them (m)',
    mutePerson: (name: string) => `Mute ${name}`,
  },
  said: {
    title: 'What was said',
    search: 'Search what was said',
    time: (ms: number) => clock.format(ms),
    nothing: 'Nothing was said in the last five minutes.',
    notFound: 'Nothing like that was said in the last five minutes.',
    found: (n: number) => (n === 1 ? '1 message' : `${n} messages`),
    more: (n: number) => `${n} earlier`,
    kept: 'The last five minutes, in this tab only.',
  },
  muted: {
    title: 'Muted people',
    unmute: 'Unmute',
    unmutePerson: (name: string) => `Unmute ${name}`,
    why: 'They are not told.',
  },
  settings: {
    title: 'Settings',
    close: 'Done',
    mine: 'Kept in this browser.',
    reading: 'Reading',
    lifeFactor: 'Messages stay',
    times: (n: number) => (n === 1 ? 'as for everyone' : `${n} times as long`),
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
  },
} as const
