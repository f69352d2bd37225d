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

/** The modules that have them, without `.ts`, below `packages/`. */
export const INTERNAL_MODULES: readonly string[] = [
  'http/src/codec/request-reader',
  'http/src/codec/limits',
  'http/src/codec/response-writer',
  'websocket/src/codec/mask',
  'core/src/time/deadline',
]

/** Imports them from `internals/` beside the program, where main.ts builds them: the packages export no such names. */
export async function loadInternals(): Promise<Internals> {
  const modules = await Promise.all(INTERNAL_MODULES.map(load))
  const { DEFAULT_HTTP_LIMITS, ...rest } = Object.assign({}, ...modules) as Record<string, unknown>
  const all = { ...rest, limits: DEFAULT_HTTP_LIMITS } as unknown as Internals
  for (const name of NAMES)
    if (all[name] === undefined) throw new Error(`Cannot find ${name} in the packages`)
  return all
}

async function load(path: string): Promise<Record<string, unknown>> {
  const { href } = new URL(`internals/${path}.mjs`, import.meta.url)
  return (await import(href)) as Record<string, unknown>
}

const NAMES = ['RequestReader', 'limits', 'responseHead', 'mask', 'maskInto', 'DeadlineWheel'] as const
