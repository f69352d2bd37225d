import { expect, test } from 'vitest'
import { watchUnheardRejections } from '../../src/real/unheard-rejections.ts'

test('watchUnheardRejections listens until it is told not to', () => {
  const before = process.listenerCount('unhandledRejection')
  const seen: unknown[] = []
  const endWatch = watchUnheardRejections((reason) => seen.push(reason))
  const [listener] = process.listeners('unhandledRejection').slice(before)
  listener?.('why', Promise.resolve())
  endWatch()
  expect([seen, process.listenerCount('unhandledRejection')]).toEqual([['why'], before])
})
