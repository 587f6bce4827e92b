/*
 * Reports to startup.ts, which runs even when the page does not: files are `missing`, or the page `failed`.
 */
export type Trouble = 'missing' | 'failed'

export const TROUBLE = 'asocial:trouble'

export function reportTrouble(trouble: Trouble) {
  dispatchEvent(new CustomEvent(TROUBLE, { detail: trouble }))
}
