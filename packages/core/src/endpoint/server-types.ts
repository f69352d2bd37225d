import type { ProtocolFactory } from '../interfaces/protocol-events.ts'
import type {
  ListeningPort,
  ListenTCPOptions,
  Reactor,
  ReactorDescriptors,
  ReactorStandardIO,
} from '../interfaces/reactor.ts'
import { CannotListenError } from '../errors.ts'
import { tcpAddress } from '../addresses.ts'
import { ProxyProtocolFactory } from '../proxy/proxy-protocol-factory.ts'
import { TrustedSources } from '../proxy/trusted-sources.ts'
import { serverTLSFromFiles } from '../tls/server-tls.ts'
import {
  defined,
  type EndpointArguments,
  type EndpointParser,
  type EndpointReactor,
} from './endpoint-string.ts'
import {
  AdoptedStreamServerEndpoint,
  type ServerEndpoint,
  SSLServerEndpoint,
  StandardIOEndpoint,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from './server-endpoint.ts'

/**
 * The endpoint types that `serverFromString` knows for every reactor, besides `haproxy`, which wraps another.
 */
export function serverTypes(): Map<string, EndpointParser<ServerEndpoint>> {
  return new Map<string, EndpointParser<ServerEndpoint>>([
    ['tcp', tcp],
    ['tcp6', tcp6],
    ['ssl', ssl],
    ['tls', ssl],
    ['unix', unix],
    ['fd', fd],
    ['systemd', systemd],
    ['stdio', stdio],
  ])
}

/**
 * Wraps each factory that listens on `inner` in one that reads PROXY headers.
 *
 * @throws {TypeError} when a trusted source cannot be parsed.
 */
export function behindProxy(
  inner: ServerEndpoint,
  trustedSources: 'any' | readonly string[],
): ServerEndpoint {
  // Checked now, and not at the first `listen`.
  void new TrustedSources(trustedSources)
  return { listen: (factory) => inner.listen(new ProxyProtocolFactory(factory, { trustedSources })) }
}

const tcp: EndpointParser<ServerEndpoint> = (args, reactor) =>
  new TCPServerEndpoint(reactor, args.port('port', 0, 'tcp:8080'), listenOptions(args))

const tcp6: EndpointParser<ServerEndpoint> = (args, reactor) => {
  const port = args.port('port', 0, 'tcp6:8080')
  return new TCPServerEndpoint(reactor, port, { interface: '::', ipv6Only: true, ...listenOptions(args) })
}

const unix: EndpointParser<ServerEndpoint> = (args, reactor) => {
  const path = args.requiredText('path', 'unix:/run/app.sock')
  const options = {
    mode: args.named('mode', 8),
    backlog: args.named('backlog', 10),
    removeStale: args.flag('removeStale'),
  }
  return new UNIXServerEndpoint(reactor, path, defined(options))
}

const ssl: EndpointParser<ServerEndpoint> = (args, reactor) => {
  const example = 'ssl:443:certKey=cert.pem:privateKey=key.pem'
  const port = args.port('port', 0, example)
  const files = {
    certFile: args.requiredNamed('certKey', example),
    keyFile: args.requiredNamed('privateKey', example),
    ...defined({ reloadEveryMs: args.namedMs('reload') }),
  }
  const options = listenOptions(args)
  return { listen: (factory) => listenSSL(reactor, port, files, options, factory) }
}

const fd: EndpointParser<ServerEndpoint> = (args, reactor) => {
  const number = args.number('fd', 'fd:3')
  return new AdoptedStreamServerEndpoint(adopting(args, reactor), number)
}

const systemd: EndpointParser<ServerEndpoint> = (args, reactor) => {
  const adopter = adopting(args, reactor)
  const [name, index] = [args.namedText('name'), args.named('index', 10)]
  args.oneOf('domain', ['INET', 'INET6', 'UNIX'])
  args.exactlyOne('name', name, 'index', index, 'systemd:name=http, or systemd:index=0')
  return {
    async listen(factory) {
      const given = adopter.inheritedSockets()
      const found = given.find((socket, at) => (name === undefined ? at === index : socket.name === name))
      if (found !== undefined) return new AdoptedStreamServerEndpoint(adopter, found.fd).listen(factory)
      const asked = name === undefined ? `the index ${index}` : `the name ${name}`
      const why = new Error(`systemd has passed ${given.length} sockets, and none with ${asked}`)
      throw new CannotListenError(tcpAddress('systemd', 0), why)
    },
  }
}

const stdio: EndpointParser<ServerEndpoint> = (args, reactor) => {
  if (!isStandard(reactor)) throw args.syntaxError(NEEDS_SYSTEM)
  return new StandardIOEndpoint(reactor)
}

function listenOptions(args: EndpointArguments): ListenTCPOptions {
  return defined({ interface: args.namedText('interface'), backlog: args.named('backlog', 10) })
}

async function listenSSL(
  reactor: Reactor,
  port: number,
  files: Parameters<typeof serverTLSFromFiles>[1],
  options: ListenTCPOptions,
  factory: ProtocolFactory,
): Promise<ListeningPort> {
  try {
    const tls = await serverTLSFromFiles(reactor, files)
    return await new SSLServerEndpoint(reactor, port, tls, options).listen(factory)
  } catch (cause) {
    if (cause instanceof CannotListenError) throw cause
    throw new CannotListenError(tcpAddress(options.interface ?? '::', port), cause)
  }
}

function adopting(args: EndpointArguments, reactor: EndpointReactor): ReactorDescriptors {
  if (isAdopting(reactor)) return reactor
  throw args.syntaxError(NEEDS_SYSTEM)
}

function isAdopting(reactor: object): reactor is ReactorDescriptors {
  return 'adoptStreamPort' in reactor
}

function isStandard(reactor: object): reactor is ReactorStandardIO {
  return 'standardIO' in reactor
}

const NEEDS_SYSTEM = 'this type needs a reactor over the operating system: make one with createReactor'
