import { describe, expect, test } from 'vitest'
import type { LogLevel } from '../../src/interfaces/log.ts'
import { type ConsoleLike, consoleObserver } from '../../src/log/console-observer.ts'

describe('consoleObserver', () => {
  const recording = (): { console: ConsoleLike; calls: unknown[][] } => {
    const calls: unknown[][] = []
    const method =
      (name: string) =>
      (...args: unknown[]) =>
        void calls.push([name, ...args])
    const console = {
      debug: method('debug'),
      info: method('info'),
      warn: method('warn'),
      error: method('error'),
    }
    return { console, calls }
  }

  test.each<[LogLevel, string]>([
    ['debug', 'debug'],
    ['info', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['critical', 'error'],
  ])('calls, for %s, the method %s', (level, method) => {
    const { console, calls } = recording()
    consoleObserver(console)({ level, namespace: 'shop', text: 'Open' })
    expect(calls).toEqual([[method, 'shop Open']])
  })

  test('gives one string, so that nothing in it is a format', () => {
    const { console, calls } = recording()
    const error = Object.assign(new Error('why'), { stack: 'Error: why' })
    consoleObserver(console)({ level: 'error', text: '%s %o', error })
    expect(calls).toEqual([['error', '%s %o\n    Error: why']])
  })
})
