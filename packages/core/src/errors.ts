import { counted } from './bytes/remote-error.ts'
import { type Address, formatAddress, type UDPAddress } from './addresses.ts'

// ConnectionClosed             passed to connectionLost, never thrown
//   ConnectionDone             closed cleanly, by either side
//   ConnectionLost             broken: reset, timed out
//     ConnectionAborted        reset by this side: abortConnection or a fault; `cause` is the reason
// ConnectError                 a client connection could not be made
//   ConnectBindError, ConnectionRefusedError, NoRouteError, TCPTimedOutError,
//   DNSLookupError, TimeoutError, ConnectingCancelledError, NoProtocol, TLSHandshakeError,
//   AllAddressesFailed       no address of a host could be connected to; `errors` has one error per address
// TLSConfigurationError        a certificate or key cannot be used
// CannotListenError            an address cannot be listened on
// InvalidAddressError          a host is not a numeric address where one is required, or cannot be used here
// MessageLengthError           a datagram is longer than UDP can carry
// MulticastJoinError           a multicast group cannot be joined or left
// ProxyProtocolError           a connection does not begin with an acceptable PROXY header; the cause of an abort
// LocalProtocolError           the caller made a call that the current state does not allow
//   NotConnectedError, NotConnectingError, AlreadyCalled, AlreadyCancelled,
//   ReactorNotRunning, ReactorAlreadyRunning, ProcessExitedAlready
// IncompleteReadError          the input ended before a read was complete
// QueueOverflow, QueueUnderflow, QueueClosed    a queue has reached a limit, or is closed
// RemoteError                  a peer sent something unacceptable: the base of such errors in every package (in bytes/)
//   LineTooLongError           more bytes than allowed were received without the end of a line (in bytes/)
// ServiceStopped               a service was stopped before the awaited result was available
// ProcessEnded                 passed to processEnded: how a child process ended
//   ProcessDone                with status 0
//   ProcessTerminated          with another status, or by a signal
//   ProcessNotStarted          it never ran; `cause` is the reason
// RecordingError               a line of a recording of connections cannot be read (in policy/recording.ts)
// ExitCode                     the exit status of a program run by `react`

/** Why a connection ended. Every `connectionLost` receives one of its three subclasses. */
export abstract class ConnectionClosed extends Error {}

/** The connection was closed cleanly, by either side. */
export class ConnectionDone extends ConnectionClosed {
  override readonly name: string = 'ConnectionDone'
  constructor(message: string = 'Connection was closed cleanly') {
    super(message)
  }
}

/**
 * The connection broke; `cause` is the system's error where there is one. The subclass ConnectionAborted means that
 * this side broke it.
 */
export class ConnectionLost extends ConnectionClosed {
  override readonly name: string = 'ConnectionLost'
  constructor(message: string = 'Connection was lost', options?: ErrorOptions) {
    super(message, options)
  }
}

/**
 * This side reset the connection; `cause` is the fault that led to it, if any. It is a ConnectionLost, so test for
 * this class first.
 */
export class ConnectionAborted extends ConnectionLost {
  override readonly name: string = 'ConnectionAborted'
  constructor(message: string = 'Connection was aborted', options?: ErrorOptions) {
    super(message, options)
  }
}

/** A client connection could not be made. */
export class ConnectError extends Error {
  override readonly name: string = 'ConnectError'
  /** The address of the attempt. */
  readonly address: Address
  /** The system's code, such as `ECONNREFUSED`, where there is one. */
  readonly code: string | undefined
  readonly #why: string

  constructor(address: Address, why: string, cause?: unknown) {
    super(`Cannot ${attemptAt(address)}: ${why}`, cause === undefined ? undefined : { cause })
    this.address = address
    this.code = codeOf(cause)
    this.#why = why
  }

  /** The reason: the message without the address. */
  get why(): string {
    return this.#why
  }
}

/** The address of a lookup without a connection has port 0. */
function attemptAt(address: Address): string {
  const isLookup = address.type === 'TCP' && address.port === 0
  return isLookup ? `look up ${address.host}` : `connect to ${formatAddress(address)}`
}

/** The requested local address cannot be used. */
export class ConnectBindError extends ConnectError {
  override readonly name: string = 'ConnectBindError'
}
/** No program listens at the address. */
export class ConnectionRefusedError extends ConnectError {
  override readonly name: string = 'ConnectionRefusedError'
}
/** There is no route to the address. */
export class NoRouteError extends ConnectError {
  override readonly name: string = 'NoRouteError'
}
/** The operating system timed the attempt out. */
export class TCPTimedOutError extends ConnectError {
  override readonly name: string = 'TCPTimedOutError'
}
/** The name has no address. */
export class DNSLookupError extends ConnectError {
  override readonly name: string = 'DNSLookupError'
}
/** The connection took longer than `timeoutMs`. */
export class TimeoutError extends ConnectError {
  override readonly name: string = 'TimeoutError'
}
/** The caller cancelled the attempt. */
export class ConnectingCancelledError extends ConnectError {
  override readonly name: string = 'ConnectingCancelledError'
}
/** The connection was up, but `buildProtocol` refused it, or `buildProtocol` or `connectionMade` failed (`cause`). */
export class NoProtocol extends ConnectError {
  override readonly name: string = 'NoProtocol'
}

