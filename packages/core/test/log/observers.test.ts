import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/index.ts'
import {
  type ConsoleLike,
  consoleObserver,
  eventText,
  filtered,
  jsonLinesObserver,
  type LogEvent,
  Logger,
  type LogLevel,
  pinoObserver,
  textObserver,
} from '../../src/log.ts'
import { HOSTILE } from './hostile-values.ts'

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

  test('leaves out missing parts of an event', () => {
    expect(written({ level: 'info', text: 'Ready' })).toBe('info Ready\n')
  })

  test('prevents forged lines: all but the first are indented', () => {
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
  ])('passes %s events to the method %s', (level, method) => {
    const { console, calls } = recording()
    consoleObserver(console)({ level, namespace: 'shop', text: 'Open' })
    expect(calls).toEqual([[method, 'shop Open']])
  })

  test('passes one string, so that nothing in it is a format', () => {
    const { console, calls } = recording()
    const error = Object.assign(new Error('why'), { stack: 'Error: why' })
    consoleObserver(console)({ level: 'error', text: '%s %o', error })
    expect(calls).toEqual([['error', '%s %o\n    Error: why']])
  })
})

describe('jsonLinesObserver', () => {
  const written = (event: LogEvent): string => {
    const lines: string[] = []
    jsonLinesObserver((line) => lines.push(line))(event)
    return lines.join('')
  }

  test('writes everything that an event has in one line', () => {
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

  test.each(HOSTILE)('writes a line even with %s', (_name, hostile) => {
    const line = written({ level: 'error', text: 'a\n{hostile}', fields: { hostile }, error: hostile })
    expect(JSON.parse(line)).toMatchObject({ level: 'error', template: 'a\n{hostile}' })
    expect(line.indexOf('\n')).toBe(line.length - 1)
  })
})

/** Has the methods of pino, and needs its `this` as pino does. */
class RecordingPino {
  readonly calls: unknown[][] = []

  debug(...args: unknown[]): void {
    this.calls.push(['debug', ...args])
  }

  info(...args: unknown[]): void {
    this.calls.push(['info', ...args])
  }

  warn(...args: unknown[]): void {
    this.calls.push(['warn', ...args])
  }

  error(...args: unknown[]): void {
    this.calls.push(['error', ...args])
  }

  fatal(...args: unknown[]): void {
    this.calls.push(['fatal', ...args])
  }
}

describe('pinoObserver', () => {
  test.each<[LogLevel, string]>([
    ['debug', 'debug'],
    ['info', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['critical', 'fatal'],
  ])('passes %s events to the method %s', (level, method) => {
    const pino = new RecordingPino()
    pinoObserver(pino)({ level, namespace: 'shop', text: 'Open' })
    expect(pino.calls).toEqual([[method, { namespace: 'shop' }, 'Open']])
  })

  test('passes the error as err, and connection and fields under their names', () => {
    const [pino, error] = [new RecordingPino(), new Error('why')]
    const connection = { id: 3, peer: tcpAddress('127.0.0.1', 5000), protocol: 'Echo' }
    pinoObserver(pino)({ level: 'error', text: '{n} failed', fields: { n: 2 }, connection, error })
    expect(pino.calls).toEqual([
      [
        'error',
        {
          connection: { ...connection, peer: '127.0.0.1:5000' },
          fields: { n: 2 },
          template: '{n} failed',
          err: error,
        },
        '2 failed',
      ],
    ])
  })
})

describe('filtered', () => {
  test('passes events of the level or above', () => {
    const received: string[] = []
    const observer = filtered(({ level }) => received.push(level), { level: 'warn' })
    const levels: LogLevel[] = ['critical', 'debug', 'error', 'info', 'warn']
    for (const level of levels) observer({ level, text: '' })
    expect(received).toEqual(['critical', 'error', 'warn'])
  })

  test.each([
    ['ropewalk.http', true],
    ['ropewalk.http.server', true],
    ['ropewalk.http.server.upgrade', false],
    ['ropewalk.http.server.upgrade.h2c', false],
    ['ropewalk.https', false],
    ['ropewalk', false],
    ['', false],
    [undefined, false],
  ])('applies the level of the nearest namespace above %s', (namespace, passes) => {
    const received: LogEvent[] = []
    const namespaces = { 'ropewalk.http': 'debug', 'ropewalk.http.server.upgrade': 'error' } as const
    const observer = filtered((event) => received.push(event), { level: 'info', namespaces })
    observer({ level: 'debug', text: '', namespace })
    expect(received.length).toBe(passes ? 1 : 0)
  })

  test('does not format an event that is filtered out', () => {
    const looked: string[] = []
    const thing = { toString: () => String(looked.push('looked')) }
    const logger = new Logger('x', { log: filtered(eventText, { level: 'info' }) })
    logger.debug('{thing}', { thing })
    expect(looked).toEqual([])
    logger.info('{thing}', { thing })
    expect(looked).toEqual(['looked'])
  })

  test('returns the promise of an async observer, so that its failure can be logged', async () => {
    const rejecting = (): unknown => Promise.reject(new Error('no disk'))
    const observer = filtered(rejecting, { level: 'info' })
    await expect(observer({ level: 'info', text: '' })).rejects.toThrow('no disk')
  })

  test('refuses an unknown level', () => {
    const level = 'verbose' as LogLevel
    const message = 'Cannot filter by level "verbose": the levels are debug, info, warn, error, critical'
    expect(() => filtered(() => undefined, { level })).toThrow(message)
    expect(() => filtered(() => undefined, { level: 'info', namespaces: { x: level } })).toThrow(RangeError)
  })
})
