import { PreparedMessage } from '../connection/prepared-message.ts'
import type { Publication } from './subscriber.ts'

/** A publication of this process, or one that a bus has brought. */
export class TopicPublication implements Publication {
  readonly topic: string
  readonly source: string
  readonly number: number
  readonly message: PreparedMessage

  constructor(topic: string, source: string, number: number, message: PreparedMessage) {
    this.topic = topic
    this.source = source
    this.number = number
    this.message = message
  }

  get data(): Buffer {
    return this.message.data
  }

  /**
   * The publication as a bus carries it:
   *
   *     offset  size  meaning
   *          0     1  1 for text, 2 for bytes
   *          1     8  source
   *          9     6  number, in network byte order
   *         15        data
   */
  toBytes(): Buffer {
    const { data, kind } = this.message
    const bytes = Buffer.allocUnsafe(HEAD_BYTES + data.length)
    bytes[0] = kind === 'text' ? TEXT : BYTES
    bytes.write(this.source, SOURCE_AT, 'hex')
    bytes.writeUIntBE(this.number, NUMBER_AT, NUMBER_BYTES)
    bytes.set(data, HEAD_BYTES)
    return bytes
  }

  /** @returns undefined for bytes that no Topics has published. */
  static fromBytes(topic: string, bytes: Buffer): TopicPublication | undefined {
    const kind = bytes[0]
    if (bytes.length < HEAD_BYTES || (kind !== TEXT && kind !== BYTES)) return undefined
    const message = new PreparedMessage(kind === TEXT ? 'text' : 'bytes', bytes.subarray(HEAD_BYTES))
    const source = bytes.toString('hex', SOURCE_AT, NUMBER_AT)
    return new TopicPublication(topic, source, bytes.readUIntBE(NUMBER_AT, NUMBER_BYTES), message)
  }
}

/** Numbers the publications of each topic from 1. */
export class PublicationNumbers {
  readonly #last = new Map<string, number>()

  /** Returns the number of the next publication in a topic. */
  next(topic: string): number {
    const number = (this.#last.get(topic) ?? 0) + 1
    // Bounded, because a client may choose the topics: the one that was published in longest ago is forgotten.
    this.#last.delete(topic)
    this.#last.set(topic, number)
    if (this.#last.size > MAX_NUMBERED_TOPICS) {
      for (const oldest of this.#last.keys()) {
        this.#last.delete(oldest)
        break
      }
    }
    return number
  }
}

/** How many random bytes identify a source. */
export const SOURCE_BYTES = 8
const TEXT = 1
const BYTES = 2
const SOURCE_AT = 1
const NUMBER_AT = SOURCE_AT + SOURCE_BYTES
const NUMBER_BYTES = 6
const MAX_NUMBERED_TOPICS = 100_000
const HEAD_BYTES = NUMBER_AT + NUMBER_BYTES
