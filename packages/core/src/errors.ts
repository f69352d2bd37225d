import { type Address, formatAddress, type UDPAddress } from './addresses.ts'

// ConnectionClosed             passed to connectionLost, never thrown
//   ConnectionDone             closed cleanly, by either side
//   ConnectionLost             broken: reset, timed out
//     ConnectionAborted        by our own abortConnection or fault; `cause` says which
// ConnectError                 a client connection could not be made
//   ConnectBindError, ConnectionRefusedError, NoRouteError, TCPTimedOutError,
//   DNSLookupError, TimeoutError, ConnectingCancelledError, NoProtocol, TLSHandshakeError,
//   AllAddressesFailed       none of a host's addresses; `errors` has them all
// TLSConfigurationError        a certificate or key cannot be used
// CannotListenError            an address could not be had
// InvalidAddressError          a host that must be a numeric address is none, or is of no use here
// MessageLengthError           a datagram is longer than UDP can carry
// MulticastJoinError           a multicast group cannot be joined or left
// ProxyProtocolError           a peer that should begin with a PROXY header does not; the cause of an abort
// LocalProtocolError           our caller broke an order of calls
//   NotConnectedError, NotConnectingError, AlreadyCalled, AlreadyCancelled,
//   ReactorNotRunning, ReactorAlreadyRunning, ProcessExitedAlready
// IncompleteReadError          the input ended in the middle of what was being read
// QueueOverflow, QueueUnderflow, QueueClosed    a queue has reached a bound, or its end
// RemoteError                  what a peer sent cannot be accepted: the base of such errors in every package (in bytes/)
// ServiceStopped               a service was stopped, so what was waited for does not come
// ProcessEnded                 passed to processEnded: how a child process came to its end
//   ProcessDone                with status 0
//   ProcessTerminated          with another status, or by a signal
//   ProcessNotStarted          it never ran; `cause` says why
// RecordingError               a line of a recording of connections cannot be read (in policy/recording.ts)
// ExitCode                     how a program run by `react` ends

/** Why a connection ended: one of its three kinds reaches every `connectionLost`. */
export abstract class ConnectionClosed extends Error {}

/** The connection was closed cleanly, by either side. */
export class ConnectionDone extends ConnectionClosed {
  override readonly name: string = 'ConnectionDone'
  constructor(message: string = 'Connection was closed cleanly') {
    super(message)
  }
}

/** The connection broke; `cause` is the system's error where there is one. */
export class ConnectionLost extends ConnectionClosed {
  override readonly name: string = 'ConnectionLost'
  constructor(message: string = 'Connection was lost', options?: ErrorOptions) {
    super(message, options)
  }
}

/** The connection was reset by our own side; `cause` is the fault that led to it, if any. */
export class ConnectionAborted extends ConnectionLost {
  override readonly name: string = 'ConnectionAborted'
  constructor(message: string = 'Connection was aborted', options?: ErrorOptions) {
    super(message, options)
  }
}

/** A client connection could not be made. */
export class ConnectError extends Error {
  override readonly name: string = 'ConnectError'
  /** Where it was to go. */
  readonly address: Address
  /** The system's code, such as `ECONNREFUSED`, where there is one. */
  readonly code: string | undefined

  constructor(address: Address, why: string, cause?: unknown) {
    super(`Cannot ${attemptAt(address)}: ${why}`, cause === undefined ? undefined : { cause })
    this.address = address
    this.code = codeOf(cause)
  }
}

/** A lookup on its own has a name, and no port. */
function attemptAt(address: Address): string {
  const isLookup = address.type === 'TCP' && address.port === 0
  return isLookup ? `look up ${address.host}` : `connect to ${formatAddress(address)}`
}

/** The local address asked for cannot be used. */
export class ConnectBindError extends ConnectError {
  override readonly name: string = 'ConnectBindError'
}
/** Nobody listens there. */
export class ConnectionRefusedError extends ConnectError {
  override readonly name: string = 'ConnectionRefusedError'
}
/** No network leads there. */
export class NoRouteError extends ConnectError {
  override readonly name: string = 'NoRouteError'
}
/** The operating system gave up waiting. */
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
/** The attempt was given up by its caller. */
export class ConnectingCancelledError extends ConnectError {
  override readonly name: string = 'ConnectingCancelledError'
}
/** The connection was up, but got no protocol: `buildProtocol` refused it or failed, or `connectionMade` did (`cause`). */
export class NoProtocol extends ConnectError {
  override readonly name: string = 'NoProtocol'
}

/** No address of a host could be connected to. `cause` is an AggregateError of the `errors`. */
export class AllAddressesFailed extends ConnectError {
  override readonly name: string = 'AllAddressesFailed'
  /** Why each address failed, in the order in which they did. */
  readonly errors: readonly Error[]

  constructor(address: Address, errors: readonly Error[]) {
    const each = errors.map(({ message }) => message).join('; ')
    super(address, `none of its ${errors.length} addresses works (${each})`, new AggregateError(errors))
    this.errors = errors
  }
}

