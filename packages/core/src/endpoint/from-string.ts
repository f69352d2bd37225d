import type { Address, TCPAddress, UNIXAddress } from '../addresses.ts'
import { checkValue } from '../options/check-options.ts'
import { REACTOR } from '../options/object-rules.ts'
import { anyText, callable, having, oneOf, type OptionRule } from '../options/option-rules.ts'
import type { ClientEndpoint } from './client-endpoint.ts'
import { clientTypes } from './client-types.ts'
import {
  EndpointArguments,
  type EndpointParser,
  type EndpointReactor,
  EndpointSyntaxError,
  parseDescription,
} from './endpoint-string.ts'
import type { ServerEndpoint } from './server-endpoint.ts'
import { behindProxy, serverTypes } from './server-types.ts'

/**
 * Makes a server endpoint from a string.
 *
 *     tcp:8080                      tcp:8080:interface=127.0.0.1:backlog=100      tcp:8080:interface=\:\:1
 *     tcp6:8080                     unix:/run/app.sock:mode=660:removeStale=yes
 *     ssl:443:certKey=cert.pem:privateKey=key.pem:reload=10m                      tls: means the same
 *     fd:3                          systemd:name=http     systemd:index=0         stdio:
 *     haproxy:trusted=10.0.0.0/8,127.0.0.1:tcp:8080       haproxy:trusted=any:unix:/run/app.sock
 *
 * @throws {EndpointSyntaxError} when the string cannot be parsed.
 * @throws {TypeError} when the arguments are not a reactor and a string.
 */
export function serverFromString<D extends string>(
  reactor: EndpointReactor,
  description: D,
): ServerEndpoint<ListeningAddress<D>> {
  checkArguments('serverFromString', reactor, description)
  // The type at the beginning of a string decides where it listens.
  return serverFrom(reactor, description, 0) as ServerEndpoint<ListeningAddress<D>>
}

/** The address type of a port of `serverFromString`, as far as a string literal shows it. */
export type ListeningAddress<D extends string> = D extends `${'tcp' | 'tcp6' | 'ssl' | 'tls'}:${string}`
  ? TCPAddress
  : D extends `unix:${string}`
    ? UNIXAddress
    : Address

/**
 * Makes a client endpoint from a string. A time needs a unit.
 *
 *     tcp:example.org:80            tcp:127.0.0.1:80:timeout=5s:bindAddress=127.0.0.2
 *     host:example.org:80           tries all its addresses, as a HostnameEndpoint does
 *     tls:example.org:443           as host:, with TLS: trustRoots=ca.pem:certKey=cert.pem:privateKey=key.pem:hostname=…
 *     ssl:example.org:443           as tcp:, with TLS
 *     unix:/run/app.sock            unix:/run/app.sock:timeout=500ms
 *
 * @throws {EndpointSyntaxError} when the string cannot be parsed.
 * @throws {TypeError} when the arguments are not a reactor and a string.
 */
export function clientFromString(reactor: EndpointReactor, description: string): ClientEndpoint {
  checkArguments('clientFromString', reactor, description)
  const parsed = parseDescription(description)
  const { client } = endpointTypesOf(reactor)
  const parse = client.get(parsed.type)
  if (parse === undefined) throw unknownType(description, 0, parsed.type, [...client.keys()])
  const args = new EndpointArguments(parsed)
  const endpoint = parse(args, reactor)
  args.done()
  return endpoint
}

/** @throws {TypeError} when one has the wrong type, also when the two are swapped. */
function checkArguments(owner: string, reactor: unknown, description: unknown): void {
  checkValue(owner, 'reactor', reactor, REACTOR)
  // An empty string is a syntax error for the parser, as any string without a type.
  checkValue(owner, 'description', description, anyText)
}

