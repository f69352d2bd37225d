// A SOCKS 5 proxy (RFC 1928): CONNECT without authentication, so let it listen only on loopback.
// Try it with: curl --socks5-hostname 127.0.0.1:1080 http://127.0.0.1:8080/
import { pathToFileURL } from 'node:url'
import {
  type Address,
  ConnectError,
  ConnectionClosed,
  ConnectionRefusedError,
  DNSLookupError,
  Factory,
  formatAddress,
  FramingProtocol,
  reactor,
  TCPTimedOutError,
  type Transport,
} from '@ropewalk/core'
import { NoRouteError, serverFromString, TCPClientEndpoint } from '@ropewalk/core/endpoints'
import { withTimeout } from '@ropewalk/core/policies'
import { TimeoutError } from '@ropewalk/core/time'
import type { ByteQueue } from '@ropewalk/core/bytes'
import { Outgoing, Relay } from './port-forward.ts'

/** Reads one message of the client, and closes the connection if it does not arrive in time. */
abstract class Prompt extends withTimeout(FramingProtocol) {
  override connectionMade(): void {
    this.setTimeout(PATIENCE_MS)
  }

  override protocolReplaced(): void {
    this.setTimeout(undefined)
    super.protocolReplaced()
  }
}

/** Reads the greeting, which lists the client's authentication methods. */
export class Negotiation extends Prompt {
  protected override takeFrame(input: ByteQueue): boolean | void {
    const methods = takeMethods(input)
    if (methods === undefined) return false
    if (!methods.includes(NO_AUTHENTICATION)) {
      this.transport.write(Buffer.of(VERSION, NO_ACCEPTABLE_METHOD))
      return this.transport.loseConnection()
    }
    this.transport.write(Buffer.of(VERSION, NO_AUTHENTICATION))
    this.transport.switchProtocol(new RequestStage(), this.clearBuffer())
  }
}

/** Reads the request with the destination. The connection is then switched to a Relay, or refused. */
class RequestStage extends Prompt {
  protected override takeFrame(input: ByteQueue): boolean | void | Promise<void> {
    const request = takeRequest(input)
    if (request === undefined) return false
    this.setTimeout(undefined)
    if ('refusal' in request) return this.#refuse(request.refusal)
    return this.#connect(request)
  }

  async #connect({ host, port }: Destination): Promise<void> {
    const near = this.transport
    const endpoint = new TCPClientEndpoint(near.reactor, host, port, { timeoutMs: PATIENCE_MS })
    const join = (far: Transport): void => {
      near.write(reply(SUCCEEDED, far.getHost()))
      near.switchProtocol(new Relay(far), this.clearBuffer())
    }
    try {
      await endpoint.connect(Factory.forProtocol(Outgoing, near, join), { signal: near.signal })
    } catch (error) {
      // The connection was made and then lost: its connectionLost has closed `near`.
      if (error instanceof ConnectionClosed) return
      if (!(error instanceof ConnectError)) throw error
      this.#refuse(refusalFor(error))
    }
  }

  #refuse(code: number): void {
    this.transport.write(reply(code))
    this.transport.loseConnection()
  }
}

interface Destination {
  readonly host: string
  readonly port: number
}

/**
 * Takes the greeting: version, count, that many methods of one byte (RFC 1928 §3). For another version it
 * returns an empty list, so that the client is refused.
 *
 * @returns undefined when it has not all arrived.
 */
function takeMethods(input: ByteQueue): readonly number[] | undefined {
  if (input.length > 0 && input.byteAt(0) !== VERSION) return []
  const count = input.byteAt(1)
  if (count === undefined) return undefined
  const greeting = input.takeExactly(2 + count)
  return greeting && [...greeting.subarray(2)]
}

/**
 * Takes the request (RFC 1928 §4), or returns the reply code of a refusal as soon as the bytes show it.
 *
 *     0  version    1  command    2  reserved    3  address type    4…  address    then port, 2 bytes
 *
 * @returns undefined when it has not all arrived.
 */
