/*
 * The words of what is fetched later (ui/later.tsx): the same catalogue as words.ts, kept out of
 * the first load. Plain and short, as there.
 */

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
