import type { OptionRule } from '@ropewalk/core/options'
import { isToken } from '@ropewalk/http'
import { PROTOCOL_CLASS } from '../connection/protocol-class.ts'
import type { WebSocketProtocol } from '../connection/websocket-protocol.ts'

/** A class of which a `new` one is made for each WebSocket. */
export type ProtocolClass<P extends WebSocketProtocol> = new () => P

/**
 * The subprotocols that a resource supports: their names, or the class for each: `{ 'chat.v2': ChatV2 }`.
 */
export type Subprotocols<P extends WebSocketProtocol> =
  | readonly string[]
  | Readonly<Record<string, ProtocolClass<P>>>

/** The protocols that such subprotocols make; never for a list of names. */
export type ProtocolsOf<S> = S extends readonly string[]
  ? never
  : { readonly [name in keyof S]: S[name] extends ProtocolClass<infer P> ? P : never }[keyof S]

/** Accepts Subprotocols. */
export const subprotocolNames: OptionRule = (value) => {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return { kind: 'type', wanted: WANTED }
  const entries = Array.isArray(value) ? value.map((name: unknown) => [name] as const) : Object.entries(value)
  const seen = new Set<unknown>()
  for (const [index, [name, Class]] of entries.entries()) {
    const at = Array.isArray(value) ? `[${index}]` : `.${String(name)}`
    if (typeof name !== 'string') return { kind: 'type', wanted: NAME, at, found: name }
    if (!isToken(name) || seen.has(name)) return { kind: 'range', wanted: NAME, at, found: name }
    seen.add(name)
    const problem = Array.isArray(value) ? undefined : PROTOCOL_CLASS(Class)
    if (problem !== undefined) return { ...problem, at, found: Class }
  }
  return undefined
}

/** Returns the class for each subprotocol: `Default` for a list of names. */
export function classesOf<P extends WebSocketProtocol>(
  Default: ProtocolClass<P>,
  subprotocols: Subprotocols<P> = [],
): ReadonlyMap<string, ProtocolClass<P>> {
  // Names such as `constructor` are found only if they were given.
  return isList<P>(subprotocols)
    ? new Map(subprotocols.map((name) => [name, Default]))
    : new Map(Object.entries(subprotocols))
}

/** `Array.isArray` does not narrow a readonly list. */
function isList<P extends WebSocketProtocol>(given: Subprotocols<P>): given is readonly string[] {
  return Array.isArray(given)
}

const NAME = "a token such as 'chat.v2', each of them once"
const WANTED = "a list such as ['chat'], or the class for each: { 'chat.v2': ChatV2 }"
