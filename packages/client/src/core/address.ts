/*
 * What the addresses of a server have in common.
 */
import { queryOf } from './query.ts'

/** 1 to 64 letters, digits, - or _. */
export const isChannel = (name: string) => /^[\w-]{1,64}$/.test(name)

/** Where to upgrade. `server`: `https://talk.example`. A value that is undefined is left out. */
export const socketUrl = (server: string, query: object) =>
  `${server.replace('http', 'ws')}/api/chat?${queryOf(query)}`
