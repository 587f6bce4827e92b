/*
 * What can go wrong.
 *
 * AsocialError
 * ├── ChannelClosed  the channel is closed, by `close` or by the server, for good
 * │   └── Refused    the server did not let this client in
 * └── NotSent        the server did not accept a message
 */
export class AsocialError extends Error {
  override readonly name: string = 'AsocialError'
}

/** `code`: 1000 after `close`, else a close code after which a client does not return (W28). */
export class ChannelClosed extends AsocialError {
  override readonly name: string = 'ChannelClosed'
  declare readonly code: number | string
  declare readonly reason: string
  constructor(code: number | string, reason: string) {
    super(`${reason || 'closed'} (${code})`)
    Object.assign(this, { code, reason })
  }
}

/** `code`: of the refusal, such as `channel_private` (W1). */
export class Refused extends ChannelClosed {
  override readonly name = 'Refused'
}

/** `code`: of the error (W25), or `timeout`. `retryAfterMs`: when to try again. `limit`: the limit that was reached (W72). */
export class NotSent extends AsocialError {
  override readonly name = 'NotSent'
  declare readonly code: string
  declare readonly retryAfterMs?: number
  declare readonly limit?: string
  constructor(code: string, message: string, retryAfterMs?: number, limit?: string) {
    super(`${message} (${code})`)
    Object.assign(this, { code, retryAfterMs, limit })
  }
}
