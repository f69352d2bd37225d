import { type Address, tcpAddress, type TCPAddress } from '../addresses.ts'
import type { ReactorNames, ReactorTime } from '../interfaces/reactor.ts'
import type { ConnectedWire } from '../interfaces/wire.ts'
import { AllAddressesFailed, ConnectError } from '../errors.ts'
import { AddressRace, DEFAULT_ATTEMPT_DELAY_MS } from './address-race.ts'
import { addressesOfName } from './addresses-of-name.ts'
import type { DialEvents, Dialling } from './stream-connector.ts'

/** Where to connect to by name, and how to reach one address of it. */
export interface NameDialSetup {
  readonly reactor: ReactorNames & ReactorTime
  readonly address: TCPAddress
  /** The local address to connect from. */
  readonly bindAddress: string | undefined
  /** Begins to connect to a numeric address. */
  readonly dial: (address: Address, events: DialEvents) => Dialling
}

/**
 * Looks a name up, and connects to the first of its addresses that answers; every address has as long as the connector
 * allows for all.
 *
 * When all fail in the same way, the error is of that class, for the name; with different ones it is AllAddressesFailed.
 */
export function dialByName(setup: NameDialSetup, events: DialEvents): Dialling {
  const { reactor, address, bindAddress } = setup
  const stop = new AbortController()
  let race: AddressRace<ConnectedWire> | undefined
  const run = (hosts: readonly string[]): void => {
    if (stop.signal.aborted) return
    race = raceTo(hosts, setup, events)
    race.begin()
  }
  const failed = (why: unknown): void => {
    if (!stop.signal.aborted) events.dialFailed(why as Error)
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
      attempt: (host, { up, failed }) =>
        dial(tcpAddress(host, address.port), { dialled: up, dialFailed: failed }),
    },
    hosts,
    {
      won: (wire) => events.dialled(wire),
      lost: (errors) => events.dialFailed(oneFailureOf(address, errors)),
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
  return new Failure(address, all.message.slice(all.message.indexOf(': ') + 2), cause)
}