/** @param from Where the string of this endpoint begins: a `haproxy:` prefix may precede it. */
function serverFrom(reactor: EndpointReactor, description: string, from: number): ServerEndpoint {
  const parsed = parseDescription(description, from)
  const { server } = endpointTypesOf(reactor)
  const parse = server.get(parsed.type)
  // A parser that the program has registered for this type takes precedence.
  if (parse === undefined && parsed.type === PROXY) return proxiedFrom(reactor, description, from)
  if (parse === undefined)
    throw unknownType(description, from, parsed.type, [...new Set([...server.keys(), PROXY])])
  const args = new EndpointArguments(parsed)
  const endpoint = parse(args, reactor)
  args.done()
  return endpoint
}

/** The string of the endpoint behind the proxy follows the named arguments. */
function proxiedFrom(reactor: EndpointReactor, description: string, from: number): ServerEndpoint {
  const parsed = parseDescription(description, from)
  const at = parsed.args.findIndex(({ name }) => name === undefined)
  const inner = parsed.args[at]
  const args = new EndpointArguments({ ...parsed, args: at < 0 ? parsed.args : parsed.args.slice(0, at) })
  const trusted = args.requiredNamed('trusted', 'haproxy:trusted=127.0.0.1:tcp:8080')
  args.done()
  if (inner === undefined)
    throw new EndpointSyntaxError(
      description,
      description.length,
      'add the endpoint behind the proxy, such as tcp:8080',
    )
  const endpoint = serverFrom(reactor, description, inner.position)
  try {
    return behindProxy(endpoint, trusted === 'any' ? trusted : trusted.split(','))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new EndpointSyntaxError(description, parsed.args[0]?.position ?? from, why)
  }
}

function unknownType(
  description: string,
  position: number,
  type: string,
  known: readonly string[],
): EndpointSyntaxError {
  const why = `"${type.slice(0, 20)}" is not a known type: use ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`
  return new EndpointSyntaxError(description, position, why)
}

/** The endpoint that is made from a string of each side. */
interface Endpoints {
  readonly client: ClientEndpoint
  readonly server: ServerEndpoint
}

/** The types of endpoint strings, by the word they begin with. */
export type EndpointTypes = { readonly [S in keyof Endpoints]: Map<string, EndpointParser<Endpoints[S]>> }

/**
 * Adds a type of endpoint to a reactor's `clientFromString` or `serverFromString`, or replaces one.
 *
 *     registerEndpointType(reactor, 'client', 'test', (args, reactor) =>
 *       new TCPClientEndpoint(reactor, '127.0.0.1', args.port('port', 1, 'test:8080')))
 *
 * @throws {TypeError | RangeError} when `type` is not a word, or another argument has a wrong type or value.
 */
export function registerEndpointType<S extends keyof EndpointTypes>(
  reactor: EndpointReactor,
  side: S,
  type: string,
  parse: EndpointParser<Endpoints[S]>,
): void {
  checkValue('registerEndpointType', 'reactor', reactor, having('a reactor', 'listenTCP'))
  checkValue('registerEndpointType', 'side', side, oneOf('client', 'server'))
  checkValue('registerEndpointType', 'type', type, TYPE)
  checkValue('registerEndpointType', 'parse', parse, callable)
  // The side decides which of the two maps it is.
  const types = endpointTypesOf(reactor)[side] as Map<string, EndpointParser<Endpoints[S]>>
  types.set(type, parse)
}

/** The endpoint types of a reactor. */
export function endpointTypesOf(reactor: EndpointReactor): EndpointTypes {
  const known = TYPES.get(reactor)
  if (known !== undefined) return known
  const types = { client: clientTypes(), server: serverTypes() }
  TYPES.set(reactor, types)
  return types
}

const PROXY = 'haproxy'
/** Keyed by the reactor that they belong to, so that two programs in one process stay independent. */
const TYPES = new WeakMap<EndpointReactor, EndpointTypes>()
/** A word, with which a string can begin. */
const TYPE: OptionRule = (value) => {
  const wanted = 'a word, such as tcp'
  if (typeof value !== 'string') return { kind: 'type', wanted }
  return /^[a-z][a-z0-9+.-]*$/i.test(value) ? undefined : { kind: 'range', wanted }
}
