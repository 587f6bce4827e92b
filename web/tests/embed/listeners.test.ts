import { expect, test } from 'vitest'
import { createListeners } from '../../embed/listeners.ts'

test('a listener that destroys us is the last one that is called', () => {
  const listeners = createListeners()
  const called: string[] = []
  listeners.on('count', () => {
    called.push('first')
    listeners.clear()
  })
  listeners.on('count', () => called.push('second'))
  listeners.emit('count', 2)
  listeners.emit('count', 3)
  expect(called).toEqual(['first'])
})
