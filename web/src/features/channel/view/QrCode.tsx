/*
 * A link as a QR code, with the margin of four modules that the standard requires. Dark on light in both colour schemes,
 * because many readers cannot read the inverse.
 */
import { encode } from 'uqr'

const QUIET = 4

export function QrCode({ text, label }: { text: string; label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 0 })
  const side = size + 2 * QUIET
  return (
    <svg
      className="block h-auto w-full rounded-xl bg-[color:light-dark(var(--ground),var(--ink))] text-[color:light-dark(var(--ink),var(--ground))]"
      viewBox={`${-QUIET} ${-QUIET} ${side} ${side}`}
      role="img"
      aria-label={label}
      data-testid="qr"
    >
      <path d={outlineOf(data)} fill="currentColor" shapeRendering="crispEdges" />
    </svg>
  )
}

/** A rectangle for each run of dark modules in a row. */
function outlineOf(rows: readonly (readonly boolean[])[]): string {
  let path = ''
  for (const [y, row] of rows.entries()) {
    for (let x = 0; x < row.length; x += 1) {
      const from = x
      while (row[x]) x += 1
      if (x > from) path += `M${from} ${y}h${x - from}v1h${from - x}z`
    }
  }
  return path
}
