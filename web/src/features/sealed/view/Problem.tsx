/*
 * Shown in place of a sealed channel that cannot be opened: why, and what to do. The page has not connected.
 */
import { SEALED_STRINGS } from '../../../shared/i18n/en-sealed'
import { SHARING_STRINGS } from '../../../shared/i18n/en-sharing'
import { LockIcon } from '../LockIcon'

const LINK = 'self-start py-2.5 underline underline-offset-4'

export function Problem({ kind }: { kind: keyof typeof SEALED_STRINGS.problem }) {
  const { title, why } = SEALED_STRINGS.problem[kind]
  return (
    <main
      className="fixed inset-0 mx-auto flex max-w-[30em] flex-col justify-center gap-2.5 p-6"
      data-testid="sealed-problem"
      data-problem={kind}
    >
      <p className="flex items-center gap-1.5 text-faint">
        <LockIcon />
        {SEALED_STRINGS.title}
      </p>
      <h1 className="text-[21px] font-semibold">{title}</h1>
      <p>{why}</p>
      {kind !== 'insecure' && (
        <a className={LINK} href="/s/#new" data-testid="new-sealed">
          {SEALED_STRINGS.open}
        </a>
      )}
      <a className={LINK} href="/" data-testid="to-start">
        {SHARING_STRINGS.toStart}
      </a>
    </main>
  )
}
