/*
 * Around a message that mentions this user: a soft line in the colour of its author. What it says for screen readers is the
 * text itself, which has the name in it.
 */
import { useLayoutEffect, useRef, useState } from 'react'
import { useApp, useSettings } from '../../stores/hooks'
import type { Entry } from '@asocial/client/core/messages'
import { mentionsSelf } from './mentioned'

export function Glow({ entry }: { entry: Entry }) {
  const app = useApp()
  // As it was when the message came: people come and go, and names change.
  const [meant] = useState(() => mentionsSelf(app, entry))
  const glows = useSettings((s) => s.mentions) && meant
  const glow = useRef<HTMLElement>(null)
  useLayoutEffect(() => {
    const body = glow.current?.parentElement
    body?.toggleAttribute('data-glows', true)
    return () => body?.removeAttribute('data-glows')
  }, [glows])
  return glows && <i ref={glow} className="glow" aria-hidden="true" data-testid="glow" />
}
