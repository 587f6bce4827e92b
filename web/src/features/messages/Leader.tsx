/*
 * The leader: a line from the point where a message was posted to its text, which was moved aside for others.
 */
import type { CSSProperties } from 'react'
import type { Aside } from './model/place'

/** half of the point a leader starts from */
const POINT_PX = 2.5

/**
 * A diagonal of the box between the two, drawn as a gradient: with a transform each would get its own layer, and many
 * layers cost frames.
 */
export function Leader({ aside: { dx, dy } }: { aside: Aside }) {
  const straight = dx === 0 || dy === 0
  const along = dy === 0 ? (dx < 0 ? 'left' : 'right') : dy < 0 ? 'top' : 'bottom'
  // A gradient's middle runs through the two corners that it does not go to.
  const across = dx * dy > 0 ? 'top right' : 'bottom right'
  const ends = `${dx > 0 ? 'left' : 'right'} ${dy > 0 ? 'top' : 'bottom'}`
  const style = {
    width: Math.abs(dx) + 2 * POINT_PX,
    height: Math.abs(dy) + 2 * POINT_PX,
    margin: `${Math.min(0, dy) - POINT_PX}px 0 0 ${Math.min(0, dx) - POINT_PX}px`,
    backgroundPosition: `${ends}, center`,
    '--way': `to ${straight ? along : across}`,
  } as CSSProperties
  return (
    <i
      className="leader"
      data-straight={straight || undefined}
      style={style}
      data-testid="leader"
    />
  )
}
