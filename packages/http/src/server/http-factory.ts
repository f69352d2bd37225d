import { type Address, Factory } from '@ropewalk/core'
import { type GivenOptions, withDefaults } from '@ropewalk/core/options'
import { CHANNEL_OPTION_RULES, DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import { HTTPChannel, type HTTPChannelOwner } from './http-channel.ts'
import type { Request } from './request.ts'

/** Makes the channels of an HTTP server, and responds to the requests that they read. */
export abstract class HTTPFactory extends Factory<HTTPChannel> implements HTTPChannelOwner {
  /** The limits and deadlines of every channel. */
  readonly options: HTTPChannelOptions
  #dateLine = ''
  #dateSecond = -1

  /**
   * @throws {TypeError} when `options` is not an object, or has an option that does not exist or is not a
   *   number.
   * @throws {RangeError} when an option is out of range.
   */
  constructor(options?: GivenOptions<HTTPChannelOptions>) {
    super()
    const owner = new.target.name || 'HTTPFactory'
    this.options = withDefaults(owner, DEFAULT_CHANNEL_OPTIONS, options, CHANNEL_OPTION_RULES)
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
      // ECMAScript defines toUTCString to return an IMF-fixdate (RFC 9110 §5.6.7) for the years 0 to 9999.
      this.#dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    }
    return this.#dateLine
  }
}
