import type { Role } from '../codec/frame-header.ts'
import { agreementKey, type DeflateAgreement, directionOf } from './deflate-agreement.ts'
import type { DeflateOptions } from './deflate-options.ts'
import { DeflaterPool } from './deflater-pool.ts'
import { DeflatedVariant, type FrameVariant } from './frame-variant.ts'
import { HandleDeflater } from './handle-deflater.ts'
import { HandleInflater } from './handle-inflater.ts'
import { InflaterPool } from './inflater-pool.ts'
import type { ClosableInflater, SlicedDeflater } from './message-codec.ts'
import { OneShotDeflater, OneShotInflater } from './one-shot.ts'
import { TurnSlices } from './turn-slices.ts'
import { ZlibHandle } from './zlib-handle.ts'

/** What WebSockets with the same options share for their compression. */
export class Deflate {
  readonly options: DeflateOptions
  /** Deflates large messages, a slice in each turn. */
  readonly slices: TurnSlices = new TurnSlices()
  readonly #inflaters = new InflaterPool()
  readonly #deflaters: DeflaterPool
  readonly #variants = new Map<string, FrameVariant>()
  #hasHandles: boolean | undefined

  constructor(options: DeflateOptions) {
    this.options = options
    this.#deflaters = new DeflaterPool(options)
  }

  /** How many compressors are open, for tests. */
  get openDeflaters(): number {
    return this.#deflaters.size
  }

  /** Returns an inflater for the messages of the peer, which the caller closes. */
  inflater(agreement: DeflateAgreement, ourRole: Role): ClosableInflater {
    const direction = directionOf(agreement, ourRole === 'server' ? 'client' : 'server')
    return this.#usesHandles ? new HandleInflater(direction, this.#inflaters) : new OneShotInflater(direction)
  }

  /** Returns a deflater for our messages, which the caller closes. */
  deflater(agreement: DeflateAgreement, ourRole: Role): SlicedDeflater {
    const direction = directionOf(agreement, ourRole)
    return this.#usesHandles
      ? new HandleDeflater(direction, this.#deflaters)
      : new OneShotDeflater(direction, this.options)
  }

  /** Returns how messages for many WebSockets are deflated for those with this agreement. */
  variant(agreement: DeflateAgreement, ourRole: Role): FrameVariant {
    const key = agreementKey(agreement, ourRole)
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const deflater = this.deflater({ ...agreement, ...ALONE }, ourRole)
    const variant = new DeflatedVariant(key, deflater, this.options.thresholdBytes)
    this.#variants.set(key, variant)
    return variant
  }

  get #usesHandles(): boolean {
    this.#hasHandles ??= ZlibHandle.worksSync()
    return this.#hasHandles
  }
}

const ALONE = { serverContextTakeover: false, clientContextTakeover: false }
