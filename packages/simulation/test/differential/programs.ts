import { CannotListenError, type ConnectionClosed, Factory, Protocol, type Reactor } from '@ropewalk/core'

/** The programs that scripts start in processes of their own. */
export type ProgramName =
  | 'echo'
  | 'silent'
  | 'narrow'
  | 'large'
  | 'huge'
  | 'recording'
  | 'unix'
  | 'unix, not stale'

/**
 * Starts a program, which listens at `host`, or at that path. Calls `report` with its port number, then with what
 * it sees.
 */
export async function startProgram(
  name: ProgramName,
  reactor: Reactor,
  host: string,
  report: (line: string) => void,
): Promise<void> {
  if (name === 'unix' || name === 'unix, not stale') return listenAtPath(name, reactor, host, report)
  const factory = name === 'recording' ? Factory.forProtocol(Recording, report) : PROGRAMS[name]
  const port = await reactor.listenTCP(0, factory, { interface: host, backlog: name === 'narrow' ? 2 : 511 })
  report(String(port.getHost().port))
}

async function listenAtPath(
  name: 'unix' | 'unix, not stale',
  reactor: Reactor,
  path: string,
  report: (line: string) => void,
): Promise<void> {
  try {
    await reactor.listenUNIX(path, PROGRAMS.echo, { removeStale: name === 'unix, not stale' })
    report('listens')
  } catch (error) {
    report(error instanceof CannotListenError ? `${error.code}` : String(error))
  }
}

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello ')
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

/** Reads nothing. */
class Silent extends Protocol {
  override connectionMade(): void {
    this.transport.pauseProducing()
    this.transport.write('hello ')
  }
}

/** Writes 100 000 bytes. */
class Large extends Protocol {
  override connectionMade(): void {
    this.transport.write(Buffer.alloc(100_000, 'large'))
  }
}

/** Writes more than the buffers of the system hold. */
class Huge extends Protocol {
  override connectionMade(): void {
    this.transport.write(Buffer.alloc(12_000_000, 'huge'))
  }
}

/** Reports what it sees, and writes nothing. */
class Recording extends Protocol {
  readonly #write: (line: string) => void
  #bytes = 0

  constructor(report: (line: string) => void) {
    super()
    this.#write = report
  }

  /** Connections are numbered in the order in which they are accepted. */
  #report(line: string): void {
    this.#write(`${this.transport.id}: ${line}`)
  }

  override connectionMade(): void {
    this.#report('connected')
  }

  override dataReceived(data: Buffer): void {
    this.#bytes += data.length
    if (data.includes('!')) this.#report(`received ${this.#bytes} bytes`)
  }

  override connectionLost(reason: ConnectionClosed): void {
    this.#report(`connectionLost ${reason.name}`)
  }
}

const PROGRAMS: Readonly<Record<Exclude<ProgramName, 'recording' | 'unix' | 'unix, not stale'>, Factory>> = {
  echo: Factory.forProtocol(Echo),
  silent: Factory.forProtocol(Silent),
  large: Factory.forProtocol(Large),
  huge: Factory.forProtocol(Huge),
  narrow: Factory.forProtocol(Echo),
}
