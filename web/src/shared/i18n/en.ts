/*
 * The page's texts in English that the first load needs. Other languages stand beside it (de.ts, es.ts, ar.ts).
 * Plain and short.
 */
import { formatter } from './language'
import { section } from './section'

const { number, percent, count, duration } = formatter('en')

export const STRINGS = section('core', {
  number,
  percent,

  invite: { mouse: 'click anywhere, and say something', touch: 'tap anywhere, and say something' },
  alone: 'nobody else is here yet: share the link to invite people',

  plane:
    'The canvas. Letters start writing, arrow keys move the view, Enter goes to the messages, Control and K lists all commands, F1 shows all keys.',
  writing: 'Write here. Enter sends, Shift and Enter starts a new line, Escape discards the text.',
  log: 'Messages',
  /** `where` as below; '': in view */
  heard: (who: string, where: string, text: string) =>
    where === '' ? `${who}: ${text}` : `${who}, ${where}: ${text}`,
  where: {
    aboveLeft: 'above to the left',
    above: 'above',
    aboveRight: 'above to the right',
    left: 'to the left',
    right: 'to the right',
    belowLeft: 'below to the left',
    below: 'below',
    belowRight: 'below to the right',
  },
  far: (where: string) => `far ${where}`,
  help: 'Keys and help (F1)',
  room: (n: number) => `${number(n)} left`,
  cut: (n: number) =>
    count(n, { one: '# character did not fit', other: '# characters did not fit' }),

  share: 'Share',
  shareKey: 'Share this channel',
  channel: 'channel',
  channelsKey: 'Other channels',

  tools: 'More',
  settings: 'Settings',
  history: 'Messages of the last minutes',
  messageBy: (who: string, text: string) => `${who}: ${text}`,

  people: (n: number) => count(n, { one: 'Only you', other: '# here' }),
  who: 'Who is here',
  you: 'you',
  readOnly: 'Only the owner can write right now',
  mayRead: 'You can read here, but not write',
  slow: (seconds: number) => `Slow mode: one message every ${duration(seconds)}`,

  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  home: 'Go to the middle (Home)',

  someone: 'someone',
  /** a program's name, above its message */
  bot: (name: string) => `${name} · bot`,

  connecting: 'Connecting',
  live: 'Live',
  reconnecting: (seconds: number) =>
    seconds > 0 ? `Reconnecting in ${number(seconds)} s` : 'Reconnecting…',
  offline: 'No network',
  degraded: 'Some people cannot be reached right now.',
  degradedMeans: 'The people you see still get your messages. The others come back by themselves.',
  now: 'Try now',
  /** by close code (W28) */
  closed: {
    4013: 'Too many people on your network are connecting right now.',
    4501: 'The server closed the connection: it did not understand this page.',
    4503: 'This page and the server have different versions.',
    4504: 'This page is open in too many tabs. Close one.',
    4510: 'You are not signed in here.',
    4511: 'Your sign-in has expired.',
    4512: 'You were removed from this channel.',
    4513: 'This channel is closed.',
    4514: 'This server does not let you in right now.',
    4515: 'This sealed channel is full: 200 people are in it. Try again when somebody has left.',
  } as Record<string, string>,
  closedOther: 'The server closed the connection.',
  again: 'Try again',
  reload: 'Reload',
  incomplete: 'A part of this page could not be loaded. There may be a new version.',
  incompleteAway: 'A part of this page could not be loaded: there is no connection.',

  refusedOther: (message: string) => `Not sent: ${message}`,
  late: 'Not sent.',
  sendAgain: 'Send',
  discard: 'Discard',
  discarded: 'Draft discarded',
  hidden: 'Message hidden',
  pending: 'sending',
})
