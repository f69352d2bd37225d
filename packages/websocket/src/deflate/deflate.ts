import type { Role } from '../codec/frame-header.ts'
import { agreementKey, type DeflateAgreement, directionOf } from './deflate-agreement.ts'
import type { DeflateOptions } from './deflate-options.ts'
import { DeflaterPool } from './deflater-pool.ts'
import { HandleDeflater } from './handle-deflater.ts'
import { HandleInflater } from './handle-inflater.ts'
import { InflaterPool } from './inflater-pool.ts'
import type { ClosableInflater, SlicedDeflater } from './message-codec.ts'
import { OneShotDeflater, OneShotInflater } from './one-shot.ts'
import { TurnSlices } from './turn-slices.ts'
import { ZlibHandle } from './zlib-handle.ts'

/** How a message is deflated that many WebSockets send. */
export interface SharedVariant {
  /** That of `agreementKey`. */
  readonly key: string
  /** Deflates a message without reference to others; returns undefined when it is to be sent as it is. */
  readonly deflate: (message: { readonly data: Uint8Array }) => Uint8Array | undefined
}

/** What WebSockets with the same options share for their compression. */
export class Deflate {
  readonly options: DeflateOptions
  /** Deflates large messages, a slice in each turn. */
  readonly slices: TurnSlices = new TurnSlices()
  readonly #inflaters = new InflaterPool()
  readonly #deflaters: DeflaterPool
  readonly #variants = new Map<string, SharedVariant>()
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

  /** Returns the variant of messages that are prepared for many WebSockets with this agreement. */
  variantFor(agreement: DeflateAgreement, ourRole: Role): SharedVariant {
    const key = agreementKey(agreement, ourRole)
    const known = this.#variants.get(key)
    if (known !== undefined) return known
    const deflater = this.deflater({ ...agreement, ...ALONE }, ourRole)
    const deflate = ({ data }: { readonly data: Uint8Array }): Uint8Array | undefined => {
      if (data.length < this.options.thresholdBytes) return undefined
      const deflated = deflater.deflate(data)
      return deflated.length < data.length ? deflated : undefined
    }
    const variant = { key, deflate }
    this.#variants.set(key, variant)
    return variant
  }

  get #usesHandles(): boolean {
    this.#hasHandles ??= ZlibHandle.worksSync()
    return this.#hasHandles
  }
}

const ALONE = { serverContextTakeover: false, clientContextTakeover: false }
