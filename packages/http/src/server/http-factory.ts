import { type Address, Factory } from '@ropewalk/core'
import { type GivenOptions, withDefaults } from '@ropewalk/core/options'
import { formatDate } from '../message/date.ts'
import { CHANNEL_OPTION_RULES, DEFAULT_CHANNEL_OPTIONS, type HTTPChannelOptions } from './channel-options.ts'
import { HTTPChannel, type HTTPChannelOwner } from './http-channel.ts'
import type { Request } from './request.ts'

/** Makes the channels of an HTTP server, and answers the requests that they read. */
export abstract class HTTPFactory extends Factory<HTTPChannel> implements HTTPChannelOwner {
  /** The limits and deadlines of every channel. */
  readonly options: HTTPChannelOptions
  #dateLine = ''
  #dateSecond = -1

  /**
   * @throws {TypeError} when `options` is no object, or has an option that does not exist or is no number.
   * @throws {RangeError} when an option is out of range.
   */
  constructor(options?: GivenOptions<HTTPChannelOptions>) {
    super()
    const owner = new.target.name || 'HTTPFactory'
    this.options = withDefaults(owner, DEFAULT_CHANNEL_OPTIONS, options, CHANNEL_OPTION_RULES)
  }

  /**
   * Answers a request, whose head has arrived. A throw or rejection becomes an error page, or cuts a
   * response that has begun.
   */
  abstract process(request: Request): unknown

  /** Answers a new channel. An override may build its own, and must set its `factory`. */
  buildProtocol(_peer: Address): HTTPChannel | undefined {
    const channel = new HTTPChannel()
    channel.factory = this
    return channel
  }

  /** The Date field's line for a moment, made anew once a second. */
  dateLine(wallClockMs: number): string {
    const second = Math.floor(wallClockMs / 1000)
    if (second !== this.#dateSecond) {
      this.#dateSecond = second
      this.#dateLine = `Date: ${formatDate(second * 1000)}\r\n`
    }
    return this.#dateLine
  }
}
