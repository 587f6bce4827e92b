/*
 * Says a text to screen readers, in a region that is in the document before its text: one that comes with its text is not
 * announced. For what is shown only now and then.
 */
import { useEffect, useState } from 'react'

const AFTER_MS = 100

export function Status({ text }: { text: string }) {
  const [isThere, setIsThere] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsThere(true), AFTER_MS)
    return () => clearTimeout(timer)
  }, [])
  return (
    <span className="sr-only" role="status">
      {isThere && text}
    </span>
  )
}
