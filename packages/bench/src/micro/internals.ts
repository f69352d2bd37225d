import type { ByteQueue } from '@ropewalk/core/bytes'
import type { Headers, HTTPLimits } from '@ropewalk/http'

/** What the packages do not export, with the types that benchmarks need. */
export interface Internals {
  readonly RequestReader: new (limits: HTTPLimits) => {
    next(input: ByteQueue): { readonly type: string } | undefined
  }
  readonly limits: HTTPLimits
  readonly responseHead: (
    code: number,
    reason: undefined,
    headers: Headers,
    framing: string,
  ) => string | Buffer
  readonly mask: (data: Uint8Array, key: number) => void
  readonly maskInto: (data: Uint8Array, key: number, target: Uint8Array, at: number) => void
  readonly DeadlineWheel: new (time: ManualTime) => DeadlineWheel
}

/** The wheel as a keeper for deadlines. */
interface DeadlineWheel {
  now(): number
  keep(deadline: object): void
  forget(deadline: object): void
}

/** A clock for a wheel. */
export interface ManualTime {
  now(): number
  callLater(delayMs: number, call: () => void): { active(): boolean; cancel(): void }
}

/** Imports them by their paths, beside which the program is installed: the packages export no such names. */
export async function loadInternals(): Promise<Internals> {
  const [reader, limits, writer, mask, deadline] = await Promise.all([
    load('http/dist/codec/request-reader.js'),
    load('http/dist/codec/limits.js'),
    load('http/dist/codec/response-writer.js'),
    load('websocket/dist/codec/mask.js'),
    load('core/dist/time/deadline.js'),
  ])
  const { DEFAULT_HTTP_LIMITS, ...rest } = { ...reader, ...limits, ...writer, ...mask, ...deadline }
  const all = { ...rest, limits: DEFAULT_HTTP_LIMITS } as unknown as Internals
  for (const name of NAMES)
    if (all[name] === undefined) throw new Error(`Cannot find ${name} in the packages`)
  return all
}

async function load(path: string): Promise<Record<string, unknown>> {
  const { href } = new URL(`node_modules/@ropewalk/${path}`, import.meta.url)
  return (await import(href)) as Record<string, unknown>
}

const NAMES = ['RequestReader', 'limits', 'responseHead', 'mask', 'maskInto', 'DeadlineWheel'] as const