/** No address of a host could be connected to. `cause` is an AggregateError of the `errors`. */
export class AllAddressesFailed extends ConnectError {
  override readonly name: string = 'AllAddressesFailed'
  /** One error for each address, in the order in which the attempts failed. */
  readonly errors: readonly Error[]

  constructor(address: Address, errors: readonly Error[]) {
    const each = errors.map(({ message }) => message).join('; ')
    super(address, `none of its ${errors.length} addresses works (${each})`, new AggregateError(errors))
    this.errors = errors
  }
}

/** The connection was up, but the TLS handshake failed; `cause` is the reason. */
export class TLSHandshakeError extends ConnectError {
  override readonly name: string = 'TLSHandshakeError'
}

/** A certificate, key or other TLS setting cannot be used. */
export class TLSConfigurationError extends Error {
  override readonly name = 'TLSConfigurationError'
  constructor(what: string, cause: unknown) {
    super(`Cannot use ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** An address cannot be listened on; `code` is the system's error code, such as `EADDRINUSE`. */
export class CannotListenError extends Error {
  override readonly name: string = 'CannotListenError'
  /** The requested address. */
  readonly address: Address | UDPAddress
  readonly code: string | undefined

  constructor(address: Address | UDPAddress, cause: unknown) {
    super(`Cannot listen on ${formatAddress(address)}: ${explain(cause)}`, { cause })
    this.address = address
    this.code = codeOf(cause)
  }
}

/** A host is not a numeric address, or not one that can be used here. */
export class InvalidAddressError extends Error {
  override readonly name = 'InvalidAddressError'
  readonly host: string

  constructor(host: string, why: string, cause?: unknown) {
    super(
      `Cannot use ${JSON.stringify(host.slice(0, 80))} as an address: ${why}`,
      cause === undefined ? undefined : { cause },
    )
    this.host = host
  }
}

/** A datagram is longer than UDP can carry. */
export class MessageLengthError extends Error {
  override readonly name = 'MessageLengthError'
  /** The length of the datagram. */
  readonly bytes: number
  /** The longest datagram that can be sent. */
  readonly maxBytes: number

  constructor(bytes: number, maxBytes: number) {
    super(`Cannot send a datagram of ${counted(bytes, 'byte')}: at most ${maxBytes} fit`)
    this.bytes = bytes
    this.maxBytes = maxBytes
  }
}

/** A multicast group cannot be joined or left; `code` is the system's error code, such as `ENODEV`. */
export class MulticastJoinError extends Error {
  override readonly name = 'MulticastJoinError'
  readonly group: string
  readonly code: string | undefined

  constructor(attempt: 'join' | 'leave', group: string, cause: unknown) {
    super(`Cannot ${attempt} the group ${group}: ${explain(cause)}`, { cause })
    this.group = group
    this.code = codeOf(cause)
  }
}

/** Why the beginning of a connection was not accepted as a PROXY header. */
export type ProxyViolation =
  | 'untrusted-source'
  | 'header-timeout'
  | 'not-a-header'
  | 'line-too-long'
  | 'malformed-line'
  | 'unsupported-version'
  | 'unknown-command'
  | 'unknown-family'
  | 'unsupported-transport'
  | 'header-too-large'
  | 'malformed-addresses'
  | 'malformed-tlv'
  | 'repeated-tlv'
  | 'wrong-checksum'

/** A connection does not begin with a valid PROXY header from a trusted source. */
export class ProxyProtocolError extends Error {
  override readonly name = 'ProxyProtocolError'
  readonly violation: ProxyViolation

  constructor(violation: ProxyViolation, message: string) {
    super(message)
    this.violation = violation
  }
}

/** The caller made a call that the current state does not allow. */
export class LocalProtocolError extends Error {
  override readonly name: string = 'LocalProtocolError'
}
/** The connection is closing or closed. */
export class NotConnectedError extends LocalProtocolError {
  override readonly name: string = 'NotConnectedError'
}
/** No connection is being made. */
export class NotConnectingError extends LocalProtocolError {
  override readonly name: string = 'NotConnectingError'
}
/** The delayed call has run. */
export class AlreadyCalled extends LocalProtocolError {
  override readonly name: string = 'AlreadyCalled'
}
/** The delayed call was cancelled. */
export class AlreadyCancelled extends LocalProtocolError {
  override readonly name: string = 'AlreadyCancelled'
}
/** The reactor is not running, or is stopping already. */
export class ReactorNotRunning extends LocalProtocolError {
  override readonly name: string = 'ReactorNotRunning'
}
/** The reactor is running. */
export class ReactorAlreadyRunning extends LocalProtocolError {
  override readonly name: string = 'ReactorAlreadyRunning'
}

/** The child process has exited. */
export class ProcessExitedAlready extends LocalProtocolError {
  override readonly name: string = 'ProcessExitedAlready'
  constructor(command: string) {
    super(`Cannot signal ${command}: it has exited`)
  }
}

/** The input ended before a read was complete. */
export class IncompleteReadError extends Error {
  override readonly name = 'IncompleteReadError'
  /** The bytes received for it. */
  readonly partial: Buffer

  /** @param expectedBytes How many bytes were requested, where that is known. */
  constructor(partial: Buffer, expectedBytes?: number) {
    const wanted = expectedBytes === undefined ? 'up to the delimiter' : counted(expectedBytes, 'byte')
    super(`Cannot read ${wanted}: the input ended after ${counted(partial.length, 'byte')}`)
    this.partial = partial
  }
}

/** A queue already holds as many values as it is allowed to. */
export class QueueOverflow extends Error {
  override readonly name = 'QueueOverflow'
  /** Most values that the queue holds. */
  readonly size: number

  constructor(size: number) {
    super(`Cannot put into a queue that already holds ${size} values`)
    this.size = size
  }
}
/** As many takers as allowed already wait for a queue's values. */
export class QueueUnderflow extends Error {
  override readonly name = 'QueueUnderflow'
  /** Most takers that are allowed to wait. */
  readonly backlog: number

  constructor(backlog: number) {
    super(`Cannot get from an empty queue for which ${backlog} takers already wait`)
    this.backlog = backlog
  }
}
/** A queue was closed: it accepts no more values, or has none left. */
export class QueueClosed extends Error {
  override readonly name = 'QueueClosed'
}

/** A service was stopped before the awaited result was available. */
export class ServiceStopped extends Error {
  override readonly name = 'ServiceStopped'
}

/** The main function of `react` throws or returns this to end the program with a certain exit status. */
export class ExitCode extends Error {
  override readonly name = 'ExitCode'
  /** The exit status of the process. */
  readonly code: number

  /** @throws {RangeError} unless `code` is a whole number from 0 to 255. */
  constructor(code: number) {
    if (!Number.isInteger(code) || code < 0 || code > 255)
      throw new RangeError(`Cannot exit with ${code}: give a whole number from 0 to 255`)
    super(`Exit with ${code}`)
    this.code = code
  }
}

/** How a child process ended. Every `processEnded` receives one of its three subclasses. */
export abstract class ProcessEnded extends Error {}

/** The child process ended with status 0. */
export class ProcessDone extends ProcessEnded {
  override readonly name = 'ProcessDone'
  readonly exitCode = 0
  constructor() {
    super('Process ended with status 0')
  }
}

/** The child process ended with a status other than 0, or by a signal; `cause` is the reason if this side ended it. */
export class ProcessTerminated extends ProcessEnded {
  override readonly name = 'ProcessTerminated'
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: NodeJS.Signals | undefined
  /** What the command wrote to its standard output; set only by `getProcessOutput` and similar functions. */
  readonly output: Buffer | undefined
  /** What the command wrote to its standard error; set only by `getProcessOutput` and similar functions. */
  readonly errors: Buffer | undefined

  constructor(
    exitCode: number | undefined,
    signal?: NodeJS.Signals,
    options: ErrorOptions & { readonly output?: Buffer; readonly errors?: Buffer } = {},
  ) {
    const ended = signal === undefined ? `ended with status ${exitCode}` : `was ended by ${signal}`
    // With status 0, only the cause shows what went wrong.
    const why = exitCode === 0 && options.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(`Process ${ended}${why}`, options)
    this.exitCode = exitCode
    this.signal = signal
    this.output = options.output
    this.errors = options.errors
  }
}

/** The child process could not be started. */
export class ProcessNotStarted extends ProcessEnded {
  override readonly name = 'ProcessNotStarted'
  readonly command: string
  /** The system's code, such as `ENOENT`, where there is one. */
  readonly code: string | undefined

  constructor(command: string, cause: unknown) {
    const missing = codeOf(cause) === 'ENOENT'
    const why = missing
      ? 'there is no such command, or no such directory to run it in (ENOENT)'
      : explain(cause)
    super(`Cannot start ${command}: ${why}`, { cause })
    this.command = command
    this.code = codeOf(cause)
  }
}

/** The system's code of an error, such as `ECONNRESET`. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

function explain(error: unknown): string {
  const code = codeOf(error)
  const known = code === undefined ? undefined : EXPLANATION[code]
  return known ?? (error instanceof Error ? error.message : String(error))
}

const EXPLANATION: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the address is in use (EADDRINUSE)',
  EACCES: 'permission denied (EACCES)',
  EADDRNOTAVAIL: 'this machine has no such address (EADDRNOTAVAIL)',
}
