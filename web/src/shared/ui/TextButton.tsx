/*
 * A button that is nothing but its underlined text, in a panel.
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
