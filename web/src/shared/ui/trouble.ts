/*
 * Tells startup.ts, which is there when the page is not, what went wrong: files are `missing`, or it `failed`.
 */
export type Trouble = 'missing' | 'failed'

export const TROUBLE = 'asocial:trouble'

export function tellTrouble(trouble: Trouble) {
  dispatchEvent(new CustomEvent(TROUBLE, { detail: trouble }))
}
