/*
 * What a browser keeps of a visitor: the guest's token for this site, and nothing else.
 */
import type { Options } from './options.ts'

export function createStorage({ server, storage }: Pick<Options, 'server' | 'storage'>) {
  const name = `asocial:${server}`
  return {
    read(): string {
      try {
        return (storage && localStorage.getItem(name)) || ''
      } catch {
        return '' // the browser forbids it
      }
    },
    write(token: string) {
      try {
        if (storage && token) localStorage.setItem(name, token)
      } catch {
        // The visitor is another guest next time.
      }
    },
  }
}
