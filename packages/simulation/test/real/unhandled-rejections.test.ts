import { expect, test } from 'vitest'
import { watchUnhandledRejections } from '../../src/real/unhandled-rejections.ts'

test('watchUnhandledRejections listens until its end', () => {
  const before = process.listenerCount('unhandledRejection')
  const seen: unknown[] = []
  const endWatch = watchUnhandledRejections((reason) => seen.push(reason))
  const [listener] = process.listeners('unhandledRejection').slice(before)
  listener?.('why', Promise.resolve())
  endWatch()
  expect([seen, process.listenerCount('unhandledRejection')]).toEqual([['why'], before])
})

test('one listener serves all watches, and each watch is notified', () => {
  const before = process.listenerCount('unhandledRejection')
  const seen: string[] = []
  const ends = Array.from({ length: 20 }, (_, at) => watchUnhandledRejections(() => seen.push(String(at))))
  const listeners = process.listeners('unhandledRejection').slice(before)
  expect(listeners.length).toBe(1)
  listeners[0]?.('why', Promise.resolve())
  expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => String(at)))
  for (const end of ends) end()
  expect(process.listenerCount('unhandledRejection')).toBe(before)
})
