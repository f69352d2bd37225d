import { readFile } from 'node:fs/promises'
import {
  createReactor,
  Factory,
  LineReceiver,
  NetstringReceiver,
  Protocol,
  react,
  ReconnectingClientFactory,
  tcpAddress,
} from '@ropewalk/core'
import { StreamProtocol, type StreamReader } from '@ropewalk/core/stream'
import { HostnameEndpoint, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { recordConnection } from '@ropewalk/core/policies'
import { getProcessOutput } from '@ropewalk/core/process'
import { ProxyProtocolFactory } from '@ropewalk/core/proxy'
import { backoffPolicy, MultiService, runServices } from '@ropewalk/core/services'
import { ClientTLS } from '@ropewalk/core/tls'
import { DatagramProtocol } from '@ropewalk/core/udp'
import { connectedPair, MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { NOT_DONE_YET, parseRange, type Request, type RequestBody, Resource, Site } from '@ropewalk/http'
import { HTTPConnectEndpoint } from '@ropewalk/http/client'
import { compressed, cors, guard, MemorySessionStore, rateLimit, sessions } from '@ropewalk/http/resources'
import { File } from '@ropewalk/http/static'
import { replay, Simulation, simulateAll } from '@ropewalk/simulation'
import {
  WebSocketClientEndpoint,
  WebSocketProtocol,
  WebSocketResource,
  WebSocketServerFactory,
} from '@ropewalk/websocket'
import { broadcast, Topics } from '@ropewalk/websocket/topics'
import { describe, expect, test } from 'vitest'

class Silent extends Protocol {}
class SilentDatagrams extends DatagramProtocol {
  override datagramReceived() {}
}
class Rooms extends WebSocketServerFactory {
  override buildProtocol() {
    return new (class extends WebSocketProtocol {})()
  }
}
const factory = Factory.forProtocol(Silent)
const noCert = { cert: '', key: '' }

/** Passes an option of a section of docs/defaults.md to the function or class that accepts it. */
type Give = (option: string, value: unknown) => unknown

const listen: Give = (option, value) => new MemoryReactor().listenTCP(80, factory, { [option]: value })

/** Runs a reactor with options until its first stop; rejects when an option is refused. */
async function run(options: object): Promise<unknown> {
  const reactor = new MemoryReactor()
  const running = reactor.run(options)
  reactor.callWhenRunning(() => void reactor.stop())
  await reactor.settle()
  return running
}

/** Sets a field of a protocol that is an option; for undefined the field keeps its default. */
function withField<P extends Protocol>(protocol: P, option: string, value: unknown): P {
  return value === undefined ? protocol : Object.assign(protocol, { [option]: value })
}

/** Connects a protocol; rejects with the first error that its connection logged. */
async function connect(protocol: Protocol): Promise<void> {
  const { reactor } = connectedPair(protocol, new Silent())
  await reactor.settle()
  const [error] = reactor.flushLoggedErrors()
  if (error !== undefined) throw error as Error
}

async function readUntil(option: string, value: unknown): Promise<void> {
  let failure: unknown
  class Reading extends StreamProtocol {
    override async run(reader: StreamReader) {
      await reader.readUntil('\n', { [option]: value }).catch((error: unknown) => {
        failure = error
      })
    }
  }
  const { reactor, client } = connectedPair(new Reading(), new Silent())
  client.loseConnection()
  await reactor.settle()
  if (failure !== undefined) throw failure as Error
}

/** Reads a form that was posted. */
async function posted(read: (body: RequestBody, request: Request) => unknown): Promise<unknown> {
  const readings: Promise<unknown>[] = []
  class Form extends Resource {
    override render_POST(request: Request) {
      const reading = (async () => read(request.body, request))()
      readings.push(reading)
      return NOT_DONE_YET
    }
  }
  const root = new Resource()
  root.putChild('', new Form())
  const channel = new Site(root).buildProtocol(tcpAddress('127.0.0.1', 80))
  if (channel === undefined) throw new Error('The site refuses a connection')
  const transport = StringTransport.connect(channel)
  const type = 'Content-Type: application/x-www-form-urlencoded'
  transport.receive(`POST / HTTP/1.1\r\nHost: h\r\n${type}\r\nContent-Length: 3\r\n\r\na=b`)
  await transport.reactor.settle()
  return readings[0]
}

const CLIENTS: Readonly<Record<string, Give>> = {
  timeoutMs: (option, value) =>
    new MemoryReactor().connectTCP('127.0.0.1', 80, factory, { [option]: value }).stopConnecting(),
  handshakeTimeoutMs: (option, value) => new ClientTLS({ serverName: 'localhost', [option]: value }),
  outputMs: async (option, value) => {
    const reactor = new MemoryReactor()
    const done = react(() => undefined, { reactor, exit: () => undefined, [option]: value })
    await reactor.settle()
    return done
  },
  stopTimeoutMs: async (option, value) => {
    const reactor = new MemoryReactor()
    const running = runServices(new MultiService(), { reactor, [option]: value })
    reactor.callWhenRunning(() => void reactor.stop())
    await reactor.settle()
    return running
  },
}

const SIMULATIONS: Readonly<Record<string, Give>> = {
  longestMs: (option, value) => {
    const sim = new Simulation({ seed: 1 })
    for (const name of ['ann', 'bob']) sim.host(name, () => undefined)
    return sim.injectFaults({ withinMs: 5, [option]: value })
  },
  timeoutMs: (option, value) => new Simulation({ seed: 1 }).runUntil(() => true, { [option]: value }),
  maxArrows: (option, value) => new Simulation({ seed: 1, [option]: value }),
  maxPlays: (option, value) => replay([], factory, { [option]: value }),
  shrinkMs: (option, value) => simulateAll((sim) => sim.run(1), { runs: 1, [option]: value }),
  withinMs: (option, value) => new Simulation({ seed: 1 }).eventually('it', () => true, { [option]: value }),
}

const WRAPPERS: Readonly<Record<string, Give>> = {
  checkTimeoutMs: (option, value) =>
    guard(new Resource(), { realm: 'r', basic: () => true, [option]: value }),
  maxAgeSeconds: (option, value) => cors(new Resource(), { origins: '*', [option]: value }),
  maxBytes: (option, value) => new MemorySessionStore({ [option]: value }),
  maxKeys: (option, value) => rateLimit(new Resource(), { perSecond: 1, [option]: value }),
  maxSessions: (option, value) => new MemorySessionStore({ [option]: value }),
}

/** The function that accepts the options of each section, by the beginning of the section's heading. */
const TAKES: readonly (readonly [heading: string, give: Give])[] = [
  ['Every connection', (option, value) => listen('transport', { [option]: value })],
  ['Ports', listen],
  [
    'UDP ports',
    (option, value) => new MemoryReactor().listenUDP(53, new SilentDatagrams(), { [option]: value }),
  ],
  [
    'Clients, TLS, shutdown',
    (option, value) => (CLIENTS[option] ?? ((name, it) => run({ stop: { [name]: it } })))(option, value),
  ],
  [
    'Child processes',
    (option, value) => getProcessOutput('true', [], { reactor: createReactor({ log: [] }), [option]: value }),
  ],
  [
    'Connecting to a host',
    (option, value) => new HostnameEndpoint(new MemoryReactor(), 'name', 80, { [option]: value }),
  ],
  ['Clients that stay', (option, value) => backoffPolicy({ [option]: value })],
  [
    'Behind a proxy',
    (option, value) => new ProxyProtocolFactory(factory, { trustedSources: 'any', [option]: value }),
  ],
  [
    'Units of receivers',
    async (option, value) => {
      class Lines extends LineReceiver {
        override lineReceived() {}
      }
      class Netstrings extends NetstringReceiver {
        override stringReceived() {}
      }
      await connect(withField(new Lines(), option, value))
      await connect(withField(new Netstrings(), option, value))
    },
  ],
  [
    'Protocols as coroutines',
    (option, value) => {
      if (option !== 'maxBufferedBytes') return readUntil(option, value)
      class Done extends StreamProtocol {
        override async run() {}
      }
      return connect(withField(new Done(), option, value))
    },
  ],
  ['Records of connections', (option, value) => recordConnection(() => undefined, { [option]: value })],
  [
    'Simulations',
    (option, value) =>
      (SIMULATIONS[option] ?? ((name, it) => new Simulation({ seed: 1, limits: { [name]: it } })))(
        option,
        value,
      ),
  ],
  ['HTTP', (option, value) => new Site(new Resource(), { [option]: value })],
  ['Forms', (option, value) => posted((body) => body.formData({ [option]: value }))],
  ['Coded bodies', (option, value) => posted((body) => body.decoded({ [option]: value }).text())],
  [
    'Wrapping resources',
    (option, value) =>
      (WRAPPERS[option] ?? ((name, it) => sessions(new Resource(), { keys: ['k'.repeat(32)], [name]: it })))(
        option,
        value,
      ),
  ],
  ['Coded responses', (option, value) => compressed(new Resource(), { [option]: value })],
  ['Event streams', (option, value) => posted((_body, request) => request.eventStream({ [option]: value }))],
  ['Ranges', (option, value) => parseRange('bytes=0-1', 10, { [option]: value })],
  ['Files', (option, value) => new File('.', { [option]: value })],
  [
    'A proxy',
    (option, value) =>
      new HTTPConnectEndpoint(new TCPClientEndpoint(new MemoryReactor(), 'p', 80), 'h', 80, {
        [option]: value,
      }),
  ],
  [
    'WebSocket clients',
    (option, value) => new WebSocketClientEndpoint(new MemoryReactor(), 'ws://h/', { [option]: value }),
  ],
  [
    'WebSocket broadcasts',
    (option, value) =>
      option === 'slowBytes'
        ? broadcast([], 'text', { slowBytes: value as number })
        : new Topics({ reactor: new MemoryReactor(), [option]: value }),
  ],
  [
    'WebSocket compression',
    (option, value) => new WebSocketResource(new Rooms(), { deflate: { [option]: value } }),
  ],
  ['WebSocket', (option, value) => new WebSocketResource(new Rooms(), { [option]: value })],
]

const page = await readFile(new URL('../../docs/defaults.md', import.meta.url), 'utf8')
const sections = page.split('\n## ').slice(1)
/** Every option of the page that is a number, with the function that accepts it. */
const NUMBERS = sections
  .flatMap((section) => {
    const [heading = ''] = section.split('\n')
    const give = TAKES.find(([beginning]) => heading.startsWith(beginning))?.[1]
    const options = Array.from(section.matchAll(/^\| `(\w+)`/gm), ([, option = '']) => option)
    return Array.from(new Set(options), (option) => ({ heading: heading.split(':')[0] ?? '', option, give }))
  })
  .filter(({ option }) => option !== 'minVersion')

/** Wrong values for a number, such as an unset variable or a string produces. */
const NO_NUMBERS = [NaN, -1, '5000', null, -Infinity]
/** The options that accept Infinity, as `section: option`. All others refuse it. */
const UNLIMITED: ReadonlySet<string> = new Set([
  'Every connection: highWaterBytes',
  'Every connection: lowWaterBytes',
  'Every connection: maxBufferedBytes',
  'Every connection: writeStallMs',
  'Ports: maxConnections',
  'Ports: maxWaiting',
  'UDP ports: maxPacketBytes',
  'UDP ports: maxBufferedBytes',
  'UDP ports: maxPending',
  'Clients, TLS, shutdown: timeoutMs',
  'Child processes: maxBytes',
  'Connecting to a host by name: timeoutMs',
  'Clients that stay connected: maxDelayMs',
  'Units of receivers: maxLengthBytes',
  'Protocols as coroutines: maxBufferedBytes',
  'Protocols as coroutines: maxBytes',
  'Records of connections: maxBytes',
  'Simulations, in virtual time: maxPlays',
  'Simulations, in virtual time: maxArrows',
  'HTTP: maxBodyBytes',
  'HTTP: responseTimeoutMs',
  'Forms: maxFields',
  'Forms: maxFieldBytes',
  'Forms: maxFileBytes',
  'Forms: maxBytes',
  'Coded bodies: maxBytes',
  'Coded bodies: maxRatio',
  'Coded responses: maxCoders',
  'Event streams: heartbeatMs',
  'WebSocket compression: thresholdBytes',
  'WebSocket: maxMessageBytes',
  'WebSocket: maxFrameBytes',
  'WebSocket: pingIntervalMs',
  'WebSocket: pongTimeoutMs',
  'WebSocket: idleTimeoutMs',
  'WebSocket: frameTimeoutMs',
  'WebSocket: maxConnections',
  'WebSocket: maxHeldBytes',
  'WebSocket: maxLifetimeMs',
  'WebSocket: maxMessagesPerSecond',
  'WebSocket: maxBytesPerSecond',
])
const isUnlimited = ({ heading, option }: { heading: string; option: string }): boolean =>
  UNLIMITED.has(`${heading}: ${option}`)

describe('every number of docs/defaults.md', () => {
  test('has a function or class that accepts it', () => {
    expect(NUMBERS.filter(({ give }) => give === undefined)).toEqual([])
    expect(NUMBERS.length).toBeGreaterThan(50)
  })

  test('contains every name of UNLIMITED', () => {
    expect(NUMBERS.filter(isUnlimited)).toHaveLength(UNLIMITED.size)
  })

  test.each(NUMBERS.filter(isUnlimited))('accepts Infinity: $heading: $option', async ({ option, give }) => {
    const given = async (): Promise<unknown> => give?.(option, Infinity)
    await expect(given().then(() => 'taken')).resolves.toBe('taken')
  })

  test.each(NUMBERS.filter((number) => !isUnlimited(number)))(
    'refuses Infinity: $heading: $option',
    async ({ option, give }) => {
      const given = async (): Promise<unknown> => give?.(option, Infinity)
      await expect(given()).rejects.toThrow(`${option} Infinity`)
    },
  )

  describe.each(NUMBERS)('$heading: $option', ({ option, give }) => {
    const given = async (value: unknown): Promise<unknown> => give?.(option, value)

    test.each(NO_NUMBERS)('refuses %o with a message that names the option', async (value) => {
      await expect(given(value)).rejects.toThrow(new RegExp(String.raw`Cannot take \S*${option} `))
    })

    test('accepts undefined', async () => {
      await expect(given(undefined).then(() => 'taken')).resolves.toBe('taken')
    })
  })
})

describe('every function and class with options', () => {
  const TAKERS = TAKES.filter(([heading]) => !/^(?:Units|Every)/.test(heading))

  test.each(TAKERS)('refuses an unknown name: %s', async (_heading, give) => {
    const unknown = async (): Promise<unknown> => give('notAnOption', 5)
    await expect(unknown()).rejects.toThrow(/Cannot take .*notAnOption/)
  })

  test('uses the default for an option that is undefined', async () => {
    const [number, text]: [number | undefined, string | undefined] = [undefined, undefined]
    const reactor = new MemoryReactor()
    const transport = { writeStallMs: number }
    const port = await reactor.listenTCP(80, factory, { interface: text, maxConnections: number, transport })
    await reactor.listenUDP(53, new SilentDatagrams(), { interface: text, maxPending: number })
    reactor.connectTCP('127.0.0.1', 80, factory, { timeoutMs: number, bindAddress: text })
    const [site, sockets] = [
      new Site(new Resource(), { maxBodyBytes: number }),
      new WebSocketResource(new Rooms(), { maxMessageBytes: number }),
    ]
    const tls = new ClientTLS({ serverName: 'localhost', handshakeTimeoutMs: number })
    expect([site.options.maxBodyBytes, sockets.isLeaf, tls.handshakeTimeoutMs]).toEqual([
      1_048_576,
      true,
      10_000,
    ])
    const running = reactor.run({ stop: { drainMs: number } })
    reactor.callWhenRunning(() => reactor.stop({ drainMs: number, delayMs: number }))
    await reactor.settle()
    expect(await running).toMatchObject({ aborted: [] })
    expect(port.getHost().port).toBe(80)
  })

  test('suggests interface for the option names of node:net', async () => {
    for (const name of ['host', 'hostname', 'address'])
      await expect(new MemoryReactor().listenTCP(80, factory, { [name]: '::1' })).rejects.toThrow(
        'did you mean interface?',
      )
    await expect(
      new MemoryReactor().listenSSL(80, factory, noCert, { host: '::1' } as never),
    ).rejects.toThrow('Cannot')
  })
})

test('a ReconnectingClientFactory logs an error when maxDelayMs is NaN at the first retry', () => {
  class Feed extends ReconnectingClientFactory {
    override readonly maxDelayMs = NaN
    override buildProtocol() {
      return new Silent()
    }
  }
  const reactor = new MemoryReactor()
  reactor.connectTCP('127.0.0.1', 80, new Feed({ reactor }))
  reactor.pump()
  expect(String(reactor.flushLoggedErrors()[0])).toContain('NaN')
})
