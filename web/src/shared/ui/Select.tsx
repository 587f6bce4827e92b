/*
 * A select field in a panel. With smaller text, phones would zoom in on it.
 */
import type { ComponentProps } from 'react'

export function Select({ wide, ...props }: ComponentProps<'select'> & { wide?: boolean }) {
  return (
    <select
      {...props}
      className={`min-h-[34px] cursor-pointer rounded-[10px] border border-line bg-ground px-2 pointer-coarse:min-h-11 pointer-coarse:text-base/5 ${
        wide ? 'w-full' : 'max-w-full min-w-0'
      }`}
    />
  )
}
