/*
 * Parts of the page that are fetched when they are first needed, so that the first word can be
 * typed before they are here. One that cannot be had (the network is away, the server has another
 * build) closes itself again: the page goes on, and the next press tries once more.
 */
import { useEffect, useState, type ComponentType } from 'react'

export function later<P extends { close?(): void }>(load: () => Promise<ComponentType<P>>) {
  return function Later(props: P) {
    const [Part, setPart] = useState<ComponentType<P>>()
    const { close } = props
    useEffect(() => {
      let wanted = true
      load().then(
        (loaded) => wanted && setPart(() => loaded),
        () => wanted && close?.(),
      )
      return () => {
        wanted = false
      }
    }, [close])
    return Part ? <Part {...props} /> : null
  }
}
