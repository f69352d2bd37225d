/**
 * Where to listen and where to connect, as objects and as strings.
 *
 * @module
 */
export {
  type ClientEndpoint,
  type ConnectOptions,
  connectProtocol,
  SSLClientEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from './endpoint/client-endpoint.ts'
export {
  type EndpointArguments,
  type EndpointParser,
  type EndpointReactor,
  EndpointSyntaxError,
  quoteStringArgument,
} from './endpoint/endpoint-string.ts'
export {
  clientFromString,
  type ListeningAddress,
  registerEndpointType,
  serverFromString,
} from './endpoint/from-string.ts'
export { HostnameEndpoint, type HostnameEndpointOptions } from './endpoint/hostname-endpoint.ts'
export {
  AdoptedStreamServerEndpoint,
  type ServerEndpoint,
  SSLServerEndpoint,
  StandardIOEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from './endpoint/server-endpoint.ts'
export { connectWithPrelude, type PreludeEvents, wrapClientTLS } from './endpoint/prelude.ts'
export {
  AllAddressesFailed,
  ConnectBindError,
  ConnectingCancelledError,
  InvalidAddressError,
  NoRouteError,
  NotConnectingError,
} from './errors.ts'
