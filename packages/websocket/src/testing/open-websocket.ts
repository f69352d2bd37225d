import { reactor as realReactor, sleep } from '@ropewalk/core'
import {
  anything,
  checkOptions,
  checkValue,
  type GivenOptions,
  having,
  milliseconds,
  type OptionRule,
  type OptionRules,
} from '@ropewalk/core/options'
import { MemoryReactor } from '@ropewalk/core/testing'
import type { HTTPFactory } from '@ropewalk/http'
import { WebSocketClientEndpoint } from '../client/websocket-client-endpoint.ts'
import { WebSocketClientFactory } from '../client/websocket-client-factory.ts'
import type { WebSocketClientOptions } from '../client/websocket-client-options.ts'
import { WebSocketProtocol } from '../connection/websocket-protocol.ts'
import type { WebSocketTransport } from '../connection/websocket-transport.ts'

/** Options of `openWebSocket`. */
export interface OpenWebSocketOptions {
  /** The path and query of the WebSocket. Default `/`. */
  readonly path?: string | undefined
  /** The options of the client: headers, subprotocols, compression, limits. Default: those of a client. */
  readonly client?: GivenOptions<WebSocketClientOptions> | undefined
  /** The reactor of both sides. Pass one to move time while the WebSocket opens, or to share it. Default: a new one. */
  readonly reactor?: MemoryReactor | undefined
  /** Longest wait for the WebSocket to open, in real milliseconds. Beyond it, it rejects. Default 4 000. */
  readonly timeoutMs?: number | undefined
}

/** The client of an open WebSocket in memory. */
export interface OpenedWebSocket {
  /** The reactor of both sides: `reactor.advance(ms)` moves time. */
  readonly reactor: MemoryReactor
  /** The transport of the client's protocol. */
  readonly client: WebSocketTransport
  /**
   * Delivers everything that was sent, and lets promises continue, until nothing is left to do at this time. Large
   * messages that are compressed or inflated in several turns are delivered, too.
   */
  readonly settle: () => Promise<void>
}

/**
 * Opens a WebSocket of a site, in memory, with a protocol as its client.
 *
 *     const { client, settle } = await openWebSocket(site, new Recorder(), { path: '/chat' })
 *
 * The bytes pass through a real HTTPChannel, the WebSocketResource of the path, and a WebSocketClientEndpoint, as over
 * a socket. Time stands still: a site that waits for it while the WebSocket opens needs a `reactor` that the test
 * advances.
 *
 * @throws {ConnectionRejected} (rejects) when the site responds with a status other than 101.
 * @throws {TypeError | RangeError} (rejects) when an argument or option has a wrong name, type or value.
 * @throws {Error} (rejects) when `timeoutMs` has passed.
 */
export async function openWebSocket(
  site: HTTPFactory,
  protocol: WebSocketProtocol,
  options: OpenWebSocketOptions = {},
): Promise<OpenedWebSocket> {
  checkValue('openWebSocket', 'site', site, SITE)
  checkValue('openWebSocket', 'protocol', protocol, PROTOCOL)
  checkOptions('openWebSocket', options, RULES)
  const { path = '/', client, reactor = new MemoryReactor(), timeoutMs = DEFAULT_TIMEOUT_MS } = options
  const port = await reactor.listenTCP(0, site)
  try {
    const endpoint = new WebSocketClientEndpoint(
      reactor,
      `ws://localhost:${port.getHost().port}${path}`,
      client,
    )
    await pumpedUntil(endpoint.connect(new OneClient(protocol)), reactor, timeoutMs)
    await settle(reactor)
  } finally {
    await port.stopListening()
  }
  return { reactor, client: protocol.transport, settle: () => settle(reactor) }
}

/** Builds the protocol that it was given. */
class OneClient extends WebSocketClientFactory {
  readonly #protocol: WebSocketProtocol

  constructor(protocol: WebSocketProtocol) {
    super()
    this.#protocol = protocol
  }

  override buildProtocol(): WebSocketProtocol {
    return this.#protocol
  }
}

/** Settles the reactor, and makes the delayed calls that are due. */
async function settle(reactor: MemoryReactor): Promise<void> {
  for (;;) {
    await reactor.settle()
    const now = reactor.now()
    if (!reactor.getDelayedCalls().some((call) => call.getTime() <= now)) return
    reactor.advance(0)
  }
}

/** Pumps until `opening` has settled. */
async function pumpedUntil(
  opening: Promise<unknown>,
  reactor: MemoryReactor,
  timeoutMs: number,
): Promise<void> {
  let pending = true
  const settled = opening.finally(() => (pending = false))
  // Its rejection is passed on below.
  settled.catch(() => undefined)
  const begunAt = realReactor.now()
  for (;;) {
    await settle(reactor)
    if (!pending) break
    if (realReactor.now() - begunAt > timeoutMs) throw late(timeoutMs)
    // The site may wait for a file or another process, of which the memory reactor knows nothing.
    await sleep(1, { reactor: realReactor })
  }
  await settled
}

function late(timeoutMs: number): Error {
  return new Error(
    `openWebSocket: not open after ${timeoutMs} ms: if the site waits for time to pass, give it a reactor and advance that`,
  )
}

const SITE = having('a Site', 'buildProtocol')
/** Checks a protocol of a test. */
export const PROTOCOL: OptionRule = (value) =>
  value instanceof WebSocketProtocol
    ? undefined
    : { kind: 'type', wanted: 'a WebSocketProtocol, such as new Chat()' }
const PATH: OptionRule = (value) =>
  typeof value === 'string' && value.startsWith('/')
    ? undefined
    : { kind: 'type', wanted: "a path that begins with '/'" }
const DEFAULT_TIMEOUT_MS = 4_000
/** The rules of the options of `openWebSocket`. Those of the client are checked by its endpoint. */
export const RULES: OptionRules<OpenWebSocketOptions> = {
  path: PATH,
  client: anything,
  reactor: having('a MemoryReactor', 'settle', 'listenTCP'),
  timeoutMs: milliseconds(),
}
