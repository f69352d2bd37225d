import { createHook } from 'node:async_hooks'
import { framesHere, siteOf } from '../call-site.ts'

/** Real I/O or a real timer that a program asked Node for. Its completion would have no virtual time. */
export interface RealWork {
  /** Such as `a real timer`. */
  readonly what: string
  /** The advice of what to use instead. */
  readonly instead: string
  /** The stack frames of the program that asked; empty when Node began the work in a later tick. */
  readonly askedAt: string
}

/**
 * Calls `seen` for every timer, socket, lookup, file, process, worker and thread-pool job that a program asks
 * Node for. Work that Node starts for itself or for a console is ignored.
 *
 * @param asking Returns the owner of the code that runs now; undefined when its work of this type is to be
 * ignored.
 * @param threw Called when a callback of `queueMicrotask` throws: Node 20 and 22 report it as code of no owner.
 * @returns a function that ends the watch.
 */
export function watchRealWork<T>(
  asking: (type: string) => T | undefined,
  seen: (by: T, work: RealWork) => void,
  threw: (by: T, error: unknown) => void,
): () => void {
  const init = (_id: number, type: string, _trigger: number, resource: object): void => {
    if (type === MICROTASK) {
      const owner = asking(type)
      if (owner !== undefined) catchIn(resource, (error) => threw(owner, error))
      return
    }
    const kind = KINDS[type]
    const by = kind && asking(type)
    if (kind === undefined || by === undefined) return
    const frames = framesHere(DEPTH)
    if (isNodesOwn(frames) || (type === 'ZLIB' && frames.some((frame) => AT_ONCE.test(frame)))) return
    const askedAt = siteOf(frames)
    if (askedAt === '' && !CERTAIN.has(type)) return
    const work = { what: kind.what, instead: kind.instead, askedAt }
    const isPromised = frames.some((frame) => PROMISED.test(frame))
    if (kind !== THREAD || type === 'ZLIB' || isPromised) return seen(by, work)
    // Synchronous functions of crypto create the same jobs, but do not wait for them with `ondone`.
    queueMicrotask(() => {
      if (typeof Reflect.get(resource, 'ondone') === 'function') seen(by, work)
    })
  }
  // Promises are frequent and are not real work. Older versions of Node ignore the option.
  const options = { init, trackPromises: false }
  const hook = createHook(options).enable()
  return () => void hook.disable()
}

/** Catches what the callback of a microtask throws. Node sets the callback after it has announced the microtask. */
function catchIn(microtask: object, threw: (error: unknown) => void): void {
  let callback: () => void
  Object.defineProperty(microtask, 'callback', {
    configurable: true,
    set(given: () => void) {
      callback = given
    },
    get: () => () => {
      try {
        callback()
      } catch (error) {
        threw(error)
      }
    },
  })
}

/** Node's own streams defer work with real immediates, and consoles may buffer with timers. */
function isNodesOwn(frames: readonly string[]): boolean {
  if (frames.some((frame) => frame.includes('node:internal/console/'))) return true
  const caller = frames.find((frame) => !ASKED_THROUGH.test(frame))
  return caller !== undefined && /node:internal\/(?:js_stream_socket|streams|modules|tls)/.test(caller)
}

/** A watch for progress. */
export interface StallWatch {
  /** Rejects when there was no progress for too long. */
  readonly stalled: Promise<never>
  /** Ends the watch. */
  stop(): void
}

/**
 * Watches in real time for a lack of progress.
 *
 * @param isMoving Called once a second; the watch rejects with the message `why` when it returns false five
 * times in a row.
 */
export function watchStall(isMoving: () => boolean, why: string): StallWatch {
  let timer: NodeJS.Timeout | undefined
  const stalled = new Promise<never>((_resolve, reject) => {
    let still = 0
    timer = setInterval(() => {
      still = isMoving() ? 0 : still + 1
      if (still === MOST_STILL) reject(new Error(why))
    }, ASK_EVERY_MS)
  })
  return { stalled, stop: () => clearInterval(timer) }
}

/**
 * Work that Node starts only for a program, but possibly in a later tick, without the program on the stack.
 */
const CERTAIN: ReadonlySet<string> = new Set([
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'TCPWRAP',
  'TCPSERVERWRAP',
  'PIPECONNECTWRAP',
  'PIPESERVERWRAP',
  'UDPWRAP',
  'QUERYWRAP',
])
/** Stack frames to inspect: enough to see the console in a stack that began in a program. */
const DEPTH = 40
const ASKED_THROUGH = /real-work\.|node:internal\/(?:async_hooks|timers)|node:timers|Async(?:Wrap|Hook)/
const USE_TIMERS = 'use reactor.callLater, sleep or LoopingCall'
const OR_NODE = ', or sim.node in place of sim.host'
const USE_REACTOR = `use reactor.listenTCP, connectTCP or an endpoint${OR_NODE}`
const USE_FILES = 'use reactor.readFile, which finds what host.files has, and import modules before'
const SOCKET = { what: 'a real socket', instead: USE_REACTOR }
const NAME = { what: 'a real name lookup', instead: `use reactor.lookup${OR_NODE}` }
const THREAD = {
  what: 'real work in another thread',
  instead: 'use the functions of node:zlib and node:crypto without a callback, most of which end in Sync',
}
/** The synchronous functions of zlib create the same resources, but finish before they return. */
const AT_ONCE = /\bsyncBufferWrapper|Sync(?: |$)/
/** The jobs of `crypto.subtle`, which newer versions of Node make without `ondone`. */
const PROMISED = /\bjobPromise \(node:internal\/crypto\//
const FILE = { what: 'a real file', instead: USE_FILES }
/** By the resource type that `async_hooks` reports. */
const KINDS: Readonly<Record<string, Pick<RealWork, 'what' | 'instead'>>> = {
  Timeout: { what: 'a real timer', instead: USE_TIMERS },
  Immediate: { what: 'a real setImmediate', instead: USE_TIMERS },
  TCPWRAP: SOCKET,
  TCPSERVERWRAP: SOCKET,
  PIPECONNECTWRAP: SOCKET,
  PIPESERVERWRAP: SOCKET,
  UDPWRAP: { what: 'a real socket', instead: `use reactor.listenUDP${OR_NODE}` },
  GETADDRINFOREQWRAP: NAME,
  GETNAMEINFOREQWRAP: NAME,
  QUERYWRAP: NAME,
  FSREQCALLBACK: FILE,
  FSREQPROMISE: FILE,
  ZLIB: THREAD,
  CIPHERREQUEST: THREAD,
  DERIVEBITSREQUEST: THREAD,
  HASHREQUEST: THREAD,
  KEYGENREQUEST: THREAD,
  KEYPAIRGENREQUEST: THREAD,
  PBKDF2REQUEST: THREAD,
  RANDOMBYTESREQUEST: THREAD,
  SCRYPTREQUEST: THREAD,
  RANDOMPRIMEREQUEST: THREAD,
  CHECKPRIMEREQUEST: THREAD,
  SIGNREQUEST: THREAD,
  PROCESSWRAP: { what: 'a real process', instead: 'run it outside of the simulation' },
  WORKER: { what: 'a real worker', instead: 'run it outside of the simulation' },
}
/** The resource type of `queueMicrotask`. */
const MICROTASK = 'Microtask'
const ASK_EVERY_MS = 1000
const MOST_STILL = 5
