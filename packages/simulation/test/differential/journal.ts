import type { Address } from '@ropewalk/core'
import type { UDPAddress } from '@ropewalk/core/udp'

/** What each program of a script saw, in order. Addresses and ports are replaced by names. */
export class Journal {
  readonly #lines = new Map<string, string[]>()
  readonly #received = new Map<string, Received>()
  readonly #hosts = new Map<string, string>()
  readonly #ports = new Map<number, string>()

  /** Writes `host` as `name` from now on. */
  nameHost(host: string, name: string): void {
    this.#hosts.set(host, name)
  }

  /** Writes the port number `port` as `name` from now on. Other ports are written as `*`. */
  namePort(port: number, name: string): void {
    this.#ports.set(port, name)
  }

  /** Adds a line to what `who` saw. */
  note(who: string, line: string): void {
    this.#flush(who)
    this.#linesOf(who).push(line)
  }

  /** Adds bytes to what `who` received. The boundaries of chunks are not recorded. */
  received(who: string, data: Buffer): void {
    const before = this.#received.get(who) ?? { bytes: 0, checksum: 0, first: '' }
    let { checksum } = before
    for (const byte of data) checksum = (Math.imul(checksum, 31) + byte) | 0
    const first = (before.first + data.toString('latin1', 0, MOST_SHOWN)).slice(0, MOST_SHOWN)
    this.#received.set(who, { bytes: before.bytes + data.length, checksum, first })
  }

  /** Drops what some programs saw, because it is not the same in every run on the loopback interface. */
  drop(...some: readonly string[]): void {
    for (const who of some) {
      this.#lines.delete(who)
      this.#received.delete(who)
    }
  }

  /** Everything seen: the lines of each program. */
  get all(): Readonly<Record<string, readonly string[]>> {
    for (const who of Array.from(this.#received.keys())) this.#flush(who)
    return Object.fromEntries(
      Array.from(this.#lines, ([who, lines]) => [who, [...lines]] as const).toSorted(([one], [other]) =>
        one < other ? -1 : 1,
      ),
    )
  }

  /** Names an address. */
  address(address: Address | UDPAddress): string {
    if (address.type === 'UNIX') return address.path === '' ? 'unix without a path' : 'unix with a path'
    return `${this.#hosts.get(address.host) ?? address.host}:${this.#ports.get(address.port) ?? '*'}`
  }

  /** Names the end of a connection, or the error of a call. */
  reason(reason: unknown): string {
    if (!(reason instanceof Error)) return String(reason)
    const code = codeOf(reason) ?? codeOf(reason.cause)
    return code === undefined ? reason.name : `${reason.name} ${code}`
  }

  /** Notes how a promise settles, once it does. */
  async settled(who: string, what: string, promise: Promise<unknown>): Promise<void> {
    try {
      const value = await promise
      this.note(who, `${what}: ${typeof value === 'boolean' ? value : 'done'}`)
    } catch (error) {
      this.note(who, `${what}: ${this.reason(error)}`)
    }
  }

  #linesOf(who: string): string[] {
    const lines = this.#lines.get(who) ?? []
    this.#lines.set(who, lines)
    return lines
  }

  #flush(who: string): void {
    const received = this.#received.get(who)
    if (received === undefined) return
    this.#received.delete(who)
    const { bytes, checksum, first } = received
    const what = bytes <= MOST_SHOWN ? JSON.stringify(first) : `${bytes} bytes, checksum ${checksum}`
    this.#linesOf(who).push(`received ${what}`)
  }
}

interface Received {
  readonly bytes: number
  readonly checksum: number
  readonly first: string
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

const MOST_SHOWN = 80
