/*
 * Messages and other people's drafts on the plane: one element each, from the first letter until it has faded.
 * How they appear and fade: messages/view/lifetime.ts.
 */
import {
  memo,
  useRef,
  type ComponentProps,
  type ComponentType,
  type CSSProperties,
  type RefObject,
} from 'react'
import type { Clusters as ClusterList } from './Clusters'
import type { Leader as LeaderLine } from './Leader'
import { directionOf, mayLink, mayMention } from '../../shared/text/payload'
import { ink } from '../../shared/palette'
import type { Entry } from '@asocial/client/core/messages'
import { STRINGS } from '../../shared/i18n/en'
import { AT_ITS_POINT, type Place } from './model/place'
import { Caret } from './Caret'
import { useReappearance } from './view/reappear'
import { firstGrapheme } from '../../shared/text/graphemes'
import { lazy } from '../../shared/ui/lazy'
import { useBackdrop } from './view/backdrop'
import { useCountdown } from '../../shared/ui/countdown'
import { useApp, useOrigin, useProfile, useSelf } from '../../stores/hooks'
import { RICH_MAX, useShownMessages } from './view/shown-messages'
import { useHold } from './view/hold'
import { useLifetime } from './view/lifetime'

const Refusal = lazy<{ error: NonNullable<Entry['error']>; wait: number }>(
  () => import('./view/Refusal').then((m) => m.Refusal),
  ({ error }) => STRINGS.refusedOther(error.message),
)
const Placing = lazy(() => import('./view/making-room').then((m) => m.Placing))
const Outlived = lazy(() => import('./view/MessageMenu').then((m) => m.Outlived))

const Glow = lazy(() => import('../mentions/Glow').then((m) => m.Glow))

/** Plain text until the links are there. */
const LinkedText = lazy<{ text: string }>(
  () => import('./view/LinkedText').then((m) => m.LinkedText),
  ({ text }) => text,
)

/** The middle of the first line is the point that was touched. */
const FIRST_LINE_PX = 14

/** Needed in a crowd, and fetched later than the first message. */
interface CrowdParts {
  Clusters: ComponentType<ComponentProps<typeof ClusterList>>
  Leader: ComponentType<ComponentProps<typeof LeaderLine>>
}

interface MessagesProps extends CrowdParts {
  /** where we write, if this page can */
  caret?: RefObject<HTMLTextAreaElement | null>
}

export function Messages({ Clusters, Leader, caret }: MessagesProps) {
  const origin = useOrigin()
  const { words, clusters, places, caret: caretPlace } = useShownMessages()
  const rich = words.length <= RICH_MAX
  // The Tab key stops at the newest message; arrow keys go on to the others.
  const stop = words.findLast(({ state }) => state === 'sent')?.key
  return (
    <>
      {clusters.length > 0 && <Clusters clusters={clusters} />}
      {words.map((entry) => (
        <MessageItem
          key={entry.key}
          entry={entry}
          left={entry.at.x - origin.x}
          top={entry.at.y - origin.y}
          place={places.get(entry.key) ?? AT_ITS_POINT}
          rich={rich}
          stop={entry.key === stop}
          Leader={Leader}
        />
      ))}
      {caret && <Caret box={caret} widest={caretPlace?.widest} />}
    </>
  )
}

interface MessageProps {
  entry: Entry
  left: number
  top: number
  place: Place
  rich: boolean
  /** reached by Tab */
  stop: boolean
  Leader: CrowdParts['Leader']
}

