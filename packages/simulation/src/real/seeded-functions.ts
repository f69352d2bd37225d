import crypto from 'node:crypto'
import type { Random } from '../random.ts'

/** The randomness and the clocks that code in a host sees. */
export interface SeededWorld {
  readonly random: Random
  /** Milliseconds since the host started. */
  readonly now: () => number
  /** Milliseconds since 1970 by the host's calendar. */
  readonly wallClock: () => number
  /** Fails the run: the program uses something that has no virtual time. */
  readonly refuse: (what: string, instead: string) => void
}

/** A function or a getter with another result for code in a host. */
export interface SeededFunction {
  readonly of: object
  readonly name: string
  /**
   * @param args The arguments; for a getter, its object.
   * @param real Calls the real function.
   */
  readonly call: (
    world: SeededWorld,
    args: readonly unknown[],
    real: (args: readonly unknown[]) => unknown,
  ) => unknown
}

/** The numeric arguments of `randomInt` are `max`, or `min` and `max`; the result is less than `max`. */
function randomInt({ random }: SeededWorld, args: readonly unknown[]): unknown {
  const [first = 0, second] = args.filter((arg) => typeof arg === 'number')
  const [least, end] = second === undefined ? [0, first] : [first, second]
  return called(random.between(least, end - 1), args)
}

function randomUUID({ random }: SeededWorld): string {
  const bytes = random.bytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** `offset` and `size` count elements, as with `randomFillSync`. */
function fill({ random }: SeededWorld, [view, offset = 0, size]: readonly unknown[]): unknown {
  if (!ArrayBuffer.isView(view))
    throw new TypeError('Cannot fill the argument: it must be a TypedArray or a DataView')
  const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
  const each = 'BYTES_PER_ELEMENT' in view ? Number(view.BYTES_PER_ELEMENT) : 1
  const from = Number(offset) * each
  const part = bytes.subarray(from, size === undefined ? undefined : from + Number(size) * each)
  part.set(random.bytes(part.length))
  return view
}

/** Returns `result`, or passes it in a microtask to the callback that is the last argument. */
function called(result: unknown, args: readonly unknown[]): unknown {
  const callback = args.at(-1)
  if (typeof callback !== 'function') return result
  queueMicrotask(() => void Reflect.apply(callback, undefined, [null, result]))
  return undefined
}

/** Seconds and nanoseconds, from an earlier reading if there is one. */
function hrtime({ now }: SeededWorld, [before]: readonly unknown[]): readonly [number, number] {
  const [seconds, nanoseconds] = (before ?? [0, 0]) as readonly [number, number]
  const elapsed = nanosecondsAt(now()) - (BigInt(seconds) * SECOND + BigInt(nanoseconds))
  return [Number(elapsed / SECOND), Number(elapsed % SECOND)]
}

function nanosecondsAt(ms: number): bigint {
  return BigInt(Math.round(ms * 1e6))
}

/** A mark without a time of its own gets that of the host. */
function mark({ now }: SeededWorld, [name, options]: readonly unknown[], real: Real): unknown {
  return real([name, { startTime: now(), ...(options as object | undefined) }])
}

/** A measure without an end gets the time of the host. */
function measure({ now }: SeededWorld, args: readonly unknown[], real: Real): unknown {
  const [name, from, end] = args
  if (end !== undefined) return real(args)
  const options = typeof from === 'object' && from !== null ? from : { start: from ?? 0 }
  return real([name, 'duration' in options ? options : { end: now(), ...options }])
}

/** Events have the time at which it is first read. */
function timeStamp({ now }: SeededWorld, [event]: readonly unknown[]): number {
  const known = TIME_STAMPS.get(event as object)
  if (known !== undefined) return known
  const atMs = now()
  TIME_STAMPS.set(event as object, atMs)
  return atMs
}

function formatted({ wallClock }: SeededWorld, [format]: readonly unknown[], real: Real): unknown {
  const bound = real([]) as (date?: Date | number) => string
  return format === undefined ? bound : (date?: Date | number) => bound(date ?? wallClock())
}

/** In the thread of the caller, so that it takes no real time. */
async function compile(_world: SeededWorld, [bytes]: readonly unknown[]): Promise<unknown> {
  return new WASM.Module(bytes)
}

async function instantiate(_world: SeededWorld, [source, imports]: readonly unknown[]): Promise<unknown> {
  if (source instanceof WASM.Module) return new WASM.Instance(source, imports)
  const module = new WASM.Module(source)
  return { module, instance: new WASM.Instance(module, imports) }
}

function waitAsync({ refuse }: SeededWorld, args: readonly unknown[], real: Real): unknown {
  refuse('Atomics.waitAsync', 'wait for a promise of the program, or for a timer of the reactor')
  return real(args)
}

type Real = (args: readonly unknown[]) => unknown

interface WebAssemblyLike {
  readonly Module: new (bytes: unknown) => object
  readonly Instance: new (module: object, imports: unknown) => object
}

/** The types of Node lack it. */
const WASM = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyLike
const SECOND = 1_000_000_000n
const TIME_STAMPS = new WeakMap<object, number>()

/** The functions that are replaced. One that this version of Node lacks is ignored. */
export const SEEDED_FUNCTIONS: readonly SeededFunction[] = [
  { of: Math, name: 'random', call: ({ random }) => random.unit() },
  { of: performance, name: 'now', call: ({ now }) => now() },
  { of: performance, name: 'mark', call: mark },
  { of: performance, name: 'measure', call: measure },
  { of: process.hrtime, name: 'bigint', call: ({ now }) => nanosecondsAt(now()) },
  { of: process, name: 'hrtime', call: hrtime },
  { of: process, name: 'uptime', call: ({ now }) => now() / 1000 },
  {
    of: Intl.DateTimeFormat.prototype,
    name: 'formatToParts',
    call: ({ wallClock }, [date], real) => real([date ?? wallClock()]),
  },
  { of: WASM, name: 'compile', call: compile },
  { of: WASM, name: 'instantiate', call: instantiate },
  { of: Atomics, name: 'waitAsync', call: waitAsync },
  {
    of: crypto,
    name: 'randomBytes',
    call: ({ random }, args) => called(random.bytes(Number(args[0])), args),
  },
  { of: crypto, name: 'randomInt', call: randomInt },
  { of: crypto, name: 'randomUUID', call: randomUUID },
  { of: crypto, name: 'randomFillSync', call: fill },
  { of: globalThis.crypto, name: 'randomUUID', call: randomUUID },
  { of: globalThis.crypto, name: 'getRandomValues', call: (world, [view]) => fill(world, [view]) },
]

/** The getters that are replaced. */
export const SEEDED_GETTERS: readonly SeededFunction[] = [
  { of: Event.prototype, name: 'timeStamp', call: timeStamp },
  { of: Intl.DateTimeFormat.prototype, name: 'format', call: formatted },
]
