/*
 * A client of Asocial.
 *
 *   const channel = connect('https://talk.example', 'garden', { name: 'Ann' })
 *   channel.on('message', ({ name, text }) => console.log(name, text))
 *   await channel.say('hello', { x: 10, y: 20 })
 */
export { connect, type Channel } from './channel.ts'
export type { DraftWriter } from './draft.ts'
export { AsocialError, ChannelClosed, NotSent, Refused } from './errors.ts'
export type {
  Activity,
  AnyEvent,
  Draft,
  Events,
  Landmark,
  Message,
  Person,
  Place,
  Pointer,
  Rules,
  Stroke,
} from './events.ts'
export type { SayOptions } from './posts.ts'
export type { ConnectOptions } from './session.ts'
export type { Limits, Position } from './core/frames.ts'
export type { Kind as ReactionKind } from './core/reactions.ts'
