/*
 * How every store is made: zustand's, with its listeners apart. An error in one listener is reported as any uncaught
 * error is; the other listeners, and the code that changed the store, go on.
 */
import { createStore as create, type StateCreator, type StoreApi } from 'zustand/vanilla'

export function createStore<T>(initial: StateCreator<T>): StoreApi<T> {
  const store = create(initial)
  return { ...store, subscribe: (listener) => store.subscribe(contained(listener)) }
}

/** A listener whose errors reach the console and nobody else. */
export function contained<Args extends unknown[]>(listener: (...args: Args) => void) {
  return (...args: Args) => {
    try {
      listener(...args)
    } catch (error) {
      report(error)
    }
  }
}

/** Without `reportError`, which older Safari lacks. */
export function report(error: unknown) {
  setTimeout(() => {
    throw error
  })
}
