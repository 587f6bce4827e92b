/*
 * The colour to join with: our own choice, else the one that the server gave us in this visit (W122).
 */
import { expect, test } from 'vitest'
import { setUp, user } from '../../support/visitor'

test('W122: the colour that the server gave is kept for the visit, and a choice wins over it', () => {
  const inTab = new Map<string, string>()
  const { app, receive, sync } = setUp([], undefined, inTab)
  receive(sync({ users: [{ ...user('me'), color: 'jade' }] }), true)
  expect(app.session.color()).toBe('jade')
  expect(inTab.get('color garden')).toBe('jade')
  app.session.choose({ color: 'plum' }, { name: 'me', color: 'jade' })
  expect(app.session.color()).toBe('plum')
})
