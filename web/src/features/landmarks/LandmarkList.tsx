/*
 * The landmarks of the channel as a list of buttons that go there.
 */
import { useId } from 'react'
import { PANEL_STRINGS } from '../../shared/i18n/en-panels'
import { useApp, useSession } from '../../stores/hooks'
import { goToLandmark } from './go'

const SAY = PANEL_STRINGS.landmarks

export function LandmarkList({ close }: { close(): void }) {
  const app = useApp()
  const title = useId()
  const landmarks = useSession((s) => s.rules.landmarks)
  if (landmarks.length === 0) return null
  return (
    <section
      className="mb-1.5 border-b border-line pb-1.5"
      aria-labelledby={title}
      data-testid="landmarks"
    >
      <h2 id={title} className="text-[13px] text-faint">
        {SAY.title}
      </h2>
      <ul>
        {landmarks.map((landmark) => (
          <li key={landmark.name}>
            <button
              type="button"
              className="min-w-0 flex-1 cursor-pointer py-[7px] text-start underline-offset-4 hover:underline pointer-coarse:py-3"
              title={SAY.goTo(landmark.name)}
              onClick={() => {
                goToLandmark(app, landmark)
                close()
              }}
              data-testid="go-to-landmark"
            >
              <bdi className="block truncate" translate="no">
                {landmark.name}
              </bdi>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
