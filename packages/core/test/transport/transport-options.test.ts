import { describe, expect, test } from 'vitest'
import {
  HostnameEndpoint,
  SSLClientEndpoint,
  SSLServerEndpoint,
  TCPClientEndpoint,
  TCPServerEndpoint,
  UNIXClientEndpoint,
  UNIXServerEndpoint,
} from '../../src/endpoints.ts'
import { Factory, type ListenTCPOptions, Protocol } from '../../src/index.ts'
import { MemoryReactor } from '../../src/testing.ts'
import {
  CONNECT_TCP_RULES,
  CONNECT_UNIX_RULES,
  DEFAULT_TRANSPORT_OPTIONS,
  LISTEN_TCP_RULES,
  LISTEN_UNIX_RULES,
  PORT,
  transportOptions,
} from '../../src/transport/transport-options.ts'

describe('DEFAULT_TRANSPORT_OPTIONS', () => {
  test('has its water marks in order, and a finite value for every option', () => {
    const { lowWaterBytes, highWaterBytes, maxBufferedBytes } = DEFAULT_TRANSPORT_OPTIONS
    expect(lowWaterBytes).toBeLessThan(highWaterBytes)
    expect(highWaterBytes).toBeLessThan(maxBufferedBytes)
    for (const bound of Object.values(DEFAULT_TRANSPORT_OPTIONS)) {
      expect(bound).toBeGreaterThan(0)
      expect(bound).toBeLessThan(Infinity)
    }
  })
})

describe('transportOptions', () => {
  test('returns the defaults for options that are not given', () => {
    expect(transportOptions(undefined)).toBe(DEFAULT_TRANSPORT_OPTIONS)
    expect(transportOptions({ lingerMs: 1 })).toEqual({ ...DEFAULT_TRANSPORT_OPTIONS, lingerMs: 1 })
  })
})

class Silent extends Protocol {}
const factory = Factory.forProtocol(Silent)
/** Values that are mistakenly given as a number. */
const NO_NUMBERS = [NaN, -1, '5000', null, 5n]

describe('listening', () => {
  const NUMBERS = ['maxConnections', 'maxWaiting', 'maxWaitMs', 'backlog'] as const

  test.each(NUMBERS.flatMap((name) => NO_NUMBERS.map((value) => [name, value] as const)))(
    'refuses %s %o, on TCP and on UNIX sockets',
    async (name, value) => {
      const reactor = new MemoryReactor()
      const options = { [name]: value } as ListenTCPOptions
      await expect(reactor.listenTCP(80, factory, options)).rejects.toThrow(`Cannot take ${name} `)
      await expect(reactor.listenUNIX('/run/a', factory, options)).rejects.toThrow(`Cannot take ${name} `)
    },
  )

  test.each(NO_NUMBERS)('refuses the port %o', async (port) => {
    const listening = new MemoryReactor().listenTCP(port as number, factory)
    await expect(listening).rejects.toThrow('Cannot take port')
  })

  test('refuses a port beyond 65535, and accepts 65535', async () => {
    expect(PORT(65_536)).toMatchObject({ kind: 'range' })
    expect(PORT(65_535)).toBeUndefined()
  })

  test.each([
    [{ host: '127.0.0.1' }, 'Cannot take the unknown option "host" for listenTCP: did you mean interface?'],
    [{ interface: 5 }, 'Cannot take interface 5 for listenTCP: give a string'],
    [{ transport: { writeStallMs: NaN } }, 'Cannot take transport.writeStallMs NaN for listenTCP'],
    [
      { transport: { writeStall: 5 } },
      'Cannot take transport.writeStall 5 for listenTCP: give writeStallMs instead',
    ],
    [{ policies: 'none' }, 'Cannot take policies "none" for listenTCP: give a list'],
    [{ overflow: {} }, 'Cannot take overflow an Object for listenTCP: give a factory'],
    ['127.0.0.1', 'Cannot take "127.0.0.1" as the options of listenTCP: give a plain object'],
  ])('refuses %o', async (options, message) => {
    const listening = new MemoryReactor().listenTCP(80, factory, options as ListenTCPOptions)
    await expect(listening).rejects.toThrow(message)
  })

  test('uses the default for undefined', async () => {
    const options = { interface: undefined, backlog: undefined, maxWaiting: undefined, transport: undefined }
    const port = await new MemoryReactor().listenTCP(80, factory, options)
    expect(port.getHost()).toMatchObject({ host: '127.0.0.1', port: 80 })
  })

  test('is checked when the endpoint is constructed', () => {
    const reactor = new MemoryReactor()
    const options = { maxWaitMs: NaN }
    expect(() => new TCPServerEndpoint(reactor, 80, options)).toThrow('for TCPServerEndpoint')
    expect(() => new TCPServerEndpoint(reactor, 65_536)).toThrow('Cannot take port 65536')
    expect(() => new SSLServerEndpoint(reactor, 80, { cert: '', key: '' }, options)).toThrow(
      'SSLServerEndpoint',
    )
    expect(() => new UNIXServerEndpoint(reactor, '/run/a', options)).toThrow('for UNIXServerEndpoint')
  })

  test('checks mode and ipv6Only', () => {
    expect(LISTEN_UNIX_RULES.mode(0o1000)).toMatchObject({ kind: 'range' })
    expect(LISTEN_TCP_RULES.ipv6Only('yes')).toMatchObject({ kind: 'type' })
  })
})

describe('connecting', () => {
  test.each([...NO_NUMBERS])('refuses timeoutMs %o at once', (timeoutMs) => {
    const reactor = new MemoryReactor()
    const options = { timeoutMs: timeoutMs as number }
    expect(() => reactor.connectTCP('127.0.0.1', 80, factory, options)).toThrow('for connectTCP')
    expect(() => reactor.connectUNIX('/run/a', factory, options)).toThrow('for connectUNIX')
    expect(() => reactor.connectSSL('127.0.0.1', 80, factory, {}, options)).toThrow('for connectSSL')
    expect(() => new TCPClientEndpoint(reactor, '127.0.0.1', 80, options)).toThrow('TCPClientEndpoint')
    expect(() => new SSLClientEndpoint(reactor, '127.0.0.1', 80, {}, options)).toThrow('SSLClientEndpoint')
    expect(() => new UNIXClientEndpoint(reactor, '/run/a', options)).toThrow('for UNIXClientEndpoint')
    expect(() => new HostnameEndpoint(reactor, 'name', 80, options)).toThrow('for HostnameEndpoint')
    expect(() => new HostnameEndpoint(reactor, 'name', 80, { attemptDelayMs: NaN })).toThrow(
      'attemptDelayMs NaN',
    )
  })

  test('refuses a host that is empty or not a string, and a port that is not a number', () => {
    const reactor = new MemoryReactor()
    expect(() => reactor.connectTCP('', 80, factory)).toThrow('Cannot take host ""')
    expect(() => reactor.connectTCP(80 as unknown as string, 80, factory)).toThrow('Cannot take host 80')
    expect(() => reactor.connectTCP('a', NaN, factory)).toThrow('Cannot take port NaN')
  })

  test('has no bindAddress on UNIX sockets', () => {
    expect(Object.keys(CONNECT_TCP_RULES)).toContain('bindAddress')
    expect(Object.keys(CONNECT_UNIX_RULES)).not.toContain('bindAddress')
  })
})
