/*
 * The listeners of the page's own code: `asocial.on(...)`. One that throws stops nobody else.
 */

interface Said {
  readonly name: string
  readonly userId: string
  readonly text: string
  readonly mine: boolean
}

interface ApiEvents {
  message: Said
  /** how many people are here */
  count: number
  /** talking was turned on or off */
  talking: boolean
}

export function createListeners() {
  const listeners = new Map<keyof ApiEvents, Set<(data: never) => void>>()
  return {
    /** Calls `listener` for each event of the type. Returns how to stop that. */
    on<Type extends keyof ApiEvents>(type: Type, listener: (data: ApiEvents[Type]) => void) {
      const those = listeners.get(type) ?? new Set()
      listeners.set(type, those.add(listener))
      return () => void those.delete(listener)
    },
    emit<Type extends keyof ApiEvents>(type: Type, data: ApiEvents[Type]) {
      for (const listener of listeners.get(type) ?? []) {
        try {
          ;(listener as (data: ApiEvents[Type]) => void)(data)
        } catch (error) {
          console.error(error)
        }
      }
    },
    /** Calls none any more, also not those of an event that is being told. */
    clear() {
      for (const those of listeners.values()) those.clear()
    },
  }
}
