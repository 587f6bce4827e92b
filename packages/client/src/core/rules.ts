/*
 * The rules of a channel, its landmarks (W115) among them.
 */
import type { ChannelUpdated, Landmark, RulesView } from './wire.ts'

export type { Landmark } from './wire.ts'

/** The rules of the channel, and our rights in it (W64). */
export type Rules = Omit<RulesView, 'landmarks'> & {
  readonly landmarks: readonly Landmark[]
}

/** As the server sends them to everyone: without landmarks if there are none. */
export type ToldRules = Omit<ChannelUpdated, 'type' | 'by' | 'timestamp'>

export const NO_RULES: Rules = {
  owner: '',
  slow_ms: 0,
  read_only: false,
  private: false,
  rights: 'write',
  yours: false,
  landmarks: [],
}

/** From `user_sync`, which has none if no rule is set. */
export const rulesOf = (told: RulesView | undefined): Rules => ({
  ...NO_RULES,
  // In JSON a field is absent, never undefined.
  ...(told as Partial<Rules> | undefined),
})

/** The rules after a change that the server sent to everyone. */
export function changeRules(rules: Rules, told: ToldRules, userId: string | undefined): Rules {
  const { owner, landmarks = [] } = told
  return {
    ...{ ...rules, owner, landmarks },
    slow_ms: told.slow_ms,
    read_only: told.read_only,
    private: told.private,
    yours: rules.yours || (owner !== '' && owner === userId),
  }
}
