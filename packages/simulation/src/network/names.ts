import { DNSLookupError, tcpAddress } from '@ropewalk/core'
import { asciiHost } from '@ropewalk/core/reactor'

/** How the name service behaves. */
export interface NameConditions {
  /** How long an answer takes. */
  readonly delayMs: number
  /** Whether it answers nobody: lookups fail after that time. */
  readonly failing: boolean
}

/** The names of a simulation: each host has its own, and a test may add others. */
export class Names {
  conditions: NameConditions = { delayMs: 1, failing: false }
  readonly #addresses = new Map<string, readonly string[]>()

  /** Makes `name` stand for these addresses, best first. */
  set(name: string, addresses: readonly string[]): void {
    this.#addresses.set(asciiHost(name).toLowerCase(), [...addresses])
  }

  /**
   * @param exceptions How the service behaves to who asks, where that is not as to all.
   * @throws {DNSLookupError} when the name has none, or the service fails.
   */
  find(name: string, exceptions: Partial<NameConditions> = {}): readonly string[] {
    const { failing } = { ...this.conditions, ...exceptions }
    const found = isNumeric(name) ? [name] : (this.#addresses.get(asciiHost(name).toLowerCase()) ?? [])
    if (found.length > 0 && (isNumeric(name) || !failing)) return found
    const why = failing ? 'the name service did not answer' : 'the name has no address'
    throw new DNSLookupError(tcpAddress(name, 0), why)
  }

  /** Whether `name` is an address, which takes no asking. */
  isAddress(name: string): boolean {
    return isNumeric(name)
  }
}

function isNumeric(host: string): boolean {
  return host.includes(':') || /^[0-9.]+$/.test(host)
}
