import type { Address } from '../addresses.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { NoProtocol, type ProxyProtocolError } from '../errors.ts'
import { buildProtocol, refuse } from '../transport/build-protocol.ts'
import { logConnection } from '../transport/connection-report.ts'
import { ForwardingFactory } from '../transport/forwarding-factory.ts'
import { checkOptions } from '../options/check-options.ts'
import { anything, milliseconds, type OptionRules } from '../options/option-rules.ts'
import type { ProxyHeader } from './proxy-header.ts'
import {
  PROXY_HEADER_READER_RULES,
  ProxyHeaderReader,
  type ProxyHeaderReaderOptions,
} from './proxy-header-reader.ts'
import { ProxyHeaderProtocol, type ProxyHeaderSetup } from './proxy-opening.ts'
import { ThrottledWarning } from './rare-warning.ts'
import { keepProxyHeader } from './received-header.ts'
import { TrustedSources } from './trusted-sources.ts'

/** What a listener behind a proxy takes. */
export interface ProxyProtocolOptions extends ProxyHeaderReaderOptions {
  /**
   * Whose headers are believed: addresses (`192.0.2.1`), blocks of them (`10.0.0.0/8`, `2001:db8::/32`), and
   * `unix` for all who come through a UNIX socket; or `any`, when nobody but the proxy can reach the port.
   * Connections from elsewhere are aborted. There is no default.
   */
  readonly trustedSources: 'any' | readonly string[]
  /** Longest wait for the whole header, in milliseconds; then the connection is aborted. Default 5 000. */
  readonly headerTimeoutMs?: number | undefined
}

/**
 * A factory for connections that all begin with a PROXY header, of version 1 or 2.
 *
 *     reactor.listenTCP(443, new ProxyProtocolFactory(site, { trustedSources: ['10.0.0.0/8'] }))
 *
 * The wrapped factory is asked for a protocol once the header has come; from then on `getPeer()` answers the
 * client's address, and `proxyHeaderOf(transport)` all that the proxy said. A header is never guessed: who
 * sends none is no proxy, and is aborted. Policies see the address that connected, the proxy's.
 */
export class ProxyProtocolFactory<P extends ProtocolEvents = ProtocolEvents> extends ForwardingFactory<
  ProtocolEvents,
  P
> {
  readonly #setup: Pick<ProxyHeaderSetup, 'sources' | 'reader' | 'headerTimeoutMs'>
  readonly #untrusted = new ThrottledWarning(
    'A connection is aborted: trustedSources do not include who made it',
  )
  readonly #unreadable = new ThrottledWarning(
    'A connection is aborted: it does not begin with a PROXY header',
  )

  /**
   * @throws {TypeError} without `trustedSources` or a version, and when a source cannot be read.
   * @throws {RangeError} when `headerTimeoutMs` or `maxHeaderBytes` is out of range.
   */
  constructor(wrappedFactory: ProtocolFactory<P>, options: ProxyProtocolOptions) {
    checkOptions('ProxyProtocolFactory', options, RULES)
    super(wrappedFactory)
    const { trustedSources, headerTimeoutMs = 5000, ...reader } = options
    this.#setup = {
      sources: new TrustedSources(trustedSources),
      reader: new ProxyHeaderReader(reader),
      headerTimeoutMs,
    }
  }

  override buildProtocol(_peer: Address, session?: TLSSession): ProxyHeaderProtocol {
    return new ProxyHeaderProtocol({
      ...this.#setup,
      opened: (transport, header, unread) => this.#open(transport, header, unread, session),
      refused: (opening, why) => this.#warn(opening, why),
    })
  }

  #open(transport: Transport, header: ProxyHeader, unread: Buffer, session: TLSSession | undefined): void {
    const { addresses } = header
    keepProxyHeader(transport, header)
    if (addresses !== undefined) transport.assumeAddresses(addresses.source, addresses.destination)
    const { reactor } = transport
    const protocol = buildProtocol(this.wrappedFactory, { peer: transport.getPeer(), session, reactor })
    if (protocol instanceof NoProtocol) refuse(transport, protocol)
    else transport.switchProtocol(protocol, unread)
  }

  #warn(opening: ProxyHeaderProtocol, why: ProxyProtocolError): void {
    const warning = why.violation === 'untrusted-source' ? this.#untrusted : this.#unreadable
    warning.warn(opening.transport.reactor, {
      connection: logConnection(opening.transport, opening),
      error: why,
    })
  }
}

const RULES: OptionRules<ProxyProtocolOptions> = {
  ...PROXY_HEADER_READER_RULES,
  // What reads them knows better what is wrong with one.
  trustedSources: anything,
  headerTimeoutMs: milliseconds({ least: 1 }),
}
