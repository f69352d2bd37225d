import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import type { LogEvent } from '../../src/interfaces/log.ts'
import { jsonLinesObserver } from '../../src/log/json-lines-observer.ts'
import { HOSTILE } from './hostile-values.ts'

describe('jsonLinesObserver', () => {
  const written = (event: LogEvent): string => {
    const lines: string[] = []
    jsonLinesObserver((line) => lines.push(line))(event)
    return lines.join('')
  }

  test('writes all that an event has in one line', () => {
    const connection = { id: 3, peer: tcpAddress('::1', 5000), protocol: 'Echo' }
    const event: LogEvent = {
      level: 'info',
      text: '{n} sold',
      fields: { n: 2n },
      namespace: 'shop',
      connection,
      timeMs: 0,
    }
    expect(written(event)).toBe(
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","text":"2 sold","namespace":"shop",' +
        '"connection":{"id":3,"peer":"[::1]:5000","protocol":"Echo"},"template":"{n} sold","fields":{"n":"2"}}\n',
    )
  })

  test('writes errors with their stack and causes, and cuts cycles', () => {
    const error = new Error('what', { cause: new RangeError('why') })
    Object.assign(error, { self: error })
    expect(JSON.parse(written({ level: 'error', text: 'It failed', error }))).toMatchObject({
      error: {
        name: 'Error',
        message: 'what',
        stack: error.stack,
        self: '(circular)',
        cause: { name: 'RangeError' },
      },
    })
  })

  test.each(HOSTILE)('writes a line though there is %s', (_name, hostile) => {
    const line = written({ level: 'error', text: 'a\n{hostile}', fields: { hostile }, error: hostile })
    expect(JSON.parse(line)).toMatchObject({ level: 'error', template: 'a\n{hostile}' })
    expect(line.indexOf('\n')).toBe(line.length - 1)
  })
})
