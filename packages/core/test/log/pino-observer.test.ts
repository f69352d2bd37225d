import { describe, expect, test } from 'vitest'
import { tcpAddress } from '../../src/addresses.ts'
import type { LogLevel } from '../../src/interfaces/log.ts'
import { pinoObserver } from '../../src/log/pino-observer.ts'

/** Takes what pino takes, and needs its `this` as pino does. */
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
  ])('calls, for %s, the method %s', (level, method) => {
    const pino = new RecordingPino()
    pinoObserver(pino)({ level, namespace: 'shop', text: 'Open' })
    expect(pino.calls).toEqual([[method, { namespace: 'shop' }, 'Open']])
  })

  test('gives the error as err, and connection and fields under their names', () => {
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
