/*
 * A select field in a panel. With smaller text, phones would zoom in on it.
 */
import type { ComponentProps } from 'react'

export function Select(props: ComponentProps<'select'>) {
  return (
    <select
      {...props}
      className="min-h-[34px] max-w-[min(190px,44vw)] cursor-pointer rounded-[10px] border border-line bg-ground px-2 pointer-coarse:min-h-11 pointer-coarse:text-base/5"
    />
  )
}
