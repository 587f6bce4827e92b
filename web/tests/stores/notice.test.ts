/*
 * What an operator tells everyone (W150).
 */
import { expect, test } from 'vitest'
import { setUp } from '../support/visitor'

test('the newest notice is shown until it is put away', () => {
  const { app, get } = setUp()
  const shown = () => app.session.store.getState().notice
  expect(shown()).toBeUndefined()
  get({ type: 'notice', text: 'Restart at noon', timestamp: 1 })
  get({ type: 'notice', text: 'Restart at one', timestamp: 2 })
  expect(shown()).toBe('Restart at one')
  app.session.setNotice(undefined)
  expect(shown()).toBeUndefined()
})
