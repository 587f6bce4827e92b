/*
 * Whether a frame is about a post of ours.
 */

/**
 * `sentAs`: our user id when we sent the post. After a reconnect we may have another one, and what we sent before comes back
 * under the old one. A frame without a user id answers who sent the post.
 */
export const isOurs = (sentAs: string | undefined, frame: { readonly user_id?: string }) =>
  (frame.user_id ?? sentAs) === sentAs
