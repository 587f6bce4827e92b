/*
 * English: why a connection or a message was refused. A server that can be reached said so, so these texts are fetched
 * when they are needed. Why a connection was closed is in en.ts: the server may be gone by then.
 */
import { formatter } from './language'
import { section } from './section'

const { duration } = formatter('en')

export const REFUSAL_STRINGS = section('refusals', {
  /** by the code of the answer over HTTP (W1, W87) */
  connection: {
    members_only: 'This channel is private. Its owner can invite you.',
    channel_private: 'This channel is private. Its owner can invite you.',
    sealed_channel: 'This channel is sealed. You need its whole link to enter it.',
    channel_invalid: 'A channel cannot have this name.',
    origin_forbidden:
      'This server does not accept connections from pages at this address. The server’s log says why.',
    too_many_connections: 'Too many connections are open from your network. Close other tabs.',
    identity_unavailable: 'The server cannot check sign-ins right now.',
    unavailable: 'The server cannot do this right now.',
    not_upgraded:
      'The server answers, but WebSocket connections do not reach it. A proxy or a filter on the way may block them.',
  } as Record<string, string>,
  /** by the code of the error frame */
  message: {
    bad_frame: 'The server did not understand this message.',
    rate_limited: 'You are sending too fast.',
    payload_too_large: 'The message is too long.',
    payload_empty: 'The message is empty.',
    position_invalid: 'Too far from the middle of the canvas.',
    unavailable: 'The server could not accept it right now.',
    not_sealed: 'This channel is sealed. It takes sealed messages only.',
    read_only: 'Only the owner can write right now.',
    token_invalid: 'Your sign-in could not be renewed.',
    not_owner: 'Only the owner can do that.',
  } as Record<string, string>,
  /** `rate_limited`, by the limit that was reached (W72) */
  limited: {
    user: 'Too many messages in one minute.',
    address: 'Too many messages from your network.',
    channel: 'Too many people are writing here.',
    slow: 'Slow mode is on.',
    strokes: 'Too many lines in one minute.',
  } as Record<string, string>,
  wait: (seconds: number) => `Wait ${duration(seconds)} before sending again.`,
})
