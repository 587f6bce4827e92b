/*
 * English texts that are needed only while other people are present, kept out of the first load.
 */
import { formatter } from './language'
import { section } from './section'

const { number, count, all } = formatter('en')

export const OTHERS_STRINGS = section('others', {
  more: (n: number) => `and ${number(n)} more`,
  yourName: 'Your name',
  yourColor: 'Your colour',
  close: 'Close',
  away: (screens: number) => (screens < 1.5 ? 'near' : count(screens, { other: '# screens' })),
  persons: (n: number) => count(n, { one: '1 person', other: '# people' }),
  outside: 'Outside the view',
  // These begin with the visible text, for people who use voice control.
  goTo: (who: string, typing: boolean, away: string) =>
    `Go to ${who}, ${away === 'near' ? away : `${away} away`}${typing ? ', writing' : ''}`,
  goToMany: (who: string, more: number, typing: boolean, away: string) =>
    `Go to ${who}, ${away === 'near' ? away : `${away} away`}, and ${number(more)} more${typing ? ', writing' : ''}`,
  cluster: (n: number) => `${number(n)} messages here. Zoom in to read them`,
  nearest: 'Go to the nearest conversation (End)',
  /** why the view did not go to the nearest conversation */
  missed: {
    alone: 'Nobody else is here.',
    none: 'Nobody was found outside your view.',
  },
  minimap:
    'Map of people and messages. Drag or use the arrow keys to move the view. Enter goes to the nearest conversation.',
  goToPerson: (name: string) => `Go to ${name}`,
  follow: 'Follow',
  followPerson: (name: string) => `Follow ${name}`,
  following: (name: string) => `Following ${name}`,
  /** `named` as below */
  followYou: (named: readonly string[], n: number) =>
    n === 1
      ? `${named[0]} follows you`
      : n > named.length
        ? `${number(n)} people follow you`
        : `${all(named)} follow you`,
  stop: 'Stop',
  stopFollowing: 'Stop following (Escape, or move the view)',
  /** `named` is empty when there are too many to name */
  joined: (named: readonly string[], n: number) =>
    n === 1
      ? `${named[0]} is here`
      : n > named.length
        ? `${number(n)} people came`
        : `${all(named)} are here`,
  left: (named: readonly string[], n: number) =>
    n > named.length ? `${number(n)} people left` : `${all(named)} left`,
  cleared: (name: string) => `${name} cleared all messages`,
  strokes: {
    pen: 'Pen: draw with a finger',
    penOn: 'Put the pen away',
    log: 'Lines that people draw',
    /** `where` as in `heard` */
    drew: (who: string, where: string) =>
      where === '' ? `${who} drew a line` : `${who} drew a line, ${where}`,
  },
  names: 'People to mention',
  namesFound: (n: number) =>
    count(n, {
      one: '# name. Tab completes it',
      other: '# names. Choose with the arrow keys, Tab completes',
    }),
})
