import {
  type ConnectionClosed,
  connectProtocol,
  LineReceiver,
  Protocol,
  sleep,
  TCPClientEndpoint,
  type TLSContext,
} from '@ropewalk/core'

/** Which protocol a connection is switched to. */
export type Kind = 'plain' | 'careful' | 'stubborn' | 'saver'
/** How it gets there: by an HTTP upgrade; by a line of text, also one under TLS; or by a line and then TLS. */
export type Way = 'upgrade' | 'line' | 'line under tls' | 'tls'

/** Who takes connections over. */
export type Protocols = Readonly<Record<Kind, new () => Protocol>>

/** Sends everything back, and is closed when the reactor stops. */
export class Plain extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data)
  }
}

/** Has something to finish when the reactor stops, and then says goodbye. */
export class Careful extends Plain {
  /** The farewell, once this has settled. */
  async drain(): Promise<void> {
    await this.finish()
    this.transport.write(FAREWELL)
  }

  /** What is to be finished first. */
  protected finish(): Promise<void> {
    return sleep(FINISH_MS, { reactor: this.transport.reactor })
  }
}

/** Is never ready to go. */
export class Stubborn extends Plain {
  /** Never settles. */
  drain(): Promise<void> {
    return new Promise(() => undefined)
  }
}

/** Makes a connection of its own when the reactor stops: it saves something elsewhere. */
class Saver extends Careful {
  protected override async finish(): Promise<void> {
    const { reactor } = this.transport
    const saving = new Saving()
    await connectProtocol(new TCPClientEndpoint(reactor, STORE.name, STORE.port), saving).catch(
      () => undefined,
    )
    if (saving.connected) await saving.lost
  }
}

/** Where the first line says who takes the connection over. */
export class Door extends LineReceiver {
  readonly #tls: TLSContext
  readonly #protocols: Protocols
  #kind: Kind | undefined

  constructor(tls: TLSContext, protocols: Protocols) {
    super()
    this.#tls = tls
    this.#protocols = protocols
  }

  override lineReceived(line: Buffer): void {
    const [way, kind] = line.toString().split(' ') as ['line' | 'tls', Kind]
    this.#kind = kind
    this.sendLine(WELCOME)
    if (way === 'tls') this.transport.startTLS(this.#tls)
    else this.#switch(kind)
  }

  handshakeCompleted(): void {
    if (this.#kind !== undefined) this.#switch(this.#kind)
  }

  #switch(kind: Kind): void {
    this.transport.switchProtocol(new this.#protocols[kind](), this.clearBuffer())
  }
}

/** What a saver saves, on its own connection. */
class Saving extends Protocol {
  readonly lost: Promise<void>
  #settle: () => void = () => undefined

  constructor() {
    super()
    this.lost = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  override connectionMade(): void {
    this.transport.write('saved')
    this.transport.loseConnection()
  }

  override connectionLost(_reason: ConnectionClosed): void {
    this.#settle()
  }
}

/** Who takes connections over, by their kinds. */
export const PROTOCOLS: Protocols = {
  plain: Plain,
  careful: Careful,
  stubborn: Stubborn,
  saver: Saver,
}
/** What a door says before it opens. */
export const WELCOME = 'welcome'
/** The last that a careful protocol says. */
export const FAREWELL = 'farewell\r\n'
/** Where savers save. */
export const STORE = { name: 'store', port: 9 }
/** How long a careful protocol takes to finish, in milliseconds. */
const FINISH_MS = 700
