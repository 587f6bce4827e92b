/*
 * What an operator tells everyone (W150): a quiet line below the channel's name, for a minute.
 */
import { useEffect } from 'react'
import { useApp, useSession } from '../../stores/hooks'

const SHOWN_MS = 60_000

export function OperatorNotice() {
  const { session } = useApp()
  const text = useSession((s) => s.notice)
  useEffect(() => {
    const timer = setTimeout(() => session.setNotice(undefined), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [session, text])
  return (
    <p
      className="max-w-[min(420px,100vw-120px)] rounded-[10px] bg-ground/80 px-2 py-1 text-[13px]/5 wrap-anywhere text-faint"
      dir="auto"
    >
      {text}
    </p>
  )
}
