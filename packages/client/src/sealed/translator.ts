/*
 * Turns a client's frames into sealed ones, and what comes from the server back into the frames that a client knows. It stands
 * between a client and its WebSocket (socket.ts), so everything above works as in any channel. It knows no socket.
 */
import { isVisible } from '../core/text.ts'
import { newStream, open, seal, type Place } from './box.ts'
import { checked, isObject, listOf, numberOf, parse, textOf, type Fields } from './content.ts'
import type { SealedKeys } from './link.ts'
import { LATE_MS, Replays } from './replay.ts'

/** so many boxes are kept for sending a message again */
const SENT = 200
/** shown for somebody whose name has not come yet */
export const NAMELESS = '…'
const IN_CLEAR = ['chat', 'typing', 'stroke', 'cursors', 'reaction', 'view']
const WITHOUT_ID = ['cursor', 'reaction', 'view', 'profile']

export interface Profile {
  name?: string
  color?: string
  on_map?: boolean
}

export class Translator {
  /** to join with; the server's choice takes the place of what is missing */
  profile: Profile = {}
  /** how many boxes and frames were dropped (W199) */
  dropped = 0
  #keys: SealedKeys
  #now: () => number
  #stream = newStream()
  #counter = 0
  #ahead = 0
  #userId = ''
  #characters = 500
  #users = new Map<string, Fields>()
  #profiles = new Map<string, Fields>()
  #landmarks = new Map<string, Fields>()
  #replays: Replays
  #sent = new Map<string, { frame: string; sealed: Fields }>()

  /** `now`: monotonic ms. */
  constructor(keys: SealedKeys, now: () => number) {
    this.#keys = keys
    this.#now = now
    this.#replays = new Replays(now)
  }

  /** A new connection. */
  begin() {
    this.#stream = newStream()
    this.#counter = 0
  }

  // To the server.

