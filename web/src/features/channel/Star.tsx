/*
 * A star, full or in outline.
 */
export const Star = ({ full }: { full: boolean }) => (
  <svg className="line size-4 flex-none" viewBox="0 0 20 20" aria-hidden="true">
    <path
      d="M10 2.8l2.2 4.6 5 .7-3.6 3.5.9 5-4.5-2.4-4.5 2.4.9-5L2.8 8.1l5-.7z"
      fill={full ? 'currentColor' : 'none'}
    />
  </svg>
)
