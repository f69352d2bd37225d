import type { ClientEndpoint } from './client-endpoint.ts'
import { checkValue } from '../options/check-options.ts'
import { callable, having, oneOf } from '../options/option-rules.ts'
import { clientTypes } from './client-types.ts'
import type { EndpointParser, EndpointReactor } from './endpoint-parser.ts'
import type { ServerEndpoint } from './server-endpoint.ts'
import { serverTypes } from './server-types.ts'

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

/** Keyed by the reactor, which they belong to: two programs in one process teach each other nothing. */
const TYPES = new WeakMap<EndpointReactor, EndpointTypes>()
const TYPE = /^[a-z][a-z0-9+.-]*$/i
