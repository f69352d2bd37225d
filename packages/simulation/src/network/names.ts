import { DNSLookupError, tcpAddress } from '@ropewalk/core'
import { flag, milliseconds, type OptionRules } from '@ropewalk/core/options'
import { asciiHost } from '@ropewalk/core/reactor'
import { checkComplete } from './complete-options.ts'

/** Delay and failures of the name service. */
export interface NameConditions {
  /** How long each lookup takes, in milliseconds. */
  readonly delayMs: number
  /** Whether the name service is down: every lookup fails after `delayMs`. */
  readonly failing: boolean
}

/** The name service of a simulation: each host has a name, and a test may add others. */
export class Names {
  #conditions: NameConditions = { delayMs: 1, failing: false }
  readonly #addresses = new Map<string, readonly string[]>([['localhost', ['127.0.0.1', '::1']]])

  /** Conditions of the lookups by all hosts. */
  get conditions(): NameConditions {
    return this.#conditions
  }

  /** @throws {TypeError | RangeError} for an unknown or missing condition, or one of the wrong type or out of range. */
  set conditions(conditions: NameConditions) {
    checkComplete('names.conditions', conditions, NAME_RULES)
    this.#conditions = conditions
  }

  /** Makes `name` resolve to these addresses, in this order. */
  set(name: string, addresses: readonly string[]): void {
    this.#addresses.set(asciiHost(name).toLowerCase(), [...addresses])
  }

  /**
   * Returns the addresses of a name; a numeric address is returned as it is.
   *
   * @param exceptions Conditions of the asking host, which override `conditions`.
   * @throws {DNSLookupError} when the name has no address, or the service fails.
   */
  find(name: string, exceptions: Partial<NameConditions> = {}): readonly string[] {
    const { failing } = { ...this.conditions, ...exceptions }
    const found = isNumeric(name) ? [name] : (this.#addresses.get(asciiHost(name).toLowerCase()) ?? [])
    if (found.length > 0 && (isNumeric(name) || !failing)) return found
    const why = failing ? 'the name service did not respond' : 'the name has no address'
    throw new DNSLookupError(tcpAddress(name, 0), why)
  }

  /** Whether `name` is a numeric address, which needs no lookup. */
  isAddress(name: string): boolean {
    return isNumeric(name)
  }
}

function isNumeric(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host)
}

/** The rules for the conditions of lookups. */
export const NAME_RULES: OptionRules<NameConditions> = { delayMs: milliseconds(), failing: flag }
