import { checkOptions, flag, type GivenOptions, type OptionRules } from '@ropewalk/core/options'

/** How one message is sent. */
export interface SendOptions {
  /**
   * Whether the message is compressed, if the peer has agreed to compression. Default: when it has at least
   * `thresholdBytes` of the option `deflate`.
   */
  readonly compress: boolean
}

/**
 * Returns whether the message is to be compressed; undefined when that depends on its size.
 *
 * @param owner The method that takes the options, for error messages.
 * @throws {TypeError} when an option does not exist or has the wrong type.
 */
export function compressOf(
  owner: string,
  options: GivenOptions<SendOptions> | undefined,
): boolean | undefined {
  if (options === undefined) return undefined
  checkOptions(owner, options, RULES)
  return options.compress
}

const RULES: OptionRules<SendOptions> = { compress: flag }
