import { type Address, formatAddress } from '../addresses.ts'
import { ByteQueue } from '../bytes/byte-queue.ts'
import { NoProtocol, ProxyProtocolError } from '../errors.ts'
import type { LogEvent } from '../interfaces/log.ts'
import type { ProtocolEvents, ProtocolFactory } from '../interfaces/protocol-events.ts'
import type { ReactorLog, ReactorTime } from '../interfaces/reactor.ts'
import type { TLSSession } from '../interfaces/tls.ts'
import type { Transport } from '../interfaces/transport.ts'
import { checkOptions } from '../options/check-options.ts'
import { anything, milliseconds, type OptionRules } from '../options/option-rules.ts'
import { Protocol } from '../protocol/protocol.ts'
import { Deadline } from '../time/deadline.ts'
import { buildProtocol, refuseConnection } from '../transport/build-protocol.ts'
import { logConnection } from '../transport/diagnostics.ts'
import { ForwardingFactory } from '../transport/forwarding-factory.ts'
import {
  PROXY_HEADER_READER_RULES,
  ProxyHeaderReader,
  type ProxyHeaderReaderOptions,
} from './proxy-header-reader.ts'
import type { ProxyHeader } from './proxy-header.ts'
import { TrustedSources } from './trusted-sources.ts'

/** What a listener behind a proxy accepts. */
export interface ProxyProtocolOptions extends ProxyHeaderReaderOptions {
  /**
   * The sources of trusted headers: addresses (`192.0.2.1`), blocks of addresses (`10.0.0.0/8`,
   * `2001:db8::/32`), and `unix` for all connections through a UNIX socket; or `any`, when only the proxy can reach
   * the port. Connections from other sources are aborted. There is no default.
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
 * The wrapped factory's `buildProtocol` is called once the header was received. From then on `getPeer()` returns the
 * client's address, and `proxyHeaderOf(transport)` the whole header. A header is required: a connection without one is
 * aborted. Policies see the address of the proxy.
 */
export class ProxyProtocolFactory<P extends ProtocolEvents = ProtocolEvents> extends ForwardingFactory<
  ProtocolEvents,
  P
> {
  readonly #setup: Pick<ProxyHeaderSetup, 'sources' | 'reader' | 'headerTimeoutMs'>
  readonly #untrusted = new ThrottledWarning(
    'A connection is aborted: trustedSources does not include its source',
  )
  readonly #unreadable = new ThrottledWarning(
    'A connection is aborted: it does not begin with a PROXY header',
  )

  /**
   * @throws {TypeError} without `trustedSources`, without a version, and when a source cannot be read.
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
      headerReceived: (transport, header, unread) => this.#startProtocol(transport, header, unread, session),
      refused: (protocol, why) => this.#warn(protocol, why),
    })
  }

  #startProtocol(
    transport: Transport,
    header: ProxyHeader,
    unread: Buffer,
    session: TLSSession | undefined,
  ): void {
    const { addresses } = header
    keepProxyHeader(transport, header)
    if (addresses !== undefined) transport.assumeAddresses(addresses.source, addresses.destination)
    const { reactor } = transport
    const protocol = buildProtocol(this.wrappedFactory, { peer: transport.getPeer(), session, reactor })
    if (protocol instanceof NoProtocol) refuseConnection(transport, protocol)
    else transport.switchProtocol(protocol, unread)
  }

  #warn(protocol: ProxyHeaderProtocol, why: ProxyProtocolError): void {
    const warning = why.violation === 'untrusted-source' ? this.#untrusted : this.#unreadable
    warning.warn(protocol.transport.reactor, {
      connection: logConnection(protocol.transport, protocol),
      error: why,
    })
  }
}

/**
 * Returns the PROXY header with which a connection began, whatever its current protocol is.
 *
 * @returns undefined when the connection began without a header.
 */
export function proxyHeaderOf(transport: Transport): ProxyHeader | undefined {
  return HEADERS.get(transport)
}

/** Keeps the header of a connection for as long as its transport exists. */
export function keepProxyHeader(transport: Transport, header: ProxyHeader): void {
  HEADERS.set(transport, header)
}

/** Which headers are accepted, and two callbacks: one of them is called, once, unless the connection ends before. */
export interface ProxyHeaderSetup {
  readonly sources: TrustedSources
  readonly reader: ProxyHeaderReader
  readonly headerTimeoutMs: number
  /** The header was received; `unread` has the bytes after it. Must switch to the next protocol, or close. */
  headerReceived(transport: Transport, header: ProxyHeader, unread: Buffer): void
  /** The connection is about to be aborted: its source is not trusted, or it did not begin with a valid header. */
  refused(protocol: ProxyHeaderProtocol, why: ProxyProtocolError): void
}

/** The first protocol of a connection that must begin with a PROXY header: it reads the header. */
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
      const why = `Cannot trust a PROXY header from ${formatAddress(peer)}: trustedSources does not include it`
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
    this.#setup.headerReceived(this.transport, header, this.#input.takeAll())
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

/** A warning that any peer can provoke: logged at most once a minute, otherwise at the level `debug`. */
export class ThrottledWarning {
  readonly #text: string
  #silentUntilMs = -Infinity
  #suppressed = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Logs the warning, or logs at `debug` and counts for the next warning. */
  warn(reactor: ReactorTime & ReactorLog, about: Pick<LogEvent, 'connection' | 'error'>): void {
    const nowMs = reactor.now()
    if (nowMs < this.#silentUntilMs) {
      this.#suppressed++
      return reactor.log({ level: 'debug', text: this.#text, ...about })
    }
    const more = this.#suppressed
    this.#suppressed = 0
    this.#silentUntilMs = nowMs + SILENCE_MS
    if (more === 0) return reactor.log({ level: 'warn', text: this.#text, ...about })
    const text = `${this.#text} ({more} more since the last warning)`
    reactor.log({ level: 'warn', text, fields: { more }, ...about })
  }
}

const RULES: OptionRules<ProxyProtocolOptions> = {
  ...PROXY_HEADER_READER_RULES,
  // TrustedSources checks them, with more precise messages.
  trustedSources: anything,
  headerTimeoutMs: milliseconds({ least: 1 }),
}
/** Keyed by the transport: the caller has it, but does not know the factory that read the header. */
const HEADERS = new WeakMap<Transport, ProxyHeader>()
const SILENCE_MS = 60_000
