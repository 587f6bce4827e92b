// The part of the wire that peers speak, for those on Node.
import { randomBytes } from 'node:crypto'

const LIFE_MS = 5000

export const newUser = () => randomBytes(12).toString('base64url')

export const channelOf = (url) => new URL(url, 'http://localhost').searchParams.get('channel') ?? 'default'

/** [for the others, for the sender or undefined]: one frame that was decoded, stamped. */
export function heed(channel_id, user_id, frame) {
  if (frame.type === 'cursor') return [{ type: 'cursor', user_id, position: frame.position }]
  const { message_id, payload, position } = frame
  const timestamp = Date.now()
  const expires_at = timestamp + LIFE_MS
  return [
    { type: 'chat', message_id, channel_id, user_id, name: 'sly fox', color: 'rust', payload, position, timestamp, expires_at },
    { type: 'ack', message_id, timestamp, expires_at },
  ]
}
