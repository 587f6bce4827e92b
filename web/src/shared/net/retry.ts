/*
 * Requests a file again that did not load: during a rollout, another process may have it.
 */
const WAITS_MS = [300, 700, 1_000]

export async function retried<T>(load: () => Promise<T>, waitsMs = WAITS_MS): Promise<T> {
  for (const ms of waitsMs) {
    try {
      return await load()
    } catch {
      await new Promise((done) => setTimeout(done, ms))
    }
  }
  return load()
}
