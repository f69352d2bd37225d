import { describe, expect, test } from 'vitest'
import type { LogConnection } from '../../src/interfaces/log.ts'
import { tcpAddress } from '../../src/addresses.ts'
import { ThrottledWarning } from '../../src/proxy/rare-warning.ts'
import { MemoryReactor } from '../../src/testing/memory-reactor.ts'

describe('ThrottledWarning', () => {
  const of = (id: number): LogConnection => ({
    id,
    peer: tcpAddress('192.0.2.1', 5000),
    protocol: 'ProxyHeaderProtocol',
  })

  test('warns once a minute, and then says how often it was silent', () => {
    const [reactor, warning] = [new MemoryReactor(), new ThrottledWarning('Something is wrong')]
    const error = new Error('why')
    for (let times = 0; times < 3; times++) warning.warn(reactor, { connection: of(1), error })
    reactor.advance(59_999)
    warning.warn(reactor, { connection: of(1), error })
    reactor.advance(1)
    warning.warn(reactor, { connection: of(2), error })
    expect(reactor.logged.map(({ level }) => level)).toEqual(['warn', 'debug', 'debug', 'debug', 'warn'])
    expect(reactor.logged[0]).toMatchObject({
      level: 'warn',
      text: 'Something is wrong',
      connection: of(1),
      error,
    })
    expect(reactor.logged[4]).toMatchObject({
      text: 'Something is wrong, as happened 3 times since this was last said',
      connection: of(2),
    })
  })

  test('mentions nothing when there was nothing in between', () => {
    const [reactor, warning] = [new MemoryReactor(), new ThrottledWarning('Something is wrong')]
    warning.warn(reactor, {})
    reactor.advance(60_000)
    warning.warn(reactor, {})
    expect(reactor.logged.map(({ text }) => text)).toEqual(['Something is wrong', 'Something is wrong'])
  })
})
