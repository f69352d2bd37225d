import { createServer } from 'node:http'
import { Duplex } from 'node:stream'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Makes `headersTimeout` and `requestTimeout` of servers on hosts follow the clock of the host. Node compares them
 * with the real time at which its parser noted the beginning of a request.
 *
 * @throws {Error} when this version of Node has not got what it replaces.
 */
export function standInForHTTPTimeouts(): void {
  const { prototype, messageBegins } = findParser()
  replaceMethod(
    prototype,
    'initialize',
    (real) =>
      function (this: Parser, ...args) {
        const host = nodeHost()
        const requests = args[CONNECTIONS] as ConnectionsList | undefined
        if (host !== undefined && requests !== undefined) {
          watchList(requests)
          const begins = (): void => {
            REQUESTS.set(this, { host, sinceMs: nowOf(host), before: this.incoming })
          }
          // A client that connects and sends nothing is in the middle of its first request.
          begins()
          // Node sets it to null when it uses the parser again.
          this[messageBegins] = begins
        }
        return Reflect.apply(real, this, args)
      },
  )
}

/** Replaces what decides which connections of a server have taken too long. */
function watchList(list: ConnectionsList): void {
  if (WATCHED.has(list)) return
  WATCHED.add(list)
  replaceMethod(
    list,
    'expired',
    () =>
      (headersTimeout: number, requestTimeout: number): readonly Parser[] =>
        list.active().filter((parser) => isLate(parser, headersTimeout, requestTimeout)),
  )
}

/** As Node: 0 turns a timeout off, and the head may not take longer than the whole request. */
function isLate(parser: Parser, headersTimeout: number, requestTimeout: number): boolean {
  const request = REQUESTS.get(parser)
  if (request === undefined) return false
  const { host, sinceMs, before } = request
  const swapped = requestTimeout > 0 && headersTimeout > requestTimeout
  const [headersMs, requestMs] = swapped ? [requestTimeout, headersTimeout] : [headersTimeout, requestTimeout]
  const takesMs = nowOf(host) - sinceMs
  const hasHead = parser.incoming !== null && parser.incoming !== before
  return (!hasHead && headersMs > 0 && takesMs > headersMs) || (requestMs > 0 && takesMs > requestMs)
}

function nowOf(host: SimulatedHost): number {
  return host.life?.clock.now() ?? 0
}

/** Finds Node's class of parsers in a connection that has one. */
function findParser(): { readonly prototype: object; readonly messageBegins: number } {
  const socket: Duplex & { parser?: Parser } = new Duplex({ read: () => undefined })
  const server = createServer()
  server.emit('connection', socket)
  const { parser } = socket
  socket.destroy()
  const messageBegins = parser?.constructor.kOnMessageBegin
  if (parser === undefined || messageBegins === undefined)
    throw new Error(`Cannot simulate node:http on Node ${process.version}: its parser is unknown`)
  return { prototype: Object.getPrototypeOf(parser) as object, messageBegins }
}

/** Node's parser of a connection. */
interface Parser {
  constructor: { readonly kOnMessageBegin?: number }
  /** The newest request whose head was complete; null before the first one. */
  incoming: object | null
  [callback: number]: unknown
}

/** Node's list of the connections of a server. */
interface ConnectionsList {
  /** The parsers of connections that are in the middle of a request. */
  active(): Parser[]
}

/** The request that a parser reads. */
interface ReadRequest {
  readonly host: SimulatedHost
  readonly sinceMs: number
  /** `incoming` when it began. */
  readonly before: object | null
}

const REQUESTS = new WeakMap<Parser, ReadRequest>()
const WATCHED = new WeakSet<ConnectionsList>()
/** The place of the list among the arguments of `initialize`. */
const CONNECTIONS = 4
