/* What a newcomer's view shows. */
import { expect, test } from 'vitest'
import { viewOnArrival } from '../../../src/features/navigation/store/finding'
import { setUp } from '../../support/visitor'

test('people are where they go to, not where their pointer is still drawn', () => {
  const { app, get } = setUp()
  app.camera.setView({ width: 1_000, height: 700 })
  const point = (x: number) => {
    get({ type: 'cursors', cursors: [['mira', x, 0]] })
  }
  point(1_200)
  expect(viewOnArrival(app)?.x).toBeCloseTo(1_200, -2)
  // Nothing moves the pointers here: it is drawn where it was.
  point(50_000)
  expect(viewOnArrival(app)).toBeUndefined()
  point(1_400)
  expect(viewOnArrival(app)?.x).toBeCloseTo(1_400, -2)
})
