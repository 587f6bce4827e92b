/*
 * Makes stores: zustand's, with contained listeners. An error in one listener is reported as an uncaught error; the other
 * listeners, and the code that changed the store, go on.
 */
import { createStore as create, type StateCreator, type StoreApi } from 'zustand/vanilla'

export function createStore<T>(initial: StateCreator<T>): StoreApi<T> {
  const store = create(initial)
  return { ...store, subscribe: (listener) => store.subscribe(contained(listener)) }
}

/** Wraps a listener so that its errors are reported and do not reach its caller. */
export function contained<Args extends unknown[]>(listener: (...args: Args) => void) {
  return (...args: Args) => {
    try {
      listener(...args)
    } catch (error) {
      report(error)
    }
  }
}

/** In place of `reportError`, which older Safari lacks. */
export function report(error: unknown) {
  setTimeout(() => {
    throw error
  })
}
