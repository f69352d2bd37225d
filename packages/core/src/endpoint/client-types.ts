import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ConnectTCPOptions, ReactorFiles } from '../interfaces/reactor.ts'
import type { ClientTLSOptions } from '../interfaces/tls.ts'
import { ClientTLS } from '../tls/client-tls.ts'
import {
  type ClientEndpoint,
  type ConnectOptions,
  SSLClientEndpoint,
  TCPClientEndpoint,
  UNIXClientEndpoint,
} from './client-endpoint.ts'
import { defined, type EndpointArguments, type EndpointParser } from './endpoint-string.ts'
import { HostnameEndpoint } from './hostname-endpoint.ts'
import { wrapClientTLS } from './prelude.ts'

/** The endpoint types that `clientFromString` knows for every reactor. */
export function clientTypes(): Map<string, EndpointParser<ClientEndpoint>> {
  return new Map<string, EndpointParser<ClientEndpoint>>([
    ['tcp', tcp],
    ['unix', unix],
    ['host', host],
    ['ssl', ssl],
    ['tls', tls],
  ])
}

const tcp: EndpointParser<ClientEndpoint> = (args, reactor) => {
  const to = args.requiredText('host', 'tcp:127.0.0.1:80')
  const port = args.port('port', 1, 'tcp:127.0.0.1:80')
  return new TCPClientEndpoint(reactor, to, port, connectOptions(args))
}

const unix: EndpointParser<ClientEndpoint> = (args, reactor) => {
  const path = args.requiredText('path', 'unix:/run/app.sock')
  return new UNIXClientEndpoint(reactor, path, defined({ timeoutMs: args.namedMs('timeout') }))
}

const host: EndpointParser<ClientEndpoint> = (args, reactor) => {
  const to = args.hostName('host', 'host:example.org:80')
  const port = args.port('port', 1, 'host:example.org:80')
  return new HostnameEndpoint(reactor, to, port, connectOptions(args))
}

const ssl: EndpointParser<ClientEndpoint> = (args, reactor) => {
  const to = args.requiredText('host', 'ssl:example.org:443')
  const port = args.port('port', 1, 'ssl:example.org:443')
  const options = connectOptions(args)
  const read = tlsFiles(args)
  return whenRead(
    () => read(reactor),
    (context) => new SSLClientEndpoint(reactor, to, port, context, options),
  )
}

const tls: EndpointParser<ClientEndpoint> = (args, reactor) => {
  const to = args.hostName('host', 'tls:example.org:443')
  const port = args.port('port', 1, 'tls:example.org:443')
  const endpoint = new HostnameEndpoint(reactor, to, port, connectOptions(args))
  const read = tlsFiles(args)
  return whenRead(
    () => read(reactor),
    (options) => wrapClientTLS(new ClientTLS({ serverName: to, ...options }), endpoint),
  )
}

function connectOptions(args: EndpointArguments): ConnectTCPOptions {
  return defined({ timeoutMs: args.namedMs('timeout'), bindAddress: args.namedText('bindAddress') })
}

/** The TLS options of a string. The function it returns reads their files. */
function tlsFiles(args: EndpointArguments): (reactor: ReactorFiles) => Promise<ClientTLSOptions> {
  const serverName = args.namedText('hostname')
  const [roots, certKey, privateKey] = [
    args.namedText('trustRoots'),
    args.namedText('certKey'),
    args.namedText('privateKey'),
  ]
  args.together('certKey', certKey, 'privateKey', privateKey)
  return async (reactor) => {
    const read = (path: string | undefined): Promise<Buffer | undefined> =>
      path === undefined ? Promise.resolve(undefined) : reactor.readFile(path)
    const [ca, cert, key] = await Promise.all([read(roots), read(certKey), read(privateKey)])
    const certificate = cert === undefined || key === undefined ? undefined : { cert, key }
    return defined({ serverName, trustRoots: ca && [ca], certificate })
  }
}

/** An endpoint that reads its files at each `connect`. */
function whenRead<T>(read: () => Promise<T>, make: (content: T) => ClientEndpoint): ClientEndpoint {
  return {
    async connect<P extends ProtocolEvents>(
      factory: ProtocolFactory<P>,
      options?: ConnectOptions,
    ): Promise<P> {
      return make(await read()).connect(factory, options)
    },
  }
}
