/*
 * Others' cursors, in one file that is fetched when the first one appears.
 */
export { CursorCrowd } from './CursorCrowd'
export { CursorLayers } from './CursorLayers'
