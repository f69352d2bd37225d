import { afterEach, describe, expect, test, vi } from 'vitest'
import { logToStderr } from '../../src/node/console-log.ts'

describe('logToStderr', () => {
  afterEach(() => void vi.restoreAllMocks())

  const linesOf = (event: Parameters<typeof logToStderr>[0]): string => {
    const lines: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(String(line)) > 0)
    logToStderr(event)
    return lines.join('')
  }

  test('writes level, label and text in one line', () => {
    expect(linesOf({ level: 'info', text: 'Listening' })).toBe('info Listening\n')
    expect(linesOf({ level: 'warn', text: 'Slow', label: 'Echo 3 127.0.0.1:5000' })).toBe(
      'warn [Echo 3 127.0.0.1:5000] Slow\n',
    )
  })

  test('writes the stack of an error, and shows whatever else was thrown', () => {
    const error = new Error('broken')
    expect(linesOf({ level: 'error', text: 'It failed', error })).toBe(`error It failed: ${error.stack}\n`)
    expect(linesOf({ level: 'error', text: 'It failed', error: { code: 7 } })).toBe(
      'error It failed: { code: 7 }\n',
    )
  })

  test('drops debug events', () => {
    expect(linesOf({ level: 'debug', text: 'detail' })).toBe('')
  })
})
