import { Factory, Protocol, type Reactor } from '@ropewalk/core'

/** The programs that scripts start in processes of their own. */
export type ProgramName = 'echo' | 'silent' | 'narrow' | 'large'

/** Starts a program, which listens at `host`. Resolves with its port number. */
export async function startProgram(name: ProgramName, reactor: Reactor, host: string): Promise<number> {
  const [factory, backlog] = PROGRAMS[name]
  const port = await reactor.listenTCP(0, factory, { interface: host, backlog })
  return port.getHost().port
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

const PROGRAMS: Readonly<Record<ProgramName, readonly [Factory, number]>> = {
  echo: [Factory.forProtocol(Echo), 511],
  silent: [Factory.forProtocol(Silent), 511],
  large: [Factory.forProtocol(Large), 511],
  narrow: [Factory.forProtocol(Echo), 2],
}
