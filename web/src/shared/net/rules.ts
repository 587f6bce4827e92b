/*
 * The rules of a channel on the wire, its landmarks (W115) among them.
 */
export interface Landmark {
  readonly name: string
  readonly position: { readonly x: number; readonly y: number }
}

/** The rules of the channel, and our rights in it (W64). */
export interface Rules {
  readonly owner: string
  readonly slow_ms: number
  readonly read_only: boolean
  readonly private: boolean
  readonly rights: 'read' | 'write'
  /** we may moderate */
  readonly yours: boolean
  readonly landmarks: readonly Landmark[]
}

/** As the server sends them to everyone: without landmarks if there are none. */
export type ToldRules = Omit<Rules, 'rights' | 'yours' | 'landmarks'> &
  Partial<Pick<Rules, 'landmarks'>>

export const NO_RULES: Rules = {
  owner: '',
  slow_ms: 0,
  read_only: false,
  private: false,
  rights: 'write',
  yours: false,
  landmarks: [],
}

export type LandmarkFrame = { type: 'moderate'; name: string } & (
  | { action: 'place_landmark'; position: Landmark['position'] }
  | { action: 'rename_landmark'; new_name: string }
  | { action: 'remove_landmark' }
)
