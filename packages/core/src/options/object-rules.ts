import { having, type OptionRule } from './option-rules.ts'

/** A factory of protocols. The message shows how to make one from the value given. */
export const FACTORY: OptionRule = (value) =>
  isFactory(value) === undefined ? undefined : { kind: 'type', wanted: factoryFor(value) }

/** A class, such as a protocol class. */
export const CLASS: OptionRule = (value) => {
  if (typeof value === 'function' && value.prototype !== undefined) return undefined
  const isObject = typeof value === 'object' && value !== null
  return { kind: 'type', wanted: isObject ? 'its class, not an instance' : 'a class, such as Echo' }
}

/** An object with a `reactor`, such as the options of a timer. */
export const WITH_REACTOR: OptionRule = (value) => {
  const reactor: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'reactor') : undefined
  return isReactor(reactor) === undefined
    ? undefined
    : { kind: 'type', wanted: 'an object with a reactor: { reactor }' }
}

/** An AbortSignal, and not its controller. */
export const ABORT_SIGNAL: OptionRule = having(
  'an AbortSignal, such as controller.signal',
  'addEventListener',
  'removeEventListener',
  'throwIfAborted',
)

/** A reactor, as an argument before a string. */
export const REACTOR: OptionRule = having('a reactor, then a string', 'listenTCP', 'connectTCP')

/** An instance with these methods. The message shows how to make one from a class. */
export function instance(wanted: string, ...methods: readonly string[]): OptionRule {
  const rule = having(wanted, ...methods)
  return (value) => {
    const problem = typeof value === 'function' ? { kind: 'type' as const, wanted } : rule(value)
    return problem && { ...problem, wanted: typeof value === 'function' ? `new ${nameOf(value)}()` : wanted }
  }
}

/** A protocol. */
export const PROTOCOL: OptionRule = instance('a protocol', 'makeConnection', 'dataReceived', 'connectionLost')

/** A policy over connections: an instance, with at least one of its two methods. */
export const POLICY: OptionRule = (value) => {
  const wanted = 'a connection policy, with admits or accepted'
  if (typeof value === 'function') return { kind: 'type', wanted: `an instance: new ${nameOf(value)}(…)` }
  if (typeof value !== 'object' || value === null) return { kind: 'type', wanted }
  const methods = ['admits', 'accepted'].map((name): unknown => Reflect.get(value, name))
  const isPolicy =
    methods.some((method) => method !== undefined) &&
    methods.every((method) => method === undefined || typeof method === 'function')
  return isPolicy ? undefined : { kind: 'type', wanted }
}

/** One side of TLS, ready to be put over a connection. */
export const TLS_CONTEXT: OptionRule = having('a ServerTLS or a ClientTLS', 'secure')

/** A service. */
export const SERVICE: OptionRule = instance('a Service', 'startService', 'stopService', 'setServiceParent')

/** A client endpoint. */
export const CLIENT_ENDPOINT: OptionRule = having('an endpoint, such as new TCPClientEndpoint(…)', 'connect')

/** A server endpoint. */
export const SERVER_ENDPOINT: OptionRule = having('an endpoint, such as new TCPServerEndpoint(…)', 'listen')

const isFactory = having('a factory', 'buildProtocol', 'doStart', 'doStop')
const isReactor = having('a reactor', 'now', 'callLater')

/** What to give instead of `value`, which is not a factory. */
function factoryFor(value: unknown): string {
  if (typeof value === 'function') {
    const made: unknown = value.prototype
    if (hasMethod(made, 'buildProtocol')) return `an instance: new ${nameOf(value)}()`
    return hasMethod(made, 'render')
      ? `new Site(new ${nameOf(value)}())`
      : `Factory.forProtocol(${nameOf(value)})`
  }
  if (hasMethod(value, 'render')) return 'a factory for it: new Site(root)'
  if (hasMethod(value, 'dataReceived'))
    return `a factory, which makes one for each connection: Factory.forProtocol(${nameOf(value.constructor)})`
  return 'a factory, such as Factory.forProtocol(Echo)'
}

function hasMethod(value: unknown, name: string): value is object {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'function'
}

/** The name of a class, or `Echo` for a class without one. */
function nameOf(made: { readonly name?: unknown } | undefined): string {
  return typeof made?.name === 'string' && made.name !== '' ? made.name : 'Echo'
}
