/*
 * Everything that only makes sense with others about, in one file to fetch.
 */
export { Bursts } from './Bursts'
export { Chips } from './Chips'
export { Clusters } from './Clusters'
export { Following } from './Following'
export { Hearing } from './Hearing'
export { Leader } from './Leader'
export { Nearest } from './Nearest'
export { Palette } from './Palette'
export { Radar } from './Radar'
