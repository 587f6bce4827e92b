/*
 * Everything that is only useful while other people are present, in one file that is fetched on demand. Following is here
 * so that it comes along; store/navigation.ts asks for it.
 */
export { Bursts } from '../features/reactions/Bursts'
export { Chips } from '../features/navigation/Chips'
export { Clusters } from '../features/messages/Clusters'
export { CrowdPlaces } from '../features/navigation/CrowdPlaces'
export { createFollowing } from '../features/navigation/store/following'
export { Followers } from '../features/navigation/Followers'
export { Following } from '../features/navigation/Following'
export { Notifications } from '../features/notifications/Notifications'
export { Notices } from '../features/people/Notices'
export { Leader } from '../features/messages/Leader'
export { Nearest } from '../features/navigation/Nearest'
export { Palette } from '../features/reactions/Palette'
export { Pen } from '../features/strokes/Pen'
export { Minimap } from '../features/navigation/Minimap'
