/*
 * A shadow at the lower edge of what scrolls, or on its last row, says that there is more. It is the last child, or the one
 * before that row. `className`: margins as wide as the padding, and `--foot`, see controls.css.
 */
export function ScrollCue({ className = '' }: { className?: string }) {
  return (
    <>
      <div className={`scroll-more ${className}`} />
      <div className={`scroll-end ${className}`} />
    </>
  )
}
