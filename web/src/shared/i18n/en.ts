/*
 * The page's texts in English that the first load needs. Other languages stand beside it (de.ts, es.ts, ar.ts).
 * Plain and short: nothing is shouted, nobody is congratulated.
 */
import { formatter } from './language'
import { section } from './section'

const { number, percent, count, all } = formatter('en')

export const STRINGS = section('core', {
  number,
  percent,

  invite: { mouse: 'click anywhere, and say something', touch: 'tap anywhere, and say something' },
  alone: 'nobody else is here yet: share the link to invite people',

  plane:
    'The canvas. Slash starts writing, arrow keys move the view, Enter goes to the messages, 1 to 6 react, question mark shows all keys.',
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
  help: 'Keys and help (?)',
  room: (n: number) => `${number(n)} left`,
  cut: (n: number) =>
    count(n, { one: '# character did not fit', other: '# characters did not fit' }),

  share: 'Share',
  shareKey: 'Share this channel (;)',
  channel: 'channel',
  channelsKey: 'Other channels (:)',

  tools: 'More',
  settings: 'Settings (,)',
  history: 'Messages of the last minutes (")',
  messageBy: (who: string, text: string) => `${who}: ${text}`,

  people: (n: number) => count(n, { one: 'Only you', other: '# here' }),
  who: 'Who is here',
  you: 'you',
  /** `named`: none of many */
  came: (named: readonly string[], n: number) =>
    n === 1
      ? `${named[0]} is here`
      : n > named.length
        ? `${number(n)} people came`
        : `${all(named)} are here`,
  left: (named: readonly string[], n: number) =>
    n > named.length ? `${number(n)} people left` : `${all(named)} left`,
  cleared: (name: string) => `${name} cleared all messages`,
  readOnly: 'Only the owner can write right now',
  mayRead: 'You can read here, but not write',
  slow: (seconds: number) => `Slow mode: one message every ${number(seconds)} s`,

  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  home: 'Go to the middle (Home)',

  someone: 'someone',

  connecting: 'Connecting',
  live: 'Live',
  reconnecting: (seconds: number) =>
    seconds > 0 ? `Reconnecting in ${number(seconds)} s` : 'Reconnecting',
  offline: 'No network',
  degraded: 'Some people cannot be reached right now.',
  degradedMeans: 'The people you see get your messages. The others come back by themselves.',
  now: 'now',
  final: {
    4501: 'The server closed the connection: it did not understand this page.',
    4503: 'This page and the server have different versions.',
    4504: 'This page is open in too many tabs. Close one.',
    4510: 'You are not signed in here.',
    4511: 'Your sign-in has expired.',
    4512: 'You were removed from this channel.',
    members_only: 'This channel is private. Its owner can invite you.',
    channel_private: 'This channel is private. Its owner can invite you.',
    channel_invalid: 'A channel cannot have this name.',
    origin_forbidden:
      'This server does not accept connections from pages at this address. The server’s log says why.',
  } as Record<string, string>,
  /** why we wait, by the code of what was refused */
  refusedFor: {
    4013: 'Your network has connected too often in the last minute.',
    draining: 'The server is about to restart.',
    too_many_connections: 'Too many connections are open from your network. Close other tabs.',
    identity_unavailable: 'The server cannot check sign-ins right now.',
    unavailable: 'The server cannot do this right now.',
    not_upgraded:
      'The server answers, but WebSocket connections do not reach it. A proxy or a filter on the way may block them.',
  } as Record<string, string>,
  finalOther: 'The server closed the connection.',
  again: 'Try again',
  reload: 'Reload',
  incomplete: 'A part of this page could not be loaded. There may be a new version.',

  refused: {
    bad_frame: 'The server did not understand this message.',
    rate_limited: 'You are sending too fast.',
    payload_too_large: 'The message is too long.',
    payload_empty: 'The message is empty.',
    position_invalid: 'Too far from the middle of the canvas.',
    unavailable: 'The server could not accept it right now.',
    read_only: 'Only the owner can write right now.',
    token_invalid: 'Your sign-in could not be renewed.',
    not_owner: 'Only the owner can do that.',
  } as Record<string, string>,
  /** Which limit on messages was reached (W72). */
  limited: {
    user: 'You sent too many messages in one minute.',
    address: 'Too many messages came from your network.',
    channel: 'Too many people are writing here right now.',
    slow: 'Slow mode is on: wait before your next message.',
  } as Record<string, string>,
  refusedOther: (message: string) => `Not sent: ${message}`,
  late: 'Not sent in time.',
  sendAgain: 'Send',
  sendIn: (seconds: number) => `Send in ${number(seconds)} s`,
  letGo: 'Discard',
  pending: 'sending',
})