  /** The frame to send in place of this one. Undefined: there is nothing to send. */
  async outgoing(frame: Fields): Promise<Fields | undefined> {
    const { type, done, payload, points, position } = frame
    switch (type) {
      case 'chat':
        return this.#message(frame, 'chat', { payload, position, ...this.profile })
      case 'typing':
        // W8: a draft that shows nothing is no draft.
        return this.#sealed(frame, 'typing', isVisible(textOf(payload)) && { payload, position })
      case 'stroke':
        if (done) return this.#message(frame, 'stroke', { points, ...this.profile })
        return this.#sealed(
          frame,
          'drawing',
          Array.isArray(points) && points.length > 0 && { points },
        )
      case 'cursor':
      case 'reaction':
      case 'view': {
        const { type: kind, ...content } = frame
        return this.#sealed(frame, kind as string, content)
      }
      case 'profile': {
        const { name, color, on_map } = frame as Profile
        Object.assign(this.profile, { name, color }, on_map === undefined ? {} : { on_map })
        return this.#sealed(frame, 'profile', { ...this.profile })
      }
      case 'moderate':
        return textOf(frame.action).endsWith('_landmark') ? this.#landmark(frame) : frame
      default:
        return frame
    }
  }

  /** Sent again, a message has the same box (W194). */
  async #message(frame: Fields, kind: string, content: Fields): Promise<Fields> {
    const messageId = textOf(frame.message_id)
    const known = this.#sent.get(messageId)
    const text = JSON.stringify([frame, this.#userId])
    if (known?.frame === text) return known.sealed
    const sealed = await this.#sealed(frame, kind, content)
    this.#sent.set(messageId, { frame: text, sealed })
    for (const first of this.#sent.keys()) {
      if (this.#sent.size <= SENT) break
      this.#sent.delete(first)
    }
    return sealed
  }

  async #sealed(frame: Fields, kind: string, content: Fields | false): Promise<Fields> {
    const messageId = WITHOUT_ID.includes(kind) ? '' : textOf(frame.message_id)
    const box = content ? await this.#seal(this.#place(kind, this.#userId, messageId), content) : ''
    return { type: 'sealed', kind, box, ...(messageId && { message_id: messageId }) }
  }

  #seal(place: Place, content: Fields): Promise<string> {
    this.#counter += 1
    const text = JSON.stringify({ ...content, at: Math.round(this.#serverNow()) })
    return seal(this.#keys.key, place, this.#stream, this.#counter, text)
  }

  async #landmark({ action, name, new_name, position }: Fields): Promise<Fields | undefined> {
    const wanted = textOf(name).toLowerCase()
    const [found, known] =
      [...this.#landmarks].find((each) => textOf(each[1].name).toLowerCase() === wanted) ?? []
    if (action === 'remove_landmark') {
      return found === undefined ? undefined : { type: 'moderate', action, name: found }
    }
    if (action === 'rename_landmark' && !known) return undefined
    const placed = action === 'rename_landmark' ? { ...known, name: new_name } : { name, position }
    const id = found ?? crypto.randomUUID()
    const box = await this.#seal(this.#place('landmark', '', id, 'rules'), placed)
    return { type: 'moderate', action: 'place_landmark', name: id, box }
  }

  #place(
    kind: string,
    userId: string,
    messageId: string,
    direction: Place['direction'] = 'members',
  ): Place {
    return { channel: this.#keys.channel, userId, kind, messageId, direction }
  }

  /** The frame that tells the client its own new profile, which no server confirms; undefined if it knows it. */
  ownChange(): Fields | undefined {
    const user = this.#users.get(this.#userId)
    const changed = { ...user, ...this.profile }
    if (!user || JSON.stringify(changed) === JSON.stringify(user)) return undefined
    this.#users.set(this.#userId, changed)
    return { type: 'profiles', users: [changed] }
  }

  // From the server.

  /** The frame that the client gets in place of this one. Undefined: it gets none. */
  async incoming(frame: Fields): Promise<Fields | undefined> {
    const type = textOf(frame.type)
    if (IN_CLEAR.includes(type)) return this.#drop()
    switch (type) {
      case 'sealed':
        return this.#open(frame)
      case 'user_sync':
        return this.#synchronize(frame)
      case 'user_joined':
      case 'user_updated':
        return this.#named(frame)
      case 'profiles':
        return { ...frame, users: listOf(frame.users).map((user) => this.#named(user)) }
      case 'channel_updated':
        return this.#withLandmarks(frame)
      case 'ack':
        this.#sent.delete(textOf(frame.message_id))
        return frame
      case 'pong':
        this.#ahead = numberOf(frame.timestamp) - this.#now()
        return frame
      case 'clock':
        this.#ahead += numberOf(frame.shift)
        this.#replays.shift(numberOf(frame.shift))
        return frame
      default:
        return frame
    }
  }

  async #synchronize(frame: Fields): Promise<Fields> {
    this.#userId = textOf(frame.user_id)
    this.#ahead = numberOf(frame.timestamp) - this.#now()
    if (isObject(frame.limits)) this.#characters = numberOf(frame.limits.payload_characters) || 500
    const users = listOf(frame.users)
    const own = users.find((user) => user.user_id === this.#userId)
    if (own) this.profile = { name: textOf(own.name), color: textOf(own.color), ...this.profile }
    this.#replays.forgetOld()
    return {
      ...frame,
      users: users.map((user) => this.#named(user)),
      messages: await this.#openAll(frame.messages),
      strokes: await this.#openAll(frame.strokes),
      rules: isObject(frame.rules) ? await this.#withLandmarks(frame.rules) : undefined,
    }
  }

  async #openAll(frames: unknown): Promise<Fields[]> {
    const opened: Fields[] = []
    for (const frame of listOf(frames)) {
      const found = await this.#open(frame)
      if (found) opened.push(found)
    }
    return opened
  }

  /** The user with the name from their own client; the server's is nobody's (W198). */
  #named(user: Fields): Fields {
    const userId = textOf(user.user_id)
    const known = userId === this.#userId ? this.profile : this.#profiles.get(userId)
    const named = { ...user, ...(known ?? { name: NAMELESS }) }
    this.#users.set(userId, named)
    return named
  }

  async #withLandmarks(rules: Fields): Promise<Fields> {
    if (rules.landmarks === undefined) return rules
    const opened = new Map<string, Fields>()
    for (const { name, box } of listOf(rules.landmarks)) {
      const id = textOf(name)
      const found = await this.#read(this.#place('landmark', '', id, 'rules'), textOf(box))
      if (found) opened.set(id, found)
    }
    this.#landmarks = opened
    return { ...rules, landmarks: [...opened.values()] }
  }

  async #open(frame: Fields): Promise<Fields | undefined> {
    const [kind, user_id] = [textOf(frame.kind), textOf(frame.user_id)]
    const [message_id, box] = [textOf(frame.message_id), textOf(frame.box)]
    const lives = kind === 'chat' || kind === 'stroke'
    const timestamp = lives ? numberOf(frame.timestamp) : 0
    const expires_at = numberOf(frame.expires_at)
    const fits =
      frame.type === 'sealed' &&
      kind !== 'landmark' &&
      WITHOUT_ID.includes(kind) === (message_id === '')
    if (!fits || (lives && !(timestamp > 0 && timestamp < expires_at))) return this.#drop()
    const about = { user_id, message_id }
    if (box === '' && kind === 'typing')
      return { type: 'typing', ...about, payload: '', position: { x: 0, y: 0 } }
    if (box === '' && kind === 'drawing') return { type: 'stroke', ...about, points: [] }
    const found = await this.#read(this.#place(kind, user_id, message_id), box, timestamp)
    if (!found) return undefined
    switch (kind) {
      case 'profile':
        return this.#learn(user_id, found)
      case 'cursor': {
        const { x, y } = found.position as { x: number; y: number }
        return { type: 'cursors', cursors: [[user_id, x, y]] }
      }
      case 'chat':
      case 'stroke':
        return {
          type: kind,
          channel_id: this.#keys.channel,
          ...about,
          ...found,
          timestamp,
          expires_at,
        }
      case 'drawing':
        return { type: 'stroke', ...about, ...found }
      default:
        return { ...about, ...found, type: kind }
    }
  }

  #learn(userId: string, profile: Fields): Fields | undefined {
    this.#profiles.set(userId, profile)
    const user = this.#users.get(userId)
    if (!user) return undefined
    const named = { ...user, ...profile }
    this.#users.set(userId, named)
    return { type: 'profiles', users: [named] }
  }

  /** The checked content of a box; undefined if it was dropped (W199). */
  async #read(place: Place, box: string, timestamp = 0): Promise<Fields | undefined> {
    const opened = await open(this.#keys.key, place, box)
    const content = opened && parse(opened.content)
    const fields = content && checked(place.kind, content, this.#characters)
    if (!opened || !content || !fields) return this.#drop()
    if (place.direction === 'rules') return fields
    const { at } = content
    const isLate =
      !Number.isInteger(at) || Math.abs((at as number) - (timestamp || this.#serverNow())) > LATE_MS
    return isLate || !this.#replays.isNew(place, box, timestamp, opened) ? this.#drop() : fields
  }

  #serverNow(): number {
    return this.#now() + this.#ahead
  }

  #drop(): undefined {
    this.dropped += 1
  }
}
