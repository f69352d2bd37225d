import { type Address, parseIP, tcpAddress, type TCPAddress } from '../addresses.ts'
import {
  AllAddressesFailed,
  codeOf,
  ConnectBindError,
  ConnectError,
  ConnectionRefusedError,
  DNSLookupError,
  NoRouteError,
  TCPTimedOutError,
} from '../errors.ts'
import type { DelayedCall, ReactorNames, ReactorTime } from '../interfaces/reactor.ts'
import type { ConnectedWire } from '../interfaces/wire.ts'
import { untilAborted } from '../time/cancellable.ts'
import type { ConnectAttempt, DialEvents } from './stream-connector.ts'

/** The name to connect to, and how to connect to one of its addresses. */
export interface NameDialSetup {
  readonly reactor: ReactorNames & ReactorTime
  readonly address: TCPAddress
  /** The local address to connect from. */
  readonly bindAddress: string | undefined
  /** Starts to connect to a numeric address. */
  readonly dial: (address: Address, events: DialEvents) => ConnectAttempt
}

/**
 * Looks up a name and keeps the first connection to one of its addresses. The connector's timeout covers the
 * lookup and all attempts; an attempt has no timeout of its own.
 *
 * The error of a single attempt is passed on as it is. When several attempts fail with errors of one class,
 * the error is of that class and names the host. When the classes differ, it is an AllAddressesFailed.
 */
export function dialByName(setup: NameDialSetup, events: DialEvents): ConnectAttempt {
  const { reactor, address, bindAddress } = setup
  const stop = new AbortController()
  let race: AddressRace<ConnectedWire> | undefined
  const run = (hosts: readonly string[]): void => {
    if (stop.signal.aborted) return
    race = raceTo(hosts, setup, events)
    race.begin()
  }
  const failed = (why: unknown): void => {
    if (!stop.signal.aborted) events.failed(why as Error)
  }
  void addressesOfName(reactor, address, stop.signal, bindAddress).then(run, failed)
  return {
    cancel() {
      stop.abort()
      race?.cancel()
    },
  }
}

function raceTo(
  hosts: readonly string[],
  { reactor, address, dial }: NameDialSetup,
  events: DialEvents,
): AddressRace<ConnectedWire> {
  return new AddressRace<ConnectedWire>(
    {
      time: reactor,
      attemptDelayMs: DEFAULT_ATTEMPT_DELAY_MS,
      dial: (host, attemptEvents) => dial(tcpAddress(host, address.port), attemptEvents),
    },
    hosts,
    {
      won: (wire) => events.connected(wire),
      allFailed: (errors) => events.failed(oneFailureOf(address, errors)),
    },
  )
}

function oneFailureOf(address: TCPAddress, errors: readonly Error[]): Error {
  const all = new AllAddressesFailed(address, errors)
  const [first] = errors
  if (first === undefined) return all
  if (errors.length === 1) return first
  const isSame = errors.every((error) => error.constructor === first.constructor)
  if (!isSame || !(first instanceof ConnectError)) return all
  const Failure = first.constructor as typeof ConnectError
  const cause = Object.assign(new AggregateError(errors, all.message), { code: first.code })
  return new Failure(address, all.why, cause)
}

/** How an AddressRace tries addresses. */
export interface AddressRaceSetup<T> {
  readonly time: ReactorTime
  /** How long an attempt may take before the next address is tried in parallel, in milliseconds. */
  readonly attemptDelayMs: number
  /**
   * Starts to connect to a numeric host. If it throws, the attempt has failed with that error. It may call an
   * event before it returns.
   */
  readonly dial: (host: string, events: DialEvents<T>) => ConnectAttempt
}

/**
 * The outcome of a race: one of the two is called, once, when all other attempts have ended or were
 * cancelled.
 */
export interface AddressRaceEvents<T> {
  won(connection: T): void
  /** `errors` has one error for each address, in the order in which they failed. */
  allFailed(errors: readonly Error[]): void
}

/**
 * Connects to several addresses in parallel and keeps the first connection that is up (RFC 8305 §5).
 *
 * The next address is tried when the previous attempt has failed, or has taken longer than `attemptDelayMs`.
 * Every attempt may continue until the race ends.
 */
export class AddressRace<T> {
  readonly #setup: AddressRaceSetup<T>
  readonly #events: AddressRaceEvents<T>
  readonly #running = new Set<ConnectAttempt>()
  readonly #failures: Error[] = []
  #left: string[]
  #next: DelayedCall | undefined
  #over = false

  /** @param hosts At least one numeric host, in the order of the attempts. `begin` starts the first. */
  constructor(setup: AddressRaceSetup<T>, hosts: readonly string[], events: AddressRaceEvents<T>) {
    this.#setup = setup
    this.#left = [...hosts]
    this.#events = events
  }

  /** Tries the first address. */
  begin(): void {
    this.#tryNext()
  }

  /** Ends the race: cancels all attempts, and calls neither event. */
  cancel(): void {
    this.#end()
  }