function takeRequest(input: ByteQueue): Destination | { readonly refusal: number } | undefined {
  const [version, type, first] = [input.byteAt(0), input.byteAt(3), input.byteAt(4)]
  if (version !== undefined && version !== VERSION) return { refusal: GENERAL_FAILURE }
  if (type === undefined) return undefined
  if (input.byteAt(1) !== CONNECT) return { refusal: COMMAND_NOT_SUPPORTED }
  if (!ADDRESS_TYPES.has(type)) return { refusal: ADDRESS_TYPE_NOT_SUPPORTED }
  if (first === undefined) return undefined
  const end = 4 + addressBytes(type, first)
  const whole = input.takeExactly(end + 2)
  if (whole === undefined) return undefined
  const [host, port] = [hostText(type, whole.subarray(4, end)), whole.readUInt16BE(end)]
  return HOST.test(host) && port > 0 ? { host, port } : { refusal: GENERAL_FAILURE }
}

/** The length of an address in bytes. The first byte of a name is the number of bytes after it. */
function addressBytes(type: number, first: number): number {
  if (type === IPV4) return 4
  return type === IPV6 ? 16 : 1 + first
}

function hostText(type: number, address: Buffer): string {
  if (type === IPV4) return address.join('.')
  if (type === NAME) return address.toString('latin1', 1)
  return Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16)).join(':')
}

/** A reply (RFC 1928 §6) with the address the connection was made from, if it was. */
function reply(code: number, bound?: Address): Buffer {
  const { host, port } = bound?.type === 'TCP' ? bound : { host: '0.0.0.0', port: 0 }
  const address = host.includes(':') ? ipv6Bytes(host) : Buffer.from(host.split('.').map(Number))
  const type = host.includes(':') ? IPV6 : IPV4
  return Buffer.from([VERSION, code, 0, type, ...address, port >> 8, port & 0xff])
}

/** The bytes of an address that the system has written, so it is well formed; a zone is left out. */
function ipv6Bytes(host: string): Buffer {
  const groupsOf = (text = ''): string[] => text.split(':').filter((group) => group !== '')
  const [before, after] = host.replace(/%.*/, '').split('::').map(groupsOf)
  const zeros = Array<string>(8 - (before?.length ?? 0) - (after?.length ?? 0)).fill('0')
  const groups = [...(before ?? []), ...zeros, ...(after ?? [])]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

function refusalFor(error: ConnectError): number {
  if (error instanceof ConnectionRefusedError) return CONNECTION_REFUSED
  if (error.code === 'ENETUNREACH') return NETWORK_UNREACHABLE
  return UNREACHABLE.some((Kind) => error instanceof Kind) ? HOST_UNREACHABLE : GENERAL_FAILURE
}

const VERSION = 5
const NO_AUTHENTICATION = 0
const NO_ACCEPTABLE_METHOD = 0xff
const CONNECT = 1
const IPV4 = 1
const NAME = 3
const IPV6 = 4
const ADDRESS_TYPES = new Set([IPV4, NAME, IPV6])
const SUCCEEDED = 0
const GENERAL_FAILURE = 1
const NETWORK_UNREACHABLE = 3
const HOST_UNREACHABLE = 4
const CONNECTION_REFUSED = 5
const COMMAND_NOT_SUPPORTED = 7
const ADDRESS_TYPE_NOT_SUPPORTED = 8
const UNREACHABLE = [DNSLookupError, NoRouteError, TCPTimedOutError, TimeoutError]
const HOST = /^[\w.:-]+$/
/** The longest wait for each of the greeting, the request and the connection to the destination. */
const PATIENCE_MS = 10_000

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:1080:interface=127.0.0.1')
    const port = await endpoint.listen(Factory.forProtocol(Negotiation))
    reactor.callWhenRunning(() =>
      console.log(`Listening on ${formatAddress(port.getHost())}. Press Ctrl-C to stop.`),
    )
    await reactor.run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
