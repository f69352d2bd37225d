import type { ConnectTCPOptions, ReactorTCP, ReactorUNIX } from '../contracts/reactor.ts'
import { type ClientEndpoint, TCPClientEndpoint, UNIXClientEndpoint } from './client-endpoint.ts'
import { EndpointArguments } from './endpoint-arguments.ts'
import { EndpointSyntaxError, parseDescription } from './endpoint-description.ts'
import { type ServerEndpoint, TCPServerEndpoint, UNIXServerEndpoint } from './server-endpoint.ts'

/**
 * Somewhere to listen, from a string.
 *
 *     tcp:8080                      tcp:8080:interface=127.0.0.1:backlog=100      tcp:8080:interface=\:\:1
 *     unix:/run/app.sock            unix:/run/app.sock:mode=660
 *
 * @throws {EndpointSyntaxError}
 */
export function serverFromString(reactor: ReactorTCP & ReactorUNIX, description: string): ServerEndpoint {
  const parsed = parseDescription(description)
  const args = new EndpointArguments(parsed)
  switch (parsed.type) {
    case 'tcp': {
      const port = args.port('port', 0, 'tcp:8080')
      const options = defined({ interface: args.namedText('interface'), backlog: args.named('backlog', 10) })
      args.done()
      return new TCPServerEndpoint(reactor, port, options)
    }
    case 'unix': {
      const path = args.requiredText('path', 'unix:/run/app.sock')
      const options = defined({ mode: args.named('mode', 8), backlog: args.named('backlog', 10) })
      args.done()
      return new UNIXServerEndpoint(reactor, path, options)
    }
    default:
      throw unknownType(description, parsed.type)
  }
}

/**
 * Somewhere to connect to, from a string. A time needs its unit.
 *
 *     tcp:example.org:80            tcp:127.0.0.1:80:timeout=5s:bindAddress=127.0.0.2
 *     unix:/run/app.sock            unix:/run/app.sock:timeout=500ms
 *
 * @throws {EndpointSyntaxError}
 */
export function clientFromString(reactor: ReactorTCP & ReactorUNIX, description: string): ClientEndpoint {
  const parsed = parseDescription(description)
  const args = new EndpointArguments(parsed)
  const timeout = defined({ timeoutMs: args.namedMs('timeout') })
  switch (parsed.type) {
    case 'tcp': {
      const host = args.requiredText('host', 'tcp:127.0.0.1:80')
      const port = args.port('port', 1, 'tcp:127.0.0.1:80')
      const options: ConnectTCPOptions = {
        ...timeout,
        ...defined({ bindAddress: args.namedText('bindAddress') }),
      }
      args.done()
      return new TCPClientEndpoint(reactor, host, port, options)
    }
    case 'unix': {
      const path = args.requiredText('path', 'unix:/run/app.sock')
      args.done()
      return new UNIXClientEndpoint(reactor, path, timeout)
    }
    default:
      throw unknownType(description, parsed.type)
  }
}

function unknownType(description: string, type: string): EndpointSyntaxError {
  return new EndpointSyntaxError(description, 0, `"${type}" is no known type: use tcp or unix`)
}

/** Leaves out what is undefined: an option that is not said keeps its default. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
