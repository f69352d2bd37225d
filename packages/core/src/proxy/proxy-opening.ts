import { formatAddress } from '../addresses.ts'
import { ByteQueue } from '../bytes/byte-queue.ts'
import type { Transport } from '../interfaces/transport.ts'
import { ProxyProtocolError } from '../errors.ts'
import { Protocol } from '../protocol/protocol.ts'
import { Deadline } from '../transport/deadline.ts'
import type { ProxyHeader } from './proxy-header.ts'
import type { ProxyHeaderReader } from './proxy-header-reader.ts'
import type { TrustedSources } from './trusted-sources.ts'

/** What headers are taken, and who hears of them: one of the two, once, unless the peer leaves before. */
export interface ProxyHeaderSetup {
  readonly sources: TrustedSources
  readonly reader: ProxyHeaderReader
  readonly headerTimeoutMs: number
  /** The header has come, and `unread` behind it. Switch to the protocol it is for, or close. */
  opened(transport: Transport, header: ProxyHeader, unread: Buffer): void
  /** The connection is aborted: who made it is not believed, or has sent no header. */
  refused(opening: ProxyHeaderProtocol, why: ProxyProtocolError): void
}

/** The first protocol of a connection that begins with a PROXY header: it reads the header. */
export class ProxyHeaderProtocol extends Protocol {
  readonly #setup: ProxyHeaderSetup
  readonly #input = new ByteQueue()
  #deadline: Deadline | undefined

  constructor(setup: ProxyHeaderSetup) {
    super()
    this.#setup = setup
  }

  override connectionMade(): void {
    const { sources, headerTimeoutMs } = this.#setup
    const peer = this.transport.getPeer()
    if (!sources.include(peer)) {
      const why = `Cannot believe ${formatAddress(peer)}: trustedSources do not include it`
      return this.#refuse(new ProxyProtocolError('untrusted-source', why))
    }
    this.#deadline = new Deadline(this.transport.reactor, () => {
      const why = `Cannot wait longer than ${headerTimeoutMs} ms for a PROXY header`
      this.#refuse(new ProxyProtocolError('header-timeout', why))
    })
    this.#deadline.set(headerTimeoutMs)
  }

  override dataReceived(data: Buffer): void {
    this.#input.push(data)
    const header = this.#read()
    if (header === undefined) return
    this.#deadline?.clear()
    this.#setup.opened(this.transport, header, this.#input.takeAll())
  }

  override connectionLost(): void {
    this.#deadline?.clear()
  }

  #read(): ProxyHeader | undefined {
    try {
      return this.#setup.reader.next(this.#input)
    } catch (error) {
      if (!(error instanceof ProxyProtocolError)) throw error
      this.#refuse(error)
      return undefined
    }
  }

  #refuse(why: ProxyProtocolError): void {
    this.#setup.refused(this, why)
    this.transport.abortConnection(why)
  }
}
