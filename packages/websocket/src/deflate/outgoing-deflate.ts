import type { ReactorTime } from '@ropewalk/core/time'
import type { Role } from '../codec/frame-header.ts'
import { type DeflateAgreement, directionOf } from './deflate-agreement.ts'
import type { Deflate } from './deflate.ts'
import { Deflation } from './deflation.ts'
import type { FrameVariant } from './frame-variant.ts'
import type { SlicedDeflater } from './message-codec.ts'

/** Deflates those messages of one WebSocket that are worth it. */
export class OutgoingDeflate {
  readonly #deflate: Deflate
  readonly #agreement: DeflateAgreement
  readonly #role: Role
  /** Made for the first message. */
  #deflater: SlicedDeflater | undefined

  constructor(deflate: Deflate, agreement: DeflateAgreement, role: Role) {
    this.#deflate = deflate
    this.#agreement = agreement
    this.#role = role
  }

  /**
   * Whether a message is to be deflated.
   *
   * @param compress What the sender wants; undefined: it depends on `thresholdBytes`.
   */
  wants(payload: string | Uint8Array, compress: boolean | undefined): boolean {
    if (compress !== undefined) return compress
    const { thresholdBytes } = this.#deflate.options
    if (payload.length >= thresholdBytes) return true
    // A character takes at most three bytes of UTF-8 for each of its units.
    if (typeof payload !== 'string' || payload.length * 3 < thresholdBytes) return false
    return Buffer.byteLength(payload) >= thresholdBytes
  }

  /**
   * Deflates a message that is sent next; returns undefined when it is to be sent as it is, because that is no
   * longer.
   */
  deflate(data: Uint8Array): Uint8Array | undefined {
    return this.worth(data, this.#own.deflate(data))
  }

  /**
   * Begins to deflate a large message that is sent next, a slice in each turn. Nothing else may be deflated
   * before it is done.
   *
   * @param done Called when it is.
   */
  deflateInSlices(data: Uint8Array, reactor: ReactorTime, done: () => void): Deflation {
    const { slices } = this.#deflate
    const deflation = new Deflation(this.#own.slices(data), reactor, slices, done)
    slices.add(deflation)
    return deflation
  }

  /** Returns `deflated`, or undefined when it may be left away, and is not shorter. */
  worth(data: Uint8Array, deflated: Uint8Array): Uint8Array | undefined {
    const { contextTakeover } = directionOf(this.#agreement, this.#role)
    return contextTakeover || deflated.length < data.length ? deflated : undefined
  }

  /** How messages for many WebSockets are deflated. After one of them, call `forget`. */
  get variant(): FrameVariant {
    return this.#deflate.variant(this.#agreement, this.#role)
  }

  /** The peer receives a compressed message that was not deflated here: the next one refers to none before. */
  forget(): void {
    this.#deflater?.forget()
  }

  /** Frees the memory of zlib. Nothing is deflated afterwards. */
  close(): void {
    this.#deflater?.close()
    this.#deflater = undefined
  }

  get #own(): SlicedDeflater {
    this.#deflater ??= this.#deflate.deflater(this.#agreement, this.#role)
    return this.#deflater
  }
}

/** A longer message is deflated in slices, in bytes: it would hold up everything else for half a millisecond. */
export const MAX_AT_ONCE_BYTES = 65_536