  #end(): void {
    this.#over = true
    this.#left = []
    if (this.#next?.active()) this.#next.cancel()
    const running = Array.from(this.#running)
    this.#running.clear()
    for (const attempt of running) attempt.cancel()
  }

  #tryNext(): void {
    if (this.#next?.active()) this.#next.cancel()
    const host = this.#left.shift()
    if (host === undefined) return
    const { time, attemptDelayMs } = this.#setup
    // The timer starts first, because an attempt that fails synchronously cancels it and tries the next
    // address.
    if (this.#left.length > 0) this.#next = time.callLater(attemptDelayMs, () => this.#tryNext())
    this.#try(host)
  }

  #try(host: string): void {
    let attempt: ConnectAttempt | undefined
    let done = false
    const settled = (call: () => void): void => {
      if (done || this.#over) return
      done = true
      if (attempt !== undefined) this.#running.delete(attempt)
      call()
    }
    try {
      attempt = this.#setup.dial(host, {
        connected: (connection) => settled(() => this.#win(connection)),
        failed: (why) => settled(() => this.#failed(why)),
      })
      if (!done && !this.#over) this.#running.add(attempt)
    } catch (error) {
      settled(() => this.#failed(error instanceof Error ? error : new Error(String(error))))
    }
  }

  #win(connection: T): void {
    this.#end()
    this.#events.won(connection)
  }

  #failed(why: Error): void {
    this.#failures.push(why)
    if (this.#left.length > 0) return this.#tryNext()
    if (this.#running.size > 0) return
    this.#end()
    this.#events.allFailed(this.#failures)
  }
}

/**
 * How long an attempt may take before the next address is tried in parallel (RFC 8305 §5), in milliseconds.
 */
export const DEFAULT_ATTEMPT_DELAY_MS = 250

/**
 * Looks up a name. Resolves with its numeric addresses in the order in which they are tried: IPv4 and IPv6
 * alternate, beginning with the family of the first address (RFC 8305 §4).
 *
 * @param address The name and the port to connect to.
 * @param signal Cancels the lookup: the promise rejects with the signal's reason, even if the lookup ignores
 *   the signal.
 * @param bindAddress The local address. Only addresses of its family are returned.
 * @throws {DNSLookupError} (rejects) when there is no address, or the lookup fails in any way.
 */
export async function addressesOfName(
  names: ReactorNames,
  address: TCPAddress,
  signal: AbortSignal,
  bindAddress?: string,
): Promise<readonly string[]> {
  signal.throwIfAborted()
  const asked = (async (): Promise<unknown> => names.lookup(address.host, { signal }))()
  const found = await untilAborted(asked, signal).catch((cause: unknown) => {
    throw signal.aborted ? signal.reason : new DNSLookupError(address, whyFailed(cause), cause)
  })
  const hosts = Array.from(new Set(assertNumeric(found, address)))
  const wanted = hosts.filter((host) => bindAddress === undefined || isIPv6(host) === isIPv6(bindAddress))
  if (wanted.length > 0) return alternating(wanted)
  const why = hosts.length === 0 ? NO_ADDRESS : `the name has no address of the family of ${bindAddress}`
  throw new DNSLookupError(address, why)
}

/** Whether a host is a numeric address, which needs no lookup. */
export function isNumericHost(host: string): boolean {
  // An IPv6 address may have a zone. No name contains a colon.
  return isIPv6(host) || parseIP(host) !== undefined
}

function assertNumeric(found: unknown, address: TCPAddress): readonly string[] {
  const isHost = (host: unknown): boolean => typeof host === 'string' && isNumericHost(host)
  if (Array.isArray(found) && found.every(isHost)) return found as readonly string[]
  const wrong: unknown = Array.isArray(found) ? found.find((host) => !isHost(host)) : found
  const shown = typeof wrong === 'string' ? JSON.stringify(wrong.slice(0, 80)) : String(wrong)
  throw new DNSLookupError(address, `its lookup returned ${shown}: return a list of numeric addresses`)
}

/** The reason without the prefix that names the host: a lookup knows no port, so its error lacks the port. */
function whyFailed(cause: unknown): string {
  const code = codeOf(cause)
  if (code === 'EAI_AGAIN') return NO_RESPONSE
  if (code === 'ENOTFOUND') return NO_ADDRESS
  if (!(cause instanceof Error)) return `its lookup failed: ${String(cause)}`
  return cause instanceof DNSLookupError ? cause.why : `its lookup failed: ${cause.message}`
}

function alternating(hosts: readonly string[]): readonly string[] {
  const first = hosts.filter((host) => isIPv6(host) === isIPv6(hosts[0] ?? ''))
  const other = hosts.filter((host) => !first.includes(host))
  return hosts.flatMap((_host, at) => [first[at], other[at]]).filter((host) => host !== undefined)
}

function isIPv6(host: string): boolean {
  return host.includes(':')
}

/** The ConnectError for the system's error `cause`, with the reason in its message. */
export function connectFailure(address: Address, cause: unknown): ConnectError {
  if (cause instanceof DNSLookupError) return new DNSLookupError(address, NO_ADDRESS, cause)
  const code = codeOf(cause)
  const [Failure, why] = FAILURE[code ?? ''] ?? [ConnectError, undefined]
  const message = cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? cause)
  return new Failure(address, why === undefined ? message : `${why} (${code})`, cause)
}

/** Why a name cannot be connected to, for the message of a DNSLookupError. */
export const NO_ADDRESS = 'the name has no address'
/** Why a name was not looked up, for the message of a DNSLookupError. */
export const NO_RESPONSE = 'the name service did not respond'
const FAILURE: Readonly<Record<string, readonly [typeof ConnectError, string]>> = {
  ECONNREFUSED: [ConnectionRefusedError, 'no program listens there'],
  ENOENT: [ConnectionRefusedError, 'there is no such socket'],
  ETIMEDOUT: [TCPTimedOutError, 'the peer did not respond'],
  ENOTFOUND: [DNSLookupError, NO_ADDRESS],
  EAI_AGAIN: [DNSLookupError, NO_RESPONSE],
  EHOSTUNREACH: [NoRouteError, 'the host cannot be reached'],
  ENETUNREACH: [NoRouteError, 'the network cannot be reached'],
  EADDRNOTAVAIL: [ConnectBindError, 'the local address cannot be used'],
  EADDRINUSE: [ConnectBindError, 'the local address is in use'],
}
