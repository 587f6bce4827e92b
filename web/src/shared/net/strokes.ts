/*
 * The frames of strokes (W110).
 */

/** A stroke while it is drawn; a finished one has all fields. Its points are checked where they are used. */
export interface StrokeFrame {
  readonly type: 'stroke'
  readonly message_id: string
  readonly user_id: string
  readonly points: unknown
  readonly name?: string
  readonly color?: string
  readonly timestamp?: number
  readonly expires_at?: number
}

export interface PostStroke {
  type: 'stroke'
  message_id: string
  /** `[x, y]` of each point */
  points: readonly (readonly [number, number])[]
  done?: boolean
}

/** The limits that only strokes need. */
export interface LimitsOfStrokes {
  readonly frame_bytes?: number
  /** absent: the server knows no strokes (W114) */
  readonly strokes_per_minute?: number
}
