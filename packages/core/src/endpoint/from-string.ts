import type { Address, TCPAddress, UNIXAddress } from '../addresses.ts'
import { checkValue } from '../options/check-options.ts'
import { REACTOR } from '../options/object-rules.ts'
import { callable, having, oneOf, type OptionRule } from '../options/option-rules.ts'
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
 * Somewhere to listen, from a string.
 *
 *     tcp:8080                      tcp:8080:interface=127.0.0.1:backlog=100      tcp:8080:interface=\:\:1
 *     tcp6:8080                     unix:/run/app.sock:mode=660:removeStale=yes
 *     ssl:443:certKey=cert.pem:privateKey=key.pem:reload=10m                      tls: means the same
 *     fd:3                          systemd:name=http     systemd:index=0         stdio:
 *     haproxy:trusted=10.0.0.0/8,127.0.0.1:tcp:8080       haproxy:trusted=any:unix:/run/app.sock
 *
 * @throws {EndpointSyntaxError}
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

/** What a port of `serverFromString` has as its address, as far as a string in the source shows it. */
export type ListeningAddress<D extends string> = D extends `${'tcp' | 'tcp6' | 'ssl' | 'tls'}:${string}`
  ? TCPAddress
  : D extends `unix:${string}`
    ? UNIXAddress
    : Address

/**
 * Somewhere to connect to, from a string. A time needs its unit.
 *
 *     tcp:example.org:80            tcp:127.0.0.1:80:timeout=5s:bindAddress=127.0.0.2
 *     host:example.org:80           all its addresses, beside each other
 *     tls:example.org:443           the same, and TLS: trustRoots=ca.pem:certKey=cert.pem:privateKey=key.pem:hostname=…
 *     ssl:example.org:443           as tcp:, and TLS
 *     unix:/run/app.sock            unix:/run/app.sock:timeout=500ms
 *
 * @throws {EndpointSyntaxError}
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

/** @throws {TypeError} also when the two are swapped. */
function checkArguments(owner: string, reactor: unknown, description: unknown): void {
  checkValue(owner, 'reactor', reactor, REACTOR)
  checkValue(owner, 'description', description, STRING)
}

/** @param from Where the string of this endpoint begins: one of another type may stand before it. */
function serverFrom(reactor: EndpointReactor, description: string, from: number): ServerEndpoint {
  const parsed = parseDescription(description, from)
  const { server } = endpointTypesOf(reactor)
  const parse = server.get(parsed.type)
  // A meaning that a program has given to this type goes first.
  if (parse === undefined && parsed.type === PROXY) return proxiedFrom(reactor, description, from)
  if (parse === undefined)
    throw unknownType(description, from, parsed.type, [...new Set([...server.keys(), PROXY])])
  const args = new EndpointArguments(parsed)
  const endpoint = parse(args, reactor)
  args.done()
  return endpoint
}

/** What is behind the named arguments is the string of the endpoint that is behind the proxy. */
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
  const why = `"${type.slice(0, 20)}" is no known type: use ${known.slice(0, -1).join(', ')} or ${known.at(-1)}`
  return new EndpointSyntaxError(description, position, why)
}

/** What is made of the strings of each side. */
interface Endpoints {
  readonly client: ClientEndpoint
  readonly server: ServerEndpoint
}

/** The types of endpoint strings, by the word they begin with. */
export type EndpointTypes = { readonly [S in keyof Endpoints]: Map<string, EndpointParser<Endpoints[S]>> }

/**
 * Teaches a reactor's `clientFromString` or `serverFromString` another type of endpoint, or another meaning of one.
 *
 *     registerEndpointType(reactor, 'client', 'test', (args, reactor) =>
 *       new TCPClientEndpoint(reactor, '127.0.0.1', args.port('port', 1, 'test:8080')))
 *
 * @throws {TypeError | RangeError} when `type` is no word, or another argument is not what it must be.
 */
export function registerEndpointType<S extends keyof EndpointTypes>(
  reactor: EndpointReactor,
  side: S,
  type: string,
  parse: EndpointParser<Endpoints[S]>,
): void {
  checkValue('registerEndpointType', 'reactor', reactor, having('a reactor', 'listenTCP'))
  checkValue('registerEndpointType', 'side', side, oneOf('client', 'server'))
  checkValue('registerEndpointType', 'parse', parse, callable)
  if (!TYPE.test(type)) throw new RangeError(`Cannot register endpoints of type "${type}": give a word`)
  // The side says which of the two maps it is.
  const types = endpointTypesOf(reactor)[side] as Map<string, EndpointParser<Endpoints[S]>>
  types.set(type, parse)
}

/** The types a reactor knows. */
export function endpointTypesOf(reactor: EndpointReactor): EndpointTypes {
  const known = TYPES.get(reactor)
  if (known !== undefined) return known
  const types = { client: clientTypes(), server: serverTypes() }
  TYPES.set(reactor, types)
  return types
}

const PROXY = 'haproxy'
/** An empty one is a syntax error, as any other without a type. */
const STRING: OptionRule = (value) =>
  typeof value === 'string' ? undefined : { kind: 'type', wanted: 'a string' }
/** Keyed by the reactor, which they belong to: two programs in one process teach each other nothing. */
const TYPES = new WeakMap<EndpointReactor, EndpointTypes>()
const TYPE = /^[a-z][a-z0-9+.-]*$/i
