/*
 * The logo, and the icon of a link.
 */
export function Logo() {
  return (
    <svg className="flex-none" viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
      <path
        d="M16 3.5c8 0 14 4.6 14 12.2 0 7.2-5.6 12.6-13.6 12.8C8 28.7 2 23.8 2 16.4 2 8.6 8.2 3.5 16 3.5z"
        fill="currentColor"
        opacity=".3"
      />
      <path
        d="M16.2 6.8c6.2 0 10.4 3.4 10.2 9-.2 5.4-4.4 9.4-10.2 9.4-6 0-10.4-3.6-10.4-9 0-5.6 4.6-9.4 10.4-9.4z"
        fill="currentColor"
        opacity=".42"
      />
      <path
        d="M16 9.6c-.5 4.3-.4 8.7.1 13"
        stroke="var(--ground)"
        strokeWidth="3"
        strokeLinecap="round"
        fill="none"
      />
    </svg>
  )
}

export function Chain() {
  return (
    <svg className="flex-none" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <path
        d="M8.4 11.6a3 3 0 0 0 4.4.2l2.6-2.6a3.1 3.1 0 0 0-4.4-4.4L9.6 6.2M11.6 8.4a3 3 0 0 0-4.4-.2l-2.6 2.6a3.1 3.1 0 0 0 4.4 4.4l1.4-1.4"
        stroke="currentColor"
        strokeWidth="1.7"
        strokeLinecap="round"
        strokeLinejoin="round"
        fill="none"
      />
    </svg>
  )
}
