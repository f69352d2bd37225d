import type { MessageDeflater } from '../codec/compression.ts'

/** What the frames to a client depend on: connections with the same key send the same bytes. */
export interface FrameVariant {
  readonly key: string
  /**
   * Deflates a message without reference to earlier ones (RFC 7692 §7.2.1).
   *
   * @param compress Whether to deflate it. Undefined: that depends on its size.
   * @returns undefined when the message is to be sent as it is.
   */
  deflate(data: Uint8Array, compress: boolean | undefined): Uint8Array | undefined
}

/** The variant of connections without compression. */
export const PLAIN: FrameVariant = { key: '', deflate: () => undefined }

/** The variant of connections whose compressor has the same window. */
export class DeflatedVariant implements FrameVariant {
  readonly key: string
  readonly #deflater: MessageDeflater
  readonly #thresholdBytes: number

  /** @param deflater It must not refer to earlier messages. */
  constructor(key: string, deflater: MessageDeflater, thresholdBytes: number) {
    this.key = key
    this.#deflater = deflater
    this.#thresholdBytes = thresholdBytes
  }

  deflate(data: Uint8Array, compress: boolean | undefined): Uint8Array | undefined {
    const { length } = data
    if (!(compress ?? (length >= this.#thresholdBytes && length <= MAX_UNASKED_BYTES))) return undefined
    const deflated = this.#deflater.deflate(data)
    return deflated.length < length ? deflated : undefined
  }
}

/** A longer message holds up the event loop for more than half a millisecond, so that must be asked for. */
const MAX_UNASKED_BYTES = 65_536
