/*
 * The sign of a sealed channel.
 */
export const LockIcon = () => (
  <svg
    className="line me-1 inline-block size-4 flex-none align-[-3px]"
    viewBox="0 0 20 20"
    aria-hidden="true"
  >
    <path d="M5 9h10v7.5H5zM7 9V6.3a3 3 0 0 1 6 0V9" />
  </svg>
)
