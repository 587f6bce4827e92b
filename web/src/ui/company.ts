/*
 * Everything that only makes sense with others about, in one file to fetch.
 */
export { Bursts } from './Bursts'
export { Chips } from './Chips'
export { Following } from './Following'
export { Hearing } from './Hearing'
export { Nearest } from './Nearest'
export { Palette } from './Palette'
export { Radar } from './Radar'
