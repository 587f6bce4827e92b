/*
 * What the build puts around each `import()`: first the style sheets of that part, then the part. In place of Vite's own, which
 * does more, in the first load, than is needed here (vite.config.ts).
 */
const coming = new Map<string, Promise<unknown>>()

/** `files`: what the part needs, below the root of the page. Rejects when a style sheet does not come. */
export function styled<T>(load: () => Promise<T>, files: readonly string[] = []): Promise<T> {
  return Promise.all(files.map(style)).then(load)
}

function style(file: string): Promise<unknown> {
  const known = coming.get(file)
  if (known || !file.endsWith('.css') || isOnPage(file)) return Promise.resolve(known)
  const sheet = new Promise((done, failed) => {
    const link = Object.assign(document.createElement('link'), {
      rel: 'stylesheet',
      crossOrigin: '',
      href: `/${file}`,
      onload: done,
      onerror() {
        coming.delete(file)
        link.remove()
        failed(new Error(`missing: ${file}`))
      },
    })
    document.head.append(link)
  })
  coming.set(file, sheet)
  return sheet
}

/** The page's own style sheet. A second copy at the end would win over the style sheets of parts that came before it. */
const isOnPage = (file: string) =>
  document.querySelector(`link[rel=stylesheet][href="/${file}"]`) !== null
