/*
 * Notifications: a soft sound for messages nearby, and the title of the tab while it
 * is hidden. Nothing is drawn here.
 */
import { useEffect } from 'react'
import { chimeOf, newMessages, sparing, titleOf, toneOf } from './model/tones'
import { mentionsSelf } from '../mentions/mentioned'
import { useApp } from '../../stores/hooks'
import { createSound } from './view/sound'

const SOUNDS_MAX = 3
const SOUNDS_MS = 1_000
const CHIMES_MAX = 2
const CHIMES_MS = 4_000

export function Notifications() {
  const app = useApp()
  useEffect(() => {
    const { name } = app.session.store.getState()
    const sound = createSound()
    const mayPlay = sparing(SOUNDS_MAX, SOUNDS_MS)
    const mayChime = sparing(CHIMES_MAX, CHIMES_MS)
    let unseen = 0
    const tell = () => {
      document.title = titleOf(name, unseen)
    }
    const seen = () => {
      if (document.visibilityState === 'hidden' || unseen === 0) return
      unseen = 0
      tell()
    }
    const stop = app.messages.store.subscribe(({ messages: now }, { messages: before }) => {
      const added = newMessages(before.entries, now.entries)
      if (added.length === 0) return
      if (document.visibilityState === 'hidden') {
        unseen += added.length
        tell()
      }
      const settings = app.settings.store.getState()
      if (settings.sound === 'off') return
      const { camera, view } = app.camera.store.getState()
      for (const entry of added) {
        const { at, userId } = entry
        if (settings.mentions && mentionsSelf(app, entry) && mayChime(app.now())) {
          for (const tone of chimeOf(camera, view, at)) sound.play(tone)
          continue
        }
        const tone = toneOf(camera, view, at, userId)
        if (tone && mayPlay(app.now())) sound.play(tone)
      }
    })
    document.addEventListener('visibilitychange', seen)
    return () => {
      stop()
      document.removeEventListener('visibilitychange', seen)
      sound.close()
      document.title = titleOf(name, 0)
    }
  }, [app])
  return null
}
