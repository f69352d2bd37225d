import type { TCPAddress } from '../addresses.ts'
import type { ReactorNames } from '../interfaces/reactor.ts'
import { codeOf, DNSLookupError } from '../errors.ts'
import { parseIP } from '../hosts.ts'

/**
 * The numeric addresses of a name in the order in which they are tried: those of both families in turn, beginning with the
 * family of the first (RFC 8305 §4).
 *
 * @param address Where to connect to, by name.
 * @param signal Gives up: the promise rejects with its reason, also when the lookup does not care.
 * @param bindAddress Only addresses of its family are returned.
 * @throws {DNSLookupError} (rejects) when there is none, or the lookup fails in any way.
 */
export async function addressesOfName(
  names: ReactorNames,
  address: TCPAddress,
  signal: AbortSignal,
  bindAddress?: string,
): Promise<readonly string[]> {
  signal.throwIfAborted()
  const asked = (async (): Promise<unknown> => names.lookup(address.host, { signal }))()
  const found = await untilAborted(asked, signal).catch((cause: unknown) => {
    throw signal.aborted ? signal.reason : new DNSLookupError(address, whyFailed(cause), cause)
  })
  const hosts = Array.from(new Set(assertNumeric(found, address)))
  const wanted = hosts.filter((host) => bindAddress === undefined || isSix(host) === isSix(bindAddress))
  if (wanted.length > 0) return alternating(wanted)
  const why = hosts.length === 0 ? NO_ADDRESS : `the name has no address of the family of ${bindAddress}`
  throw new DNSLookupError(address, why)
}

/** Whether a host is an address, which is not looked up. */
export function isNumericHost(host: string): boolean {
  // With a zone too; no name has a colon.
  return isSix(host) || parseIP(host) !== undefined
}

/** Settles as `promise` does, or rejects with the reason of `signal`, for work that cannot be stopped. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', giveUp, { once: true })
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}

function assertNumeric(found: unknown, address: TCPAddress): readonly string[] {
  const isHost = (host: unknown): boolean => typeof host === 'string' && isNumericHost(host)
  if (Array.isArray(found) && found.every(isHost)) return found as readonly string[]
  const wrong: unknown = Array.isArray(found) ? found.find((host) => !isHost(host)) : found
  const shown = typeof wrong === 'string' ? JSON.stringify(wrong.slice(0, 80)) : String(wrong)
  throw new DNSLookupError(address, `its lookup returned ${shown}: return a list of numeric addresses`)
}

/** A lookup knows no port: its error names the host alone. */
function whyFailed(cause: unknown): string {
  const code = codeOf(cause)
  if (code === 'EAI_AGAIN') return 'the name service did not answer'
  if (code === 'ENOTFOUND') return NO_ADDRESS
  if (!(cause instanceof Error)) return `its lookup failed: ${String(cause)}`
  if (!(cause instanceof DNSLookupError)) return `its lookup failed: ${cause.message}`
  return cause.message.replace(/^Cannot (?:connect to|look up) \S+: /, '')
}

function alternating(hosts: readonly string[]): readonly string[] {
  const first = hosts.filter((host) => isSix(host) === isSix(hosts[0] ?? ''))
  const other = hosts.filter((host) => !first.includes(host))
  return hosts.flatMap((_host, at) => [first[at], other[at]]).filter((host) => host !== undefined)
}

function isSix(host: string): boolean {
  return host.includes(':')
}

const NO_ADDRESS = 'the name has no address'
