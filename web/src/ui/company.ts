/*
 * Everything that only makes sense with others about, in one file to fetch.
 */
export { Chips } from './Chips'
export { Following } from './Following'
export { Nearest } from './Nearest'
export { Radar } from './Radar'
