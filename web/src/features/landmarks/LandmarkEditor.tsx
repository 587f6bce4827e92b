/*
 * The owner's landmarks: add one in the middle of the view, rename, move there, remove. What is shown is what the server
 * says.
 */
import { useRef, useState, type FormEvent } from 'react'
import { cleanName } from '../channel/model/names'
import { wirePoint } from '../canvas/model/camera'
import { commandOf } from '../../shared/keys/keys'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import type { Landmark } from '@asocial/client/core/rules'
import { LANDMARK_CHARACTERS, LANDMARKS_MAX } from '@asocial/client/core/wire'
import type { App } from '../../stores/app'
import { useApp, useSession } from '../../stores/hooks'
import { isTaken } from './model/landmarks'

const SAY = PANEL_STRINGS.landmarks
const FIELD =
  'min-h-[34px] min-w-0 flex-1 rounded-none border-b border-line bg-transparent text-base/5 placeholder:text-faint placeholder:opacity-100 focus-visible:border-current focus-visible:outline-none pointer-coarse:min-h-11'
const ACT =
  'min-h-[34px] flex-none cursor-pointer px-1 text-[13px] text-faint underline underline-offset-[3px] hover:text-ink disabled:cursor-default disabled:no-underline disabled:opacity-60 pointer-coarse:min-h-11 pointer-coarse:min-w-11'

const clean = (text: string) => cleanName(text, LANDMARK_CHARACTERS)

function place(app: App, name: string) {
  const { x, y } = app.camera.store.getState().camera
  app.send({ type: 'moderate', action: 'place_landmark', name, position: wirePoint({ x, y }) })
}

export function LandmarkEditor() {
  const app = useApp()
  const landmarks = useSession((s) => s.rules.landmarks)
  const [added, setAdded] = useState('')
  const [notice, setNotice] = useState('')
  const full = landmarks.length >= LANDMARKS_MAX
  const add = (event: FormEvent) => {
    event.preventDefault()
    const name = clean(added)
    if (name === '') return setNotice(SAY.needsName)
    if (isTaken(landmarks, name)) return setNotice(SAY.taken)
    place(app, name)
    setAdded('')
    setNotice(SAY.placed(name))
  }
  return (
    <section
      className="my-1 border-y border-line py-2"
      aria-label={SAY.title}
      data-testid="landmark-editor"
    >
      <h2>{SAY.title}</h2>
      <p className="text-xs/4 text-faint">{SAY.why}</p>
      <ul>
        {landmarks.map((landmark) => (
          <Row key={landmark.name} landmark={landmark} say={setNotice} />
        ))}
      </ul>
      {full ? (
        <p className="text-xs/4 text-faint">{SAY.full}</p>
      ) : (
        <form className="flex items-center gap-1" onSubmit={add}>
          <input
            className={FIELD}
            value={added}
            placeholder={SAY.name}
            aria-label={SAY.name}
            autoComplete="off"
            maxLength={2 * LANDMARK_CHARACTERS}
            onChange={(event) => setAdded(event.target.value)}
            data-testid="landmark-name"
          />
          <button type="submit" className={ACT} data-testid="landmark-add">
            {SAY.here}
          </button>
        </form>
      )}
      <p className="text-xs/4 text-faint" role="status" data-testid="landmark-notice">
        {notice}
      </p>
    </section>
  )
}

/** Its name, editable in place, as one's own name is. */
function Row({ landmark: { name }, say }: { landmark: Landmark; say(notice: string): void }) {
  const app = useApp()
  const landmarks = useSession((s) => s.rules.landmarks)
  const [edited, setEdited] = useState<string>()
  const input = useRef<HTMLInputElement>(null)
  const commit = () => {
    const wanted = clean(edited ?? name)
    setEdited(undefined)
    if (wanted === '' || wanted === name) return
    if (isTaken(landmarks, wanted, name)) return say(SAY.taken)
    app.send({ type: 'moderate', action: 'rename_landmark', name, new_name: wanted })
    say('')
  }
  return (
    <li className="!gap-1" data-testid="landmark-row">
      <input
        ref={input}
        className={FIELD}
        dir="auto"
        value={edited ?? name}
        aria-label={SAY.rename(name)}
        autoComplete="off"
        maxLength={2 * LANDMARK_CHARACTERS}
        onChange={(event) => setEdited(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          const command = commandOf(event.nativeEvent)
          if (command === 'Enter') input.current?.blur()
          if (command !== 'Escape' || edited === undefined) return
          // The panel stays open.
          event.stopPropagation()
          setEdited(undefined)
        }}
        data-testid="landmark-rename"
      />
      <button
        type="button"
        className={ACT}
        aria-label={SAY.moveHere(name)}
        title={SAY.moveHere(name)}
        onClick={() => {
          place(app, name)
          say(SAY.placed(name))
        }}
        data-testid="landmark-move"
      >
        {SAY.move}
      </button>
      <button
        type="button"
        className={`${ACT} grid place-items-center`}
        aria-label={SAY.remove(name)}
        title={SAY.remove(name)}
        onClick={() => {
          app.send({ type: 'moderate', action: 'remove_landmark', name })
          say(SAY.removed(name))
        }}
        data-testid="landmark-remove"
      >
        <svg className="line size-3.5" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M4 4l12 12M16 4L4 16" />
        </svg>
      </button>
    </li>
  )
}
