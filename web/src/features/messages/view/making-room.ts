/*
 * What makes room, in one file that is fetched when the first text is shown.
 */
export { gatherAll } from '../model/gather'
export { createLayout } from '../model/layout'
export { freePlace } from '../boxes'
export { Placing } from './Notices'
