/* The palette: its contrast is in text.test.ts, the distance of any two colours in the server's tests (W122). */
import { expect, test } from 'vitest'
import { COLORS } from '@asocial/client/core/wire'
import { BACKDROP, contrast, GROUND, PALETTE } from '../../src/shared/palette'

/** around the circle of hues */
const CIRCLE = [
  ...(['rose', 'coral', 'rust', 'amber', 'ochre', 'olive', 'moss', 'fern'] as const),
  ...(['jade', 'teal', 'lagoon', 'azure', 'cobalt', 'indigo', 'violet', 'plum'] as const),
]

test.each(['light', 'dark'] as const)('on a %s ground neighbours differ in lightness', (scheme) => {
  expect([...CIRCLE].sort()).toEqual([...COLORS].sort())
  for (const [place, name] of CIRCLE.entries()) {
    const next = CIRCLE[(place + 1) % CIRCLE.length] ?? name
    expect(contrast(PALETTE[name][scheme], PALETTE[next][scheme])).toBeGreaterThan(1.4)
  }
})

test('text in any colour is easy to read, on the ground and on a backdrop', () => {
  for (const name of COLORS) {
    for (const scheme of ['light', 'dark'] as const) {
      for (const ground of [GROUND, BACKDROP]) {
        expect(contrast(PALETTE[name][scheme], ground[scheme]), name).toBeGreaterThanOrEqual(5)
      }
    }
  }
})
