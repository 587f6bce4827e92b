/*
 * The listeners of the page's own code: `asocial.on(...)`. One that throws stops nobody else.
 */

export function createListeners<Events extends object>() {
  const listeners = new Map<keyof Events, Set<(data: never) => void>>()
  return {
    /** Calls `listener` for each event of the type. Returns how to stop that. */
    on<Type extends keyof Events>(type: Type, listener: (data: Events[Type]) => void) {
      const those = listeners.get(type) ?? new Set()
      listeners.set(type, those.add(listener))
      return () => void those.delete(listener)
    },
    emit<Type extends keyof Events>(type: Type, data: Events[Type]) {
      for (const listener of listeners.get(type) ?? []) {
        try {
          ;(listener as (data: Events[Type]) => void)(data)
        } catch (error) {
          console.error(error)
        }
      }
    },
    clear: () => listeners.clear(),
  }
}