const MessageItem = memo(function MessageItem(props: MessageProps) {
  const { entry, left, top, place, rich, stop, Leader } = props
  const profile = useProfile(entry.userId)
  const self = useSelf()
  const body = useRef<HTMLDivElement>(null)
  const words = useRef<HTMLParagraphElement>(null)
  const backdrop = useRef<HTMLDivElement>(null)
  useBackdrop(words, backdrop, rich)
  useLifetime(body, backdrop, entry, rich)
  const holdHandlers = useHold(entry)
  const color = entry.mine ? self.color : (profile?.color ?? entry.color)
  const name = shownName(profile?.name ?? entry.name, entry.bot)
  const spoken = entry.mine ? STRINGS.you : (name ?? STRINGS.someone)
  const draft = entry.state === 'draft'
  const plain = !rich && !entry.held && (draft || entry.state === 'sent')
  const dir = directionOf(entry.text)
  // A dot opens while it is read.
  const dot = place.dot && !entry.held
  useReappearance(body, backdrop, place, rich)
  return (
    <>
      {rich && !dot && (
        <div className="anchor backdropped" style={{ left, top }} aria-hidden="true">
          <div
            className="backdrop"
            style={{ marginLeft: place.dx, marginTop: place.dy }}
            ref={backdrop}
            dir={dir}
          />
        </div>
      )}
      <div
        className="anchor"
        style={{ left, top, color: ink(color) }}
        data-plain={plain || undefined}
        data-testid={draft ? 'draft' : 'message'}
        data-key={entry.key}
        data-message-id={entry.messageId}
        data-user-id={entry.userId}
        data-state={entry.state}
        data-mine={entry.mine || undefined}
        data-holding={entry.held || undefined}
        data-dot={place.dot ? (dot ? 'shut' : 'open') : undefined}
        data-x={entry.at.x}
        data-y={entry.at.y}
        aria-hidden={draft || undefined}
        // It changes with each letter.
        translate={draft ? 'no' : undefined}
      >
        {place.leader && <Leader aside={place.leader} />}
        <div
          className="message-body"
          ref={body}
          dir={dir}
          style={hung(place)}
          role={draft ? undefined : 'article'}
          aria-label={draft ? undefined : STRINGS.messageBy(spoken, entry.text)}
          tabIndex={stop ? 0 : -1}
          {...holdHandlers}
        >
          {dot && (
            <b className="dot" data-held="">
              {initialsOf(name ?? '')}
            </b>
          )}
          {!entry.mine && (place.named || place.dot) && name !== undefined && (
            <span className="author" translate="no">
              {name}
            </span>
          )}
          <p className="words" ref={words} data-held="" dir="auto">
            {!draft && mayLink(entry.text) ? <LinkedText text={entry.text} /> : entry.text}
          </p>
          {entry.mine && entry.state !== 'sent' && !draft && <Unsent entry={entry} />}
          {!entry.mine && entry.state === 'sent' && mayMention(entry.text) && (
            <Glow entry={entry} />
          )}
          {entry.held && entry.state === 'sent' && <Outlived />}
        </div>
      </div>
    </>
  )
})

function shownName(name: string | undefined, bot: boolean | undefined) {
  return bot && name !== undefined ? STRINGS.bot(name) : name
}

/** `margin`, because `translate` is animated at the end of its life. */
const hung = ({ dx, dy, widest }: Place) =>
  ({
    margin: `${dy - FIRST_LINE_PX}px ${-dx}px 0 ${dx}px`,
    '--widest': widest === undefined ? undefined : `${widest}px`,
  }) as CSSProperties

/** Of the first two words of a name. */
const initialsOf = (name: string) =>
  name.trim().split(/\s+/).slice(0, 2).map(firstGrapheme).join('')

/** Beside our own message until it is posted: pending, or refused and why. */
function Unsent({ entry }: { entry: Entry }) {
  const app = useApp()
  const wait = useCountdown(entry.error?.retryAt, app.session.serverNow)
  if (entry.state === 'pending') {
    return (
      <span className="pending">
        {STRINGS.pending}
        <Placing entryKey={entry.key} label />
      </span>
    )
  }
  return (
    <div
      className="unsent"
      // As the page is read, whatever the message is written in.
      dir={document.dir || 'ltr'}
      data-held=""
      data-testid="unsent"
    >
      <span role="alert">
        {entry.state === 'refused' && entry.error ? (
          <Refusal error={entry.error} wait={wait} />
        ) : (
          STRINGS.late
        )}
      </span>
      <button
        type="button"
        disabled={wait > 0}
        onClick={() => app.messages.sendAgain(entry.key)}
        data-testid="send-again"
      >
        {STRINGS.sendAgain}
      </button>
      <button type="button" onClick={() => app.messages.remove(entry.key)} data-testid="discard">
        {STRINGS.discard}
      </button>
      <Placing entryKey={entry.key} />
    </div>
  )
}
