import { AsyncResource } from 'node:async_hooks'
import { createRequire } from 'node:module'
import net, { type Socket } from 'node:net'
import tls from 'node:tls'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Gives each host connections of its own for `fetch`, `WebSocket` and undici, which otherwise share those of the
 * whole process. Called before every run, because a program may load undici, or set a dispatcher.
 */
export function standInForFetch(): void {
  // Node loads its own undici when this is read first.
  void globalThis.Headers
  for (const name of DISPATCHERS) {
    const real: unknown = Reflect.get(globalThis, name)
    if (isOfUndici(real) && !OURS.has(real)) Reflect.set(globalThis, name, dispatcherOfTheHost(real))
  }
  replaceFastTimers()
}

interface Dispatcher {
  readonly constructor: new (options: object) => Dispatcher
}

function isOfUndici(dispatcher: unknown): dispatcher is Dispatcher {
  if (typeof dispatcher !== 'object' || dispatcher === null) return false
  return dispatcher.constructor.name === 'Agent' || isWrapper(dispatcher)
}

/** With later versions, the dispatcher for handlers of earlier ones wraps the other one. */
function isWrapper(dispatcher: object): boolean {
  return dispatcher.constructor.name === 'Dispatcher1Wrapper'
}

function dispatcherOfTheHost(real: Dispatcher): Dispatcher {
  const agents = new WeakMap<object, Dispatcher>()
  const current = (): Dispatcher => {
    const life = nodeHost()?.life
    if (life === undefined) return real
    const known = agents.get(life) ?? newAgent(real)
    agents.set(life, known)
    return known
  }
  const proxy = new Proxy(real, {
    get: (_real, name): unknown => {
      const agent = current()
      const value: unknown = Reflect.get(agent, name, agent)
      return typeof value === 'function' && name !== 'constructor' ? (value.bind(agent) as unknown) : value
    },
  })
  OURS.add(proxy)
  return proxy
}

/**
 * The timeouts of undici run on a timer of the process, which belongs to no host: they are off, and the timeout to
 * connect is our own.
 */
function newAgent(real: Dispatcher): Dispatcher {
  if (isWrapper(real)) return new real.constructor(Reflect.get(globalThis, DISPATCHERS[1]) as object)
  return new real.constructor({ headersTimeout: 0, bodyTimeout: 0, connect: AsyncResource.bind(connect) })
}

interface ConnectOptions {
  readonly hostname: string
  readonly host?: string
  readonly protocol: string
  readonly port: string
  readonly servername?: string
  readonly localAddress?: string
  readonly httpSocket?: Socket
}

/** Connects as undici does, with a timer of the host. */
function connect(
  options: ConnectOptions,
  callback: (error: Error | null, socket: Socket | null) => void,
): Socket {
  const { hostname, protocol, servername, localAddress, httpSocket } = options
  const isSecure = protocol === 'https:'
  const port = Number(options.port || (isSecure ? 443 : 80))
  const to = { host: hostname, port, localAddress }
  const name = servername ?? (net.isIP(hostname) === 0 ? hostname : '')
  const socket = isSecure
    ? tls.connect({
        ...to,
        servername: name,
        ALPNProtocols: ['http/1.1'],
        ...(httpSocket && { socket: httpSocket }),
      })
    : net.connect({ ...to, highWaterMark: 65_536 } as net.NetConnectOpts)
  const timer = setTimeout(() => {
    const fields = { name: 'ConnectTimeoutError', code: 'UND_ERR_CONNECT_TIMEOUT' }
    const message = `Connect Timeout Error (attempted address: ${hostname}:${port}, timeout: ${CONNECT_TIMEOUT_MS}ms)`
    socket.destroy(Object.assign(new Error(message), fields))
  }, CONNECT_TIMEOUT_MS)
  let isDone = false
  const done = (error: Error | null): void => {
    clearTimeout(timer)
    if (isDone) return
    isDone = true
    callback(error, error === null ? socket : null)
  }
  socket.setKeepAlive(true, 60_000).setNoDelay(true)
  socket.once(isSecure ? 'secureConnect' : 'connect', () => done(null)).on('error', done)
  return socket
}

/** An undici of the program has its timeouts in this module, which keeps the timers of all hosts in one list. */
function replaceFastTimers(): void {
  const { cache } = createRequire(import.meta.url)
  for (const [path, module] of Object.entries(cache)) {
    if (!/[/\\]undici[/\\]lib[/\\]util[/\\]timers\.js$/.test(path) || module === undefined) continue
    const timers = module.exports as object
    if (OURS.has(timers)) continue
    OURS.add(timers)
    for (const name of ['setTimeout', 'setFastTimeout'])
      replaceMethod(
        timers,
        name,
        (real) =>
          (call: () => void, ms: number, ...args: unknown[]) =>
            nodeHost() === undefined ? real(call, ms, ...args) : setTimeout(call, ms, ...(args as [])),
      )
    for (const name of ['clearTimeout', 'clearFastTimeout'])
      replaceMethod(
        timers,
        name,
        (real) => (timer: NodeJS.Timeout | undefined) =>
          timer?.hasRef === undefined ? real(timer) : clearTimeout(timer),
      )
  }
}

const DISPATCHERS = [
  Symbol.for('undici.globalDispatcher.1'),
  Symbol.for('undici.globalDispatcher.2'),
] as const
const OURS = new WeakSet<object>()
const CONNECT_TIMEOUT_MS = 10_000
