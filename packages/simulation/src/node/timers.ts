import type { DelayedCall } from '@ropewalk/core/time'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { nodeHost } from './node-hosts.ts'

/**
 * Moves a timer that code of a host creates to the clock of the host.
 *
 * Node announces every timer to `async_hooks` when it is created, whatever created it: `setTimeout`, also one that
 * a library keeps in a variable, `timers/promises`, `AbortSignal.timeout`, the timeout of a socket. It stays the
 * same object. Only its place in Node's lists has no effect any more, and the host's clock calls it.
 */
export function moveToHost(created: NodeJS.Timeout): void {
  const timer = created as NodeTimeout
  const host = nodeHost()
  if (host === undefined) return
  const isUsedAgain = timer[HOST_TIMER] !== undefined
  const hasRef = timer.hasRef()
  const moved = new HostTimer(host, timer)
  timer[HOST_TIMER] = moved
  if (isUsedAgain) {
    // Node has put it into its lists before it announces it.
    moved.leaveNode()
  } else {
    // Node's own lists must neither call it nor keep the process running for it.
    timer.unref()
    timer._idleTimeout = NEVER_MS
    Object.defineProperties(timer, { ...CALLBACK, ...METHODS })
    MOVED.push(moved)
  }
  moved.start(hasRef)
}

/** Takes the timers that were moved out of Node's lists, which would keep them and their hosts in memory. */
export function takeTimersFromNode(): void {
  for (const timer of MOVED.splice(0)) timer.leaveNode()
}

/** When a timer of Node is called by the clock of a host. */
class HostTimer {
  callback: (...args: unknown[]) => unknown
  #hasRef = true
  /** Whether Node has given it a number. */
  hasNumber = false
  readonly #host: SimulatedHost
  readonly #timer: NodeTimeout
  readonly #delayMs: number
  readonly #args: readonly unknown[]
  #call: DelayedCall | undefined
  #state: 'set' | 'leaves Node' | 'cleared' = 'set'

  constructor(host: SimulatedHost, timer: NodeTimeout) {
    this.#host = host
    this.#timer = timer
    this.callback = timer._onTimeout
    this.#delayMs = Math.trunc(timer._idleTimeout)
    this.#args = timer._timerArgs ?? []
  }

  get hasRef(): boolean {
    return this.#hasRef
  }

  set hasRef(hasRef: boolean) {
    this.#hasRef = hasRef
    this.#updateBackground()
  }

  get isCleared(): boolean {
    return this.#state === 'cleared'
  }

  start(hasRef: boolean): void {
    this.#hasRef = hasRef
    this.#arm()
  }

  refresh(): void {
    if (this.isCleared) return
    this.#cancel()
    this.#timer._destroyed = false
    this.#arm()
  }

  /** Node is about to use the object for another timeout. */
  useAgain(callback: (...args: unknown[]) => unknown): void {
    this.callback = callback
    this.#state = 'set'
  }

  /** Node clears it. */
  clear(): void {
    if (this.#state === 'leaves Node') return
    this.#state = 'cleared'
    this.#cancel()
  }

  #arm(): void {
    if (this.#host.isDown) return
    this.#call = this.#host.reactor.callLater(this.#delayMs, () => this.#due())
    this.#updateBackground()
  }

  /** Only intervals: a timeout without `ref` may be that of a socket, which would keep Node running. */
  #updateBackground(): void {
    const repeats = this.#timer._repeat !== null
    if (repeats && this.#call !== undefined) this.#host.life?.clock.setBackground(this.#call, !this.#hasRef)
  }

  #cancel(): void {
    if (this.#call?.active() === true) this.#call.cancel()
    this.#call = undefined
  }

  #due(): void {
    this.#call = undefined
    const repeats = this.#timer._repeat !== null
    if (repeats) this.#arm()
    this.#host.execute(() => Reflect.apply(this.callback, this.#timer, this.#args))
    // The callback may have started the timer again, or Node may use the object for another timeout.
    if (this.#call === undefined && this.#timer[HOST_TIMER] === this) this.#timer._destroyed = true
  }

  /** Node keeps only a timer that it finds by its number: a program may have no more than that. */
  leaveNode(): void {
    // Node may have used the object again, for a timeout that is not this one.
    if (this.isCleared || this.hasNumber || this.#timer[HOST_TIMER] !== this) return
    this.#state = 'leaves Node'
    clearTimeout(this.#timer)
    this.#timer._destroyed = false
    this.#state = 'set'
  }
}

/** The fields of Node's `Timeout`, which it sets before it announces the timer. */
interface NodeTimeout extends NodeJS.Timeout {
  constructor: { readonly prototype: NodeJS.Timeout }
  _idleTimeout: number
  _onTimeout: (...args: unknown[]) => unknown
  _timerArgs: readonly unknown[] | undefined
  _repeat: number | null
  /** Whether it was called or cleared. */
  _destroyed: boolean
  [HOST_TIMER]?: HostTimer
}

const HOST_TIMER = Symbol('host timer')
/** Timers that were moved since the last event. */
const MOVED: HostTimer[] = []
/** The longest that Node's timers count. */
const NEVER_MS = 2 ** 31 - 1
/** Every way to clear a timer sets its callback to null. */
const CALLBACK: PropertyDescriptorMap & ThisType<NodeTimeout> = {
  _onTimeout: {
    configurable: true,
    get() {
      const timer = this[HOST_TIMER]
      return timer === undefined || timer.isCleared ? null : timer.callback
    },
    set(callback: NodeTimeout['_onTimeout'] | null | undefined) {
      if (typeof callback === 'function') this[HOST_TIMER]?.useAgain(callback)
      else this[HOST_TIMER]?.clear()
    },
  },
}
const METHODS: PropertyDescriptorMap = {
  refresh: method((timer) => timer.refresh()),
  ref: method((timer) => (timer.hasRef = true)),
  unref: method((timer) => (timer.hasRef = false)),
  [Symbol.toPrimitive]: {
    configurable: true,
    value(this: NodeTimeout) {
      if (this[HOST_TIMER] !== undefined) this[HOST_TIMER].hasNumber = true
      return this.constructor.prototype[Symbol.toPrimitive].call(this)
    },
  },
  hasRef: {
    configurable: true,
    value(this: NodeTimeout) {
      return this[HOST_TIMER]?.hasRef
    },
  },
}

function method(call: (timer: HostTimer) => unknown): PropertyDescriptor {
  return {
    configurable: true,
    value(this: NodeTimeout) {
      if (this[HOST_TIMER] !== undefined) call(this[HOST_TIMER])
      return this
    },
  }
}
