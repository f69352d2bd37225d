import { byteCount, oneOf, type OptionRules } from '@ropewalk/core/options'

/** How much a WebSocket may hold for a peer that reads slowly. */
export interface QueueOptions {
  /**
   * Most bytes that may wait to be sent, those in the transport included. Each waiting message counts 64 bytes
   * more. `whenFull` decides about a message that finds more; a single message may be longer. Default
   * 16 MiB.
   */
  readonly maxQueuedBytes: number
  /**
   * What happens to a message that finds more than `maxQueuedBytes`:
   *
   * - `close` (default): everything that waits is dropped, and the WebSocket is closed with 1013.
   * - `drop-newest`: the message is dropped.
   * - `drop-oldest`: the oldest waiting messages are dropped, until the message fits. What has been given to
   *   the transport is sent: if that alone is too much, the message is dropped.
   */
  readonly whenFull: WhenFull
}

/** What happens to a message when too many bytes wait. */
export type WhenFull = 'close' | 'drop-newest' | 'drop-oldest'

/** The defaults of what a WebSocket may hold. */
export const DEFAULT_QUEUE_OPTIONS: QueueOptions = {
  maxQueuedBytes: 16_777_216,
  whenFull: 'close',
}

/** The type and range of each of these options. */
export const QUEUE_OPTION_RULES: OptionRules<QueueOptions> = {
  maxQueuedBytes: byteCount(),
  whenFull: oneOf('close', 'drop-newest', 'drop-oldest'),
}
