import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../../src/interfaces/log.ts'
import { textObserver } from '../../src/log/text-observer.ts'

describe('textObserver', () => {
  const written = (event: LogEvent): string => {
    const texts: string[] = []
    textObserver((text) => texts.push(text))(event)
    return texts.join('')
  }

  test('writes time, level, namespace, label and text in one line', () => {
    const event: LogEvent = {
      level: 'warn',
      namespace: 'ropewalk',
      text: 'Slow',
      label: 'Echo 3 127.0.0.1:5000',
      timeMs: 0,
    }
    expect(written(event)).toBe('1970-01-01T00:00:00.000Z warn ropewalk [Echo 3 127.0.0.1:5000] Slow\n')
  })

  test('leaves out what an event does not have', () => {
    expect(written({ level: 'info', text: 'Ready' })).toBe('info Ready\n')
  })

  test('lets nobody forge a line: all but the first are indented', () => {
    const anything = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(anything, anything, anything, (text, label, message) => {
        const lines = written({ level: 'error', text, label, error: new Error(message, { cause: message }) })
        const [first = '', ...rest] = lines.split(/[\n\r\u0085\u2028\u2029]/)
        expect(first.startsWith('error [')).toBe(true)
        expect(rest.pop()).toBe('')
        expect(rest.every((line) => line.startsWith('    '))).toBe(true)
      }),
    )
  })
})
