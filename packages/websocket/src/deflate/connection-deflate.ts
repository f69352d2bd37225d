import type { MessageInflater } from '../codec/compression.ts'
import type { Role } from '../codec/frame-header.ts'
import type { DeflateAgreement } from './deflate-agreement.ts'
import { Deflate } from './deflate.ts'
import { DEFAULT_DEFLATE_OPTIONS } from './deflate-options.ts'
import type { ClosableInflater } from './message-codec.ts'
import { OutgoingDeflate } from './outgoing-deflate.ts'

/** The compression of one WebSocket, in both directions. */
export class ConnectionDeflate {
  readonly outgoing: OutgoingDeflate
  readonly #inflater: ClosableInflater

  /** @param deflate What WebSockets with the same options share. */
  constructor(agreement: DeflateAgreement, role: Role, deflate: Deflate | undefined) {
    const shared = deflate ?? new Deflate(DEFAULT_DEFLATE_OPTIONS)
    this.outgoing = new OutgoingDeflate(shared, agreement, role)
    this.#inflater = shared.inflater(agreement, role)
  }

  get inflater(): MessageInflater {
    return this.#inflater
  }

  /** Frees the memory of zlib: the connection is gone. */
  close(): void {
    this.outgoing.close()
    this.#inflater.close()
  }
}
