/*
 * A button in a panel that looks like underlined text.
 */
import type { ComponentProps } from 'react'

export function TextButton(props: ComponentProps<'button'>) {
  return (
    <button
      type="button"
      {...props}
      className="min-h-[34px] cursor-pointer text-start underline underline-offset-[3px] pointer-coarse:min-h-11"
    />
  )
}
