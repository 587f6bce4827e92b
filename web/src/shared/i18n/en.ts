/*
 * Every word the page says, in one catalogue; other languages stand beside it (languages/).
 *
 * Plain and short. Nothing is shouted, nobody is congratulated.
 */
import { formatter } from './language'
import { section } from './section'

const { number, percent, count, all } = formatter('en')

export const STRINGS = section('core', {
  number,
  percent,

  invite: { mouse: 'click anywhere, and say something', touch: 'tap anywhere, and say something' },
  alone: 'nobody else is here yet: the link is the invitation',

  plane:
    'The canvas. Slash to write, arrows to look around, Enter to go through what is said, 1 to 6 to react, question mark for all keys.',
  writing: 'Write here. Enter sends, Shift and Enter breaks the line, Escape drops it.',
  log: 'What is being said',
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
  history: 'What was said in the last minutes (")',
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
  cleared: (name: string) => `${name} wiped the window`,
  readOnly: 'Only the owner writes here just now',
  mayRead: 'You are here to read along',
  slow: (seconds: number) => `Slow: a message every ${number(seconds)} s`,

  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  home: 'Go to the middle (Home)',

  someone: 'someone',

  connecting: 'Connecting',
  live: 'Live',
  reconnecting: (seconds: number) =>
    seconds > 0 ? `Reconnecting in ${number(seconds)} s` : 'Reconnecting',
  offline: 'No network',
  degraded: 'Some people are out of reach just now.',
  degradedMeans: 'Who you see hears you. The others come back by themselves.',
  now: 'now',
  final: {
    4501: 'The server closed the connection: it did not understand this page.',
    4503: 'This page is of another version than the server.',
    4504: 'This is open in too many tabs. Close one.',
    4510: 'You are not signed in here.',
    4511: 'Your sign-in has expired.',
    4512: 'You were removed from this channel.',
    members_only: 'This channel is private. Its owner can invite you.',
    channel_private: 'This channel is private. Its owner can invite you.',
    channel_invalid: 'A channel cannot have this name.',
    origin_forbidden:
      'This server does not take connections from pages at this address. Its operator finds the reason in the server’s log.',
  } as Record<string, string>,
  /** why we wait, by the code of what was refused */
  refusedFor: {
    4013: 'Your network has connected too often in the last minute.',
    draining: 'The server is about to restart.',
    too_many_connections: 'Too many connections are open from your network. Close other tabs.',
    identity_unavailable: 'The server cannot check sign-ins just now.',
    unavailable: 'The server cannot do this just now.',
    not_upgraded:
      'The server answers, but WebSocket connections do not reach it. A proxy or a filter on the way may block them.',
  } as Record<string, string>,
  finalOther: 'The server closed the connection.',
  again: 'Try again',
  reload: 'Reload',
  incomplete: 'A part of this page could not be loaded. There may be a new version.',

  refused: {
    bad_frame: 'The server did not understand it.',
    rate_limited: 'Too fast for the others.',
    payload_too_large: 'Too long to send.',
    payload_empty: 'There is nothing in it.',
    position_invalid: 'Too far out.',
    unavailable: 'The server could not take it just now.',
    read_only: 'Nobody but the owner writes here just now.',
    token_invalid: 'Your sign-in could not be renewed.',
    not_owner: 'Only the owner may do that.',
  } as Record<string, string>,
  /** Which limit on messages was reached (W72). */
  limited: {
    user: 'You sent too many messages in one minute.',
    address: 'Too many messages came from your network.',
    channel: 'Too many people are writing here right now.',
    slow: 'This channel is slow: wait between two messages.',
  } as Record<string, string>,
  refusedOther: (message: string) => `Not sent: ${message}`,
  late: 'Not sent in time.',
  sendAgain: 'Send',
  sendIn: (seconds: number) => `Send in ${number(seconds)} s`,
  letGo: 'Let go',
  pending: 'on its way',
})
