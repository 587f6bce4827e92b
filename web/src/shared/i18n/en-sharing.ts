/*
 * English texts of the start page, of sharing, and of the offline page, which has to be small. They are apart
 * from en-panels.ts, and not in the first load.
 */
import { section } from './section'

export const SHARING_STRINGS = section('sharing', {
  share: 'Share this channel',
  what: 'What the link opens',
  thisChannel: 'This channel',
  thisSpot: 'This spot',
  spotKept: 'Only the link contains the spot; no server keeps it.',
  address: 'The link',
  copy: 'Copy link',
  copied: 'Link copied',
  copyYourself: 'Copy this link',
  send: 'Send…',
  qr: 'The link as a QR code',
  nobodyYet: 'Nobody else is here yet.',
  sendLink: 'Send the link to the people you want to talk to.',
  onlyInvited: 'Only people whom the owner invites can join.',
  onlyInvitedByYou: 'This channel is private: invite people.',
  notNow: 'Not now',

  channels: 'Channels',
  recent: 'Recent',
  forget: (channel: string) => `Forget ${channel}`,
  starChannel: (channel: string) => `Star ${channel}`,
  newChannel: 'Open a new channel',
  toStart: 'To the start page',

  what1: 'A canvas you talk on.',
  what2: 'Words appear where you touch, then fade.',
  rest: 'Pause the demo',
  join: 'or join one by name',
  joinNow: 'Join',
  joinEmpty: 'Type the name of a channel, or paste a link to one.',
  rule: 'A channel name has 1 to 64 letters a to z, digits, dashes or underscores.',
  nearest: (channel: string) => `Go to ${channel}`,

  notFound: 'There is no such channel.',

  offlineTitle: 'Not connected · Asocial',
  offline: 'Can’t reach Asocial right now.',
  offlineWhy: 'Your network or the server is not available. This page checks again by itself.',
  again: 'Try again',
  looking: 'Checking…',
})

/** What invented people write on the start page. \b removes a letter. */
export const DEMO_STRINGS = section('demo', {
  people: ['Mira', 'Jonas', 'Aiko', 'Sam'],
  lines: [
    'is it raining where you are?',
    'no, but it smells like it will',
    'on a tin roof, the besy\bt sound',
    'what did I miss?',
    'nothing is kept, so: everything',
    'say it again and it is new',
    'I can see you thinking',
    'we are made up, by the way',
    'the next words could be yours',
  ],
})
