import { type Address, Factory } from '@ropewalk/core'
import {
  callable,
  checkOptions,
  filledText,
  type GivenOptions,
  listOf,
  oneOf,
  type OptionRules,
  withDefaults,
} from '@ropewalk/core/options'
import { callSafely } from '@ropewalk/core/reactor'
import { HTTPError, statusOf } from '../errors.ts'
import { formatDate } from '../message/date.ts'
import { type AccessLog, type EarlyRefusal, type FinishedRequest, outcomeOf } from './access-log.ts'
import { AllowedHosts } from './allowed-hosts.ts'
import { CHANNEL_OPTION_RULES, DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import { htmlError, type RenderedError } from '../response/error-response.ts'
import { type ForwardedHeader, FORWARDED_HEADERS, TrustedProxies } from './trusted-proxies.ts'
import { HTTPChannel, type HTTPChannelOwner } from './http-channel.ts'
import type { Request } from './request.ts'
import { isFinishAwaited, isObserved, publishFinish, publishStart } from './request-events.ts'

/** The options of an HTTP server: the limits and deadlines of its connections, and the following. */
export interface HTTPFactoryOptions extends HTTPChannelOptions {
  /** Is called with each request at its end: `combinedLog`, `jsonLog`, or a function. Default: no log. */
  readonly accessLog: AccessLog | undefined
  /**
   * The proxies in front of the server: addresses, blocks such as `10.0.0.0/8`, and `unix` for all
   * connections through a UNIX socket. What they state about their clients is believed. Default: none.
   */
  readonly trustedProxies: readonly string[]
  /**
   * The headers in which the proxies state it. They must set or remove each of these, because a client may
   * send it too. Default `forwarded`, `x-forwarded-for`, `x-forwarded-proto`.
   */
  readonly forwardedHeaders: readonly ForwardedHeader[]
  /**
   * The hosts that the server responds for: names such as `example.org`, `*.example.org` for every name below
   * it, addresses, each with a port or for every port. To any other host it responds with 421. Default: all.
   */
  readonly hosts: readonly string[] | undefined
}

/** Makes the channels of an HTTP server, and responds to the requests that they read. */
export abstract class HTTPFactory extends Factory<HTTPChannel> implements HTTPChannelOwner {
  /** The limits and deadlines of every channel. */
  readonly options: HTTPChannelOptions
  readonly #accessLog: AccessLog | undefined
  readonly #proxies: TrustedProxies | undefined
  readonly #hosts: AllowedHosts | undefined
  /** Whether no option has work to do for each request. */
  readonly #isPlain: boolean
  #dateLine = ''
  #dateSecond = -1

  /**
   * @throws {TypeError} when `options` is not an object, or has an option that does not exist or is of the
   *   wrong type, or a proxy or host that cannot be read.
   * @throws {RangeError} when an option is out of range.
   */
  constructor(options?: GivenOptions<HTTPFactoryOptions>) {
    super()
    const owner = new.target.name || 'HTTPFactory'
    checkOptions(owner, options, HTTP_FACTORY_OPTION_RULES)
    const { accessLog, trustedProxies = [], forwardedHeaders, hosts, ...limits } = options ?? {}
    this.options = withDefaults(owner, DEFAULT_CHANNEL_OPTIONS, limits, CHANNEL_OPTION_RULES)
    this.#accessLog = accessLog
    if (trustedProxies.length > 0) this.#proxies = new TrustedProxies(trustedProxies, forwardedHeaders)
    if (hosts !== undefined) this.#hosts = new AllowedHosts(hosts)
    this.#isPlain = (this.#accessLog ?? this.#proxies ?? this.#hosts) === undefined
  }

  /**
   * Responds to a request whose head has arrived. If it throws or rejects, the client is sent an error page; if
   * the response has begun, the connection is aborted.
   */
  abstract process(request: Request): unknown

  /** Returns a new channel. An override may make its own, and must set its `factory`. */
  buildProtocol(_peer: Address): HTTPChannel | undefined {
    const channel = new HTTPChannel()
    channel.factory = this
    return channel
  }

  /** Returns the line of the Date field for a time, CRLF included. It is formatted once a second. */
  dateLine(wallClockMs: number): string {
    const second = Math.floor(wallClockMs / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#dateLine = `Date: ${formatDate(second * 1000)}\r\n`
    }
    return this.#dateLine
  }

  requestBegun(request: Request): void {
    if (this.#isPlain && !isObserved()) return
    if (this.#accessLog !== undefined || isFinishAwaited()) this.#awaitEnd(request)
    try {
      const stated = this.#proxies?.clientOf(request.getClientAddress(), request.requestHeaders)
      if (stated !== undefined) request.assumeClient(stated)
    } finally {
      publishStart(request)
    }
    this.#hosts?.check(request)
  }

  requestRefused({ error, transport, bytes }: EarlyRefusal): void {
    if (this.#accessLog === undefined && !isFinishAwaited()) return
    const { reactor } = transport
    this.#report(
      {
        request: undefined,
        client: transport.getPeer(),
        startedAtMs: reactor.wallClock(),
        durationMs: 0,
        status: error.statusCode,
        bytes,
        outcome: outcomeOf('aborted', error),
        reason: error,
      },
      reactor,
    )
  }

  renderError(error: unknown, _request: Request | undefined): RenderedError {
    return htmlError(statusOf(error), error instanceof HTTPError ? error.message : '')
  }

  #awaitEnd(request: Request): void {
    const { reactor } = request
    const startedAtMs = reactor.wallClock()
    const begunAtMs = reactor.now()
    request.whenEnded((outcome, reason) => {
      const finished = {
        request,
        client: request.getClientAddress(),
        startedAtMs,
        durationMs: reactor.now() - begunAtMs,
        status: request.started ? request.code : undefined,
        bytes: request.sentLength,
        outcome: outcomeOf(outcome, reason),
        reason,
      }
      this.#report(finished, reactor)
    })
  }

  /** A log that fails must not abort the connection whose request it logs. */
  #report(finished: FinishedRequest, reactor: Request['reactor']): void {
    if (isFinishAwaited()) publishFinish(finished)
    const log = this.#accessLog
    if (log === undefined) return
    void callSafely(
      () => log(finished),
      (error) => {
        reactor.log({ namespace: 'ropewalk.http', level: 'error', text: 'An access log failed', error })
      },
    )
  }
}

/** The type and range of each option. */
export const HTTP_FACTORY_OPTION_RULES: OptionRules<HTTPFactoryOptions> = {
  ...CHANNEL_OPTION_RULES,
  accessLog: callable,
  trustedProxies: listOf(filledText),
  forwardedHeaders: listOf(oneOf(...FORWARDED_HEADERS)),
  hosts: listOf(filledText),
}