/** The connection was up, but TLS could not be agreed on; `cause` says why. */
export class TLSHandshakeError extends ConnectError {
  override readonly name: string = 'TLSHandshakeError'
}

/** A certificate, key or other setting of TLS cannot be used. */
export class TLSConfigurationError extends Error {
  override readonly name = 'TLSConfigurationError'
  constructor(what: string, cause: unknown) {
    super(`Cannot use ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

/** An address cannot be listened on; `code` says why, such as `EADDRINUSE`. */
export class CannotListenError extends Error {
  override readonly name: string = 'CannotListenError'
  /** The address asked for. */
  readonly address: Address | UDPAddress
  readonly code: string | undefined

  constructor(address: Address | UDPAddress, cause: unknown) {
    super(`Cannot listen on ${formatAddress(address)}: ${explain(cause)}`, { cause })
    this.address = address
    this.code = codeOf(cause)
  }
}

/** A host is no numeric address, or not one that can be used here. */
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
  /** Its length. */
  readonly bytes: number
  /** What fits. */
  readonly maxBytes: number

  constructor(bytes: number, maxBytes: number) {
    super(`Cannot send a datagram of ${bytes} bytes: ${maxBytes} fit`)
    this.bytes = bytes
    this.maxBytes = maxBytes
  }
}

/** A multicast group cannot be joined or left; `code` says why, such as `ENODEV`. */
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

/** What can be wrong with how a connection begins that should begin with a PROXY header. */
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

/** A connection does not begin with a PROXY header that can be read and believed. */
export class ProxyProtocolError extends Error {
  override readonly name = 'ProxyProtocolError'
  readonly violation: ProxyViolation

  constructor(violation: ProxyViolation, message: string) {
    super(message)
    this.violation = violation
  }
}

/** Our own caller did something at a time when it makes no sense. */
export class LocalProtocolError extends Error {
  override readonly name: string = 'LocalProtocolError'
}
/** The connection is closing or gone. */
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

/** The input ended in the middle of what was being read. */
export class IncompleteReadError extends Error {
  override readonly name = 'IncompleteReadError'
  /** What had come of it. */
  readonly partial: Buffer

  /** @param expectedBytes How many bytes were asked for, where that is known. */
  constructor(partial: Buffer, expectedBytes?: number) {
    const wanted = expectedBytes === undefined ? 'up to the delimiter' : `${expectedBytes} bytes`
    super(`Cannot read ${wanted}: the input ended after ${partial.length}`)
    this.partial = partial
  }
}

/** A queue holds as many values as it may. */
export class QueueOverflow extends Error {
  override readonly name = 'QueueOverflow'
  /** Most values it holds. */
  readonly size: number

  constructor(size: number) {
    super(`Cannot put into a queue that holds ${size} already`)
    this.size = size
  }
}
/** As many takers wait for a queue's values as may. */
export class QueueUnderflow extends Error {
  override readonly name = 'QueueUnderflow'
  /** Most takers that wait. */
  readonly backlog: number

  constructor(backlog: number) {
    super(`Cannot get from an empty queue for which ${backlog} wait already`)
    this.backlog = backlog
  }
}
/** A queue was closed: it takes nothing more, or has nothing more. */
export class QueueClosed extends Error {
  override readonly name = 'QueueClosed'
}

/** A service was stopped, so what was waited for does not come. */
export class ServiceStopped extends Error {
  override readonly name = 'ServiceStopped'
}

/** Ends a program run by `react` with a status of its own; thrown or answered by its main function. */
export class ExitCode extends Error {
  override readonly name = 'ExitCode'
  /** The status of the process. */
  readonly code: number

  /** @throws {RangeError} unless `code` is a whole number from 0 to 255. */
  constructor(code: number) {
    if (!Number.isInteger(code) || code < 0 || code > 255)
      throw new RangeError(`Cannot exit with ${code}: give a whole number from 0 to 255`)
    super(`Exit with ${code}`)
    this.code = code
  }
}

/** How a child process came to its end: one of three kinds reaches every `processEnded`. */
export abstract class ProcessEnded extends Error {}

/** The child process ended with status 0. */
export class ProcessDone extends ProcessEnded {
  override readonly name = 'ProcessDone'
  readonly exitCode = 0
  constructor() {
    super('Process ended with status 0')
  }
}

/** The child process ended with another status than 0, or by a signal; `cause` says why where that was us. */
export class ProcessTerminated extends ProcessEnded {
  override readonly name = 'ProcessTerminated'
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined
  /** The signal that ended it, such as `SIGKILL`. */
  readonly signal: NodeJS.Signals | undefined
  /** What the command wrote to its standard output; of `getProcessOutput` and its like alone. */
  readonly output: Buffer | undefined
  /** What the command wrote to its standard error; of `getProcessOutput` and its like alone. */
  readonly errors: Buffer | undefined

  constructor(
    exitCode: number | undefined,
    signal?: NodeJS.Signals,
    options: ErrorOptions & { readonly output?: Buffer; readonly errors?: Buffer } = {},
  ) {
    const ended = signal === undefined ? `ended with status ${exitCode}` : `was ended by ${signal}`
    // Status 0 alone does not show what went wrong.
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
