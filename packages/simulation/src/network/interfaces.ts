/** The addresses of a machine: loopback, and one IPv4 and one IPv6 address on the network of all hosts. */
export class Interfaces {
  readonly ipv4: string
  readonly ipv6: string

  /** @param number Counts machines from 1. */
  constructor(number: number) {
    // No address ends in 0 or 255, because programs may take these for a network or a broadcast.
    const [high, low] = [Math.floor((number - 1) / HOSTS_EACH), ((number - 1) % HOSTS_EACH) + 1]
    this.ipv4 = `10.${high >> 8}.${high & 255}.${low}`
    this.ipv6 = `fd00::${number.toString(16)}`
  }

  /** Whether the machine has this address. */
  has(host: string): boolean {
    return host === this.ipv4 || host === this.ipv6 || isLoopback(host)
  }

  /** Returns the address from which the machine connects to `host`, when the program does not choose one. */
  sourceFor(host: string): string {
    if (host === this.ipv4 || host === this.ipv6) return host
    const isIPv6 = host.includes(':')
    if (isLoopback(host)) return isIPv6 ? '::1' : '127.0.0.1'
    return isIPv6 ? this.ipv6 : this.ipv4
  }
}

/** Whether packets to `host` never leave the machine. */
export function isLoopback(host: string): boolean {
  return host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

/** Returns the address that a connection to `host` reaches: the wildcard addresses stand for loopback. */
export function reachedAs(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}

/** Whether an address stands for all addresses of a machine. */
export function isWildcard(host: string): boolean {
  return host === '::' || host === '0.0.0.0'
}

/** Whether a port that listens at `listening` accepts connections to `host`. */
export function listensAt(listening: string, host: string, ipv6Only: boolean): boolean {
  if (listening === '0.0.0.0') return !host.includes(':')
  if (listening === '::') return host.includes(':') || !ipv6Only
  return listening === host
}

/** Where a port listens. */
export interface Listening {
  readonly host: string
  readonly ipv6Only: boolean
}

/** Whether two ports with these addresses cannot have the same number. */
export function overlap(one: Listening, other: Listening): boolean {
  return listensAt(one.host, other.host, one.ipv6Only) || listensAt(other.host, one.host, other.ipv6Only)
}

const HOSTS_EACH = 254
