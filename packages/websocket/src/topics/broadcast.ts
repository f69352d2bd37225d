import { CloseCode } from '../codec/close-frame.ts'
import {
  byteCount,
  type GivenOptions,
  oneOf,
  type OptionRule,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { PreparedMessage, prepareMessage } from '../connection/prepared-message.ts'
import { isRecipient, type Recipient, startedTransportOf } from './recipient.ts'

/** The options of `broadcast`. */
export interface BroadcastOptions {
  /**
   * What happens to a connection that reads too slowly:
   *
   * - `skip` (the default): it does not get this message.
   * - `close`: it does not get this message, and is closed with 1013 (try again later).
   * - `queue`: the message is queued. When more than its option `maxQueuedBytes` wait, `whenFull` decides.
   */
  readonly slow: SlowPolicy
  /** A connection for which more than this many bytes wait reads too slowly. Default 64 KiB. */
  readonly slowBytes: number
}

/** What happens to a connection that reads too slowly. */
export type SlowPolicy = 'skip' | 'close' | 'queue'

/** What became of a broadcast. */
export interface BroadcastResult<R extends Recipient = Recipient> {
  /** To how many connections the message was sent. */
  readonly sent: number
  /** The connections that did not get it because they read too slowly, also those closed for that. */
  readonly skipped: readonly R[]
}

/**
 * Sends a message to many connections. It never waits for any of them, and frames the message once.
 * Connections that are not open yet, closing or gone are left out. `connections` may change meanwhile.
 *
 * @throws {TypeError} when `connections` has something else than protocols and transports of WebSockets, or
 *   the message or an option is of the wrong type.
 * @throws {RangeError} when an option is out of range.
 */
export function broadcast<R extends Recipient>(
  connections: Iterable<R>,
  message: string | Uint8Array | PreparedMessage,
  options?: GivenOptions<BroadcastOptions>,
): BroadcastResult<R> {
  const { slow, slowBytes } = withDefaults('broadcast', DEFAULT_BROADCAST_OPTIONS, options, RULES)
  const prepared = message instanceof PreparedMessage ? message : prepareMessage(message)
  const skipped: R[] = []
  let sent = 0
  for (const connection of listOf(connections)) {
    const transport = startedTransportOf(connection)
    if (transport?.open !== true) continue
    const isSlow = slow !== 'queue' && transport.bufferedBytes > slowBytes
    if (!isSlow && transport.sendPrepared(prepared) !== 'dropped') {
      sent++
      continue
    }
    skipped.push(connection)
    if (slow === 'close') closeSlow(transport)
  }
  return { sent, skipped }
}

/** Closes a connection that reads too slowly. */
export function closeSlow(transport: { loseConnection(code: number, reason: string): void }): void {
  transport.loseConnection(CloseCode.tryAgainLater, 'Reads too slowly')
}

/** A copy, because a send or a close may call code that changes `connections`. */
function listOf<R>(connections: Iterable<R>): readonly R[] {
  const list = Array.from(connections)
  const wrong = list.findIndex((connection) => !isRecipient(connection))
  if (wrong < 0) return list
  throw new TypeError(
    `Cannot take connections[${wrong}] for broadcast: give protocols or transports of WebSockets`,
  )
}

/** The rule of the option `slow`. */
export const SLOW_POLICY: OptionRule = oneOf('skip', 'close', 'queue')
/** `slowBytes` is the high-water mark of a transport. */
const DEFAULT_BROADCAST_OPTIONS: BroadcastOptions = { slow: 'skip', slowBytes: 65_536 }
const RULES: OptionRules<BroadcastOptions> = { slow: SLOW_POLICY, slowBytes: byteCount() }
