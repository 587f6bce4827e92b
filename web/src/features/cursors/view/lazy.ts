/*
 * Others' pointers, in one file to fetch when the first of them is seen.
 */
export { CursorCrowd } from './CursorCrowd'
export { CursorLayers } from './CursorLayers'
