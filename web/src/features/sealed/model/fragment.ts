/*
 * The end of a link to a sealed channel: `#NAME.KEY@x,y,zoom` (W190). What mail programs do to it is undone here; whether the
 * key is right decides packages/client.
 */
/** `NAME.KEY`, without the spot and what stands around a link in a sentence. */
export function keyPart(hash: string): string {
  const [link = ''] = hash.replace(/^#/, '').replace(/%40/g, '@').replace(/%2e/gi, '.').split('@')
  return link.replace(/[^\w-]+$/, '')
}

/** Whether a path contains what could be a key: then the server has seen it. */
export const hasKey = (path: string) => /[\w-]\.[\w-]{40}/.test(path)
